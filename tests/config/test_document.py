"""What is refused in gateway.toml, and the words and the line that say so."""

import pytest

from gateway.config import AddressRange, BusType
from tests.config.support import Start

I2C = '[[bus]]\nname = "i2c1"\ntype = "i2c"\nport = "/dev/i2c-1"\n'
SERIAL = '[[bus]]\nname = "s"\ntype = "serial"\nport = "/dev/ttyUSB0"\n'


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("[jornal]", 'jornal: unknown table; did you mean "journal"?'),
        ("port = 1", "port: unknown key; known here: gateway, api"),
        ("api = 1", "api: is not a table; begin it with a line [api]"),
        ("bus = 1", "bus: is not a list of tables; begin each with a line [[bus]]"),
        ("device = [1]", "device.0: is not a table; begin it with a line [[device]]"),
        ("api.hots = 1", 'api.hots: unknown key; did you mean "host"?'),
        ("api.port = 0", "api.port: 0 is not within 1 to 65535"),
        ("api.port = 65536", "65536 is not within"),
        ("api.port = true", "true is true or false, not a whole number"),
        (
            'api.port = "80"',
            'api.port: "80" is a text, not a whole number; write 80 without quotes',
        ),
        ("api.port = 80.0", "80.0 is a number with a fraction, not a whole number"),
        ('api.host = "a b"', '"a b" is neither an IP address nor a host name'),
        ('api.host = "http://127.0.0.1"', "is neither an IP address nor a host name"),
        (
            "api.host = 1",
            'api.host: 1 is a whole number, not a text; write for example "127.0.0.1"',
        ),
        ("api.cors_origins = 'x'", "is a text, not a list"),
        ("api.cors_origins = ['*']", "would let every web page"),
        ("api.cors_origins = ['http://a:b']", "is not the origin of a web page"),
        ("api.cors_origins = ['http://a/']", "is more than an origin (http://a)"),
        ("journal.keep = 7", 'journal.keep: 7 has no unit; write for example "7s"'),
        (
            "journal.keep = '1 parsec'",
            '"1 parsec" is not a duration; write for example "1s" or "500',
        ),
        ("journal.keep = '59s'", '"59s" is not within 1min to 36500d'),
        ("journal.commit_interval = '61s'", '"61s" is not within 0ms to 1min'),
        ("journal.max_size = '1000KiB'", "is not within 1MiB to 1TiB"),
        ("journal.max_size = 1.5", "1.5 is not a size"),
        ("journal.path = ''", "journal.path: is empty"),
        ("mongo.uri = 'mongodb://h'", "mongo.uri: unknown key"),
        ("mongo.database = 'a.b'", '"a.b" cannot be the name of a database'),
        ("logging.level = 'loud'", '"loud" is not one of DEBUG, INFO, WARNING, ERROR'),
        ("logging.backups = 0", "0 is not within 1 to 1000"),
        ("gateway.id = 'a b'", '"a b" cannot be a name; use 1 to 63 letters'),
        ("gateway.id = 1979-05-27", "1979-05-27 is a date or time, not a text"),
    ],
)
def test_one_problem_of_a_section(start: Start, line: str, words: str) -> None:
    start.write(f"\n# here\n{line}\n")
    problem = start.problem()
    assert problem.startswith("gateway.toml:3: ")
    assert words in problem


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (I2C + "baud_rate = 9600", ":5: bus.0.baud_rate: unknown key"),
        (SERIAL + "discover = []", ":5: bus.0.discover: unknown key"),
        (SERIAL + "baud_rate = 9601", "9601 is not one of 1200, 2400"),
        (I2C + "discover = ['0x08',\n'0x07']", ':6: bus.0.discover.1: "0x07" is outside 0x08 to 0x77'),
        (I2C + "discover = ['0x20-0x10']", "ends before it begins"),
        (I2C + "discover = [8]", ".discover.0: 8 is a whole number, not a text; write for"),
        (I2C + "discover = '0x08'", "is a text, not a list"),
        (
            I2C + SERIAL.replace('"s"', '"i2c1"'),
            ':6: bus.1.name: "i2c1" is already the name of the bus on line 2',
        ),
        (I2C + SERIAL.replace("ttyUSB0", "i2c-1"), ":8: bus.1.port: "),
        (I2C.replace("/dev/i2c-1", "1"), '"1" is not the full path of a port'),
        (I2C.replace("i2c\"", "spi\""), '"spi" is not one of i2c, serial'),
        ('[[bus]]\nname="x"\ntype="i2c"', ":1: bus.0.port: missing key"),
    ],
)  # fmt: skip
def test_one_problem_of_a_bus(start: Start, text: str, words: str) -> None:
    start.write(text)
    assert words in start.problem()


@pytest.mark.parametrize(
    ("device", "words"),
    [
        ("bus = 'i2c1'\naddress = 0x12", ":9: device.0.id: missing key"),
        ("id = 'a'", ":9: device.0.bus: missing key"),
        ("id = 'a'\nbus = 'i2c'\naddress = 8", 'there is no bus "i2c"; did you mean "i2c1"?'),
        ("id = 'a'\nbus = 'i2c1'", 'device.0.address: missing key: "i2c1" is an I2C bus'),
        ("id = 'a'\nbus = 'i2c1'\naddress = 0x78", "0x78 is not within 0x03 to 0x77"),
        ("id = 'a'\nbus = 'i2c1'\naddress = '0x12'", "write 0x12 without quotes"),
        ("id = 'a'\nbus = 's'\naddress = 0x12", "a device has no address; leave it out"),
        ("id = 'a'\nbus = 's'\ninterval = '9ms'", '"9ms" is not within 10ms to 1d'),
        ("id = 'a'\nbus = 's'\ninterval = 1", '1 has no unit; write for example "1s"'),
        ("id = 'a'\nbus = 's'\ndriver = 'protocoll'", 'did you mean "protocol"?'),
        ("id = 'a'\nbus = 's'\ncommands = []", "device.0.commands: unknown key"),
        (
            "id = 'a'\nbus = 's'\nmetadata = { room = 1 }",
            '"room" must be a text; write "1" in quotes',
        ),
        ("id = 'a'\nbus = 's'\nmetadata = { '$x' = '' }", '"$x" cannot be a metadata key'),
        ("id = 'a'\nbus = 's'\nmetadata = 'x'", "is a text, not a table"),
        (
            "id = 'a'\nbus = 's'\n[[device]]\nid = 'b'\nbus = 's'",
            "already has the device on line 11",
        ),
        (
            "id = 'a'\nbus = 'i2c1'\naddress = 9\n[[device]]\nid = 'a'\nbus = 'i2c1'\naddress = 10",
            ':14: device.1.id: "a" is already the id of the device on line 10',
        ),
        (
            "id = 'a'\nbus = 'i2c1'\naddress = 9\n[[device]]\nid = 'b'\nbus = 'i2c1'\naddress = 9",
            ':16: device.1.address: 0x09 on bus "i2c1" is taken by the device on line 12',
        ),
    ],
)
def test_one_problem_of_a_device(start: Start, device: str, words: str) -> None:
    start.write(f"{I2C}{SERIAL}[[device]]\n{device}\n")
    assert words in start.problem()


def test_a_device_without_any_bus(start: Start) -> None:
    start.write("[[device]]\nid = 'a'\nbus = 'x'\n")
    assert 'there is no bus "x"; describe it in a [[bus]] table' in start.problem()


def test_every_problem_is_reported_at_once_in_order(start: Start) -> None:
    start.write("[api]\nport = 0\nhots = 1\n[journal]\nkeep = 1\n[[device]]\nid = ''\nbus = 'x'\n")
    lines = [problem.split(": ")[0] for problem in start.problems()]
    assert lines == [f"gateway.toml:{number}" for number in (2, 3, 5, 7, 8)]


def test_a_syntax_error_names_its_line(start: Start) -> None:
    start.write("[api]\nport = 1\nhost 2\n")
    assert start.problem().startswith("gateway.toml:3: is not valid TOML: Expected '='")
    start.write("[api]\nhost = '''\n")
    assert start.problem().startswith("gateway.toml:3: is not valid TOML")


def test_a_file_that_is_not_utf8(start: Start) -> None:
    (start.folder / "gateway.toml").write_bytes(b"[gateway]\nid = 'gr\xfcn'\n")
    assert start.problem() == "gateway.toml:2: is not UTF-8 text; save the file as UTF-8"


def test_a_byte_order_mark_and_windows_line_ends_are_no_problem(start: Start) -> None:
    (start.folder / "gateway.toml").write_bytes(b"\xef\xbb\xbf[gateway]\r\nid = 'x'\r\n")
    assert start.load().gateway.id == "x"


def test_a_complete_file(start: Start) -> None:
    start.write(
        f"{I2C}{SERIAL}baud_rate = 9600\n[[device]]\nid = 'a'\nbus = 'i2c1'\naddress = 0x12\n"
        "interval = '250ms'\n[device.metadata]\nroom = 'A'\n"
    )
    settings = start.load()
    i2c, serial = settings.buses
    assert (i2c.type, i2c.discover) == (BusType.I2C, (AddressRange(0x08, 0x2F),))
    assert i2c.discover_addresses == tuple(range(0x08, 0x30))
    assert (serial.type, serial.baud_rate, serial.discover) == (BusType.SERIAL, 9600, ())
    (device,) = settings.devices
    assert (device.address, device.interval_s, device.metadata) == (0x12, 0.25, {"room": "A"})


@pytest.mark.parametrize("address", [0x03, 0x04, 0x07, 0x77])
def test_an_address_that_only_a_configuration_uses(start: Start, address: int) -> None:
    start.write(f"{I2C}[[device]]\nid = 'a'\nbus = 'i2c1'\naddress = {address}\n")
    settings = start.load()
    assert settings.devices[0].address == address
    assert min(settings.buses[0].discover_addresses) == 0x08


def test_discover_can_be_switched_off(start: Start) -> None:
    start.write(I2C + "discover = []\n")
    assert start.load().buses[0].discover_addresses == ()
