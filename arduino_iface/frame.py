"""One frame of the device protocol: LEN | TYPE | SEQ | PAYLOAD | CRC, the same on every wire.

LEN counts the bytes after itself. The CRC covers one address byte, which is not sent (the 7-bit
I2C address; 0 on serial), and the frame without its CRC, high byte first: a frame that reaches the
wrong board fails its check.
"""

from dataclasses import dataclass
from enum import Enum

from arduino_iface.crc import crc16
from arduino_iface.errors import BadFrame

OVERHEAD = 5
"""Bytes of a frame besides its payload: LEN, TYPE, SEQ and two of CRC."""

I2C_FRAME_MAX = 32
"""Longest frame on I2C, from the 32-byte buffers of the AVR `Wire` library."""

SERIAL_FRAME_MAX = 250
"""Longest frame on serial; a board may say less in its HELLO."""

SERIAL_ADDRESS = 0
"""The address byte in the checksum of a serial frame."""

REPLY = 0x80
"""Bit of TYPE that is set in replies."""

_LEN_MIN = OVERHEAD - 1


@dataclass(frozen=True, slots=True)
class Frame:
    """TYPE and SEQ (0 to 255) and the payload of one frame."""

    type: int
    seq: int
    payload: bytes = b""

    def encode(self, address: int = SERIAL_ADDRESS) -> bytes:
        """The bytes on the wire, without COBS. Raises `BadFrame` when they are more than 250."""
        length = len(self.payload) + OVERHEAD
        if length > SERIAL_FRAME_MAX:
            raise BadFrame(f"a frame of {length} bytes; at most {SERIAL_FRAME_MAX}")
        body = bytes((length - 1, self.type, self.seq)) + self.payload
        return body + crc16(bytes((address,)) + body).to_bytes(2, "big")


def decode(data: bytes, address: int = SERIAL_ADDRESS, *, padded: bool = False) -> Frame:
    """The frame in `data`; with `padded`, what follows it is ignored (an I2C read of fixed length).

    Raises `BadFrame` for an impossible length, missing or surplus bytes, and a wrong checksum.
    """
    if not data:
        raise BadFrame("empty frame")
    end = data[0] + 1
    if data[0] < _LEN_MIN or end > SERIAL_FRAME_MAX:
        raise BadFrame(f"invalid length byte {data[0]}")
    if len(data) < end or (len(data) > end and not padded):
        raise BadFrame(f"{len(data)} bytes; the length byte says {end}")
    body, check = data[: end - 2], data[end - 2 : end]
    if crc16(bytes((address,)) + body) != int.from_bytes(check, "big"):
        raise BadFrame("wrong checksum")
    return Frame(body[1], body[2], bytes(body[3:]))


class Beacon(Enum):
    """What a read on I2C returns when no reply is ready: four bytes, then FF."""

    IDLE = bytes.fromhex("00475701")
    BUSY = bytes.fromhex("01475701")


BEACON_LENGTH = 4
"""Bytes of a beacon."""


def beacon(data: bytes) -> Beacon | None:
    """The beacon at the start of an I2C read, or None when the bytes are something else."""
    head = bytes(data[:BEACON_LENGTH])
    for candidate in Beacon:
        if head == candidate.value:
            return candidate
    return None
