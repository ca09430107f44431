"""The test vectors of the protocol's description, and the schema they are made with."""

UID = bytes.fromhex("0011223344556677")
I2C_ADDRESS = 0x12

HELLO_REQUEST = bytes.fromhex("05 01 07 01 53 16")
HELLO_REQUEST_SERIAL = bytes.fromhex("05 01 07 01 13 cf")
HELLO_REQUEST_ON_SERIAL_WIRE = bytes.fromhex("00 07 05 01 07 01 13 cf 00")
HELLO_REPLY = bytes.fromhex(
    "1a 81 07 01 00 11 22 33 44 55 66 77 05 00 ef be 8f 00 20 20 00 39 30 00 00 23 90"
)
POLL_REQUEST = bytes.fromhex("0a 03 08 05 00 2a 00 00 00 03 81")
POLL_REPLY = bytes.fromhex(
    "1e 83 08 05 00 00 2a 00 00 00 03da 07 00 66 08 5a f2 03 00 69 08 5b 0a 00 00 00 80 5b 99 da"
)
COMMAND_REQUEST = bytes.fromhex("08 04 09 0b 0a 00 80 f6 0a")
COMMAND_REPLY = bytes.fromhex("07 84 09 0b 0a 00 29 8c")

ALL_ON_I2C = (
    HELLO_REQUEST,
    HELLO_REPLY,
    POLL_REQUEST,
    POLL_REPLY,
    COMMAND_REQUEST,
    COMMAND_REPLY,
)

SCHEMA_TEXT = """\
gw 1
name greenhouse
firmware 1.4.0
sample 1000
keepalive 30000
channel temperature i16 Cel 0.01 0
channel humidity u8 %RH 0.5 0
channel door bool - 1 0
command fan speed:u8:0:255
command valve open:bool
command reset_counter
"""

POLLED_SCHEMA_TEXT = """\
gw 1
name greenhouse
channel temperature i16 Cel 0.01 0
channel humidity u8 %RH 0.5 0
"""
"""What the POLL reply among the vectors was sampled with."""
