"""Devices whose sketches exist already: what the configuration makes of them, and what it refuses."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from arduino_iface.lines.format import FormatKind
from arduino_iface.lines.reader import LineSettings
from arduino_iface.lines.record import Record
from arduino_iface.registers.map import FIRST_BYTE, EchoRegister, RegisterMap, Verify
from arduino_iface.registers.types import BitField
from arduino_iface.values import ValueType
from dummy_hw.hardware import DummyHardware
from dummy_hw.line_board import LineBoard
from dummy_hw.register_board import RegisterBoard
from gateway.config import CommandLineOptions, DeviceSettings, load
from gateway.drivers.table import driver_module
from tests.config.support import Start

I2C = '[[bus]]\nname = "i2c1"\ntype = "i2c"\nport = "/dev/i2c-1"\n'
SERIAL = '[[bus]]\nname = "bench"\ntype = "serial"\nport = "/dev/ttyUSB0"\n'
REGISTERS = "[[device]]\nid = 'tank'\nbus = 'i2c1'\naddress = 0x30\ndriver = 'registers'\n"
LINES = "[[device]]\nid = 'scale'\nbus = 'bench'\ndriver = 'lines'\n"
LEVEL = '{ name = "level", register = 0, type = "u16be" }'
EXAMPLE = Path(__file__).parents[2] / "gateway.example.toml"

CONTRACT = """
[[device]]                           # an existing sketch with a register map
id = "tank"
bus = "i2c1"
address = 0x30
driver = "registers"
channels = [ { name = "level", register = 0x00, type = "u16be", unit = "mm" } ]
[[device]]                           # an existing sketch that prints lines (json, csv or key=value)
id = "scale"
bus = "bench"
driver = "lines"
format = "json"
"""


def test_the_examples_of_the_contract(start: Start) -> None:
    start.write(I2C + SERIAL + CONTRACT)
    tank, scale = start.load().devices
    registers, lines = registers_of(tank), lines_of(scale)
    (level,) = registers.channels
    assert (level.name, level.register, level.type.word, level.unit) == ("level", 0, "u16be", "mm")
    assert (registers.verify, registers.block_max) == (Verify.TWICE, 32)
    assert lines.format.kind is FormatKind.JSON
    assert (lines.channels, lines.request) == ((), None)


def registers_of(device: DeviceSettings) -> RegisterMap:
    assert isinstance(device.options, RegisterMap)
    return device.options


def lines_of(device: DeviceSettings) -> LineSettings:
    assert isinstance(device.options, LineSettings)
    return device.options


def example() -> dict[str, DeviceSettings]:
    settings = load(CommandLineOptions(config=EXAMPLE), {"HOME": "/home/pi"}, Path("/"))
    return {device.id: device for device in settings.devices}


def test_everything_of_a_register_map() -> None:
    registers = registers_of(example()["tank"])
    level, pump, mode, pulses = registers.channels
    assert (pulses.clears, level.clears) == (True, False)
    assert (level.scale, level.offset, level.minimum, level.maximum) == (
        *(Decimal("0.5"), Decimal(-20), 0, 2000),
    )
    assert (level.missing, level.tolerance) == ((0xFFFF,), 1.0)
    assert (pump.bits, mode.bits) == (BitField(0, 1, truth=True), BitField(4, 3))
    assert (registers.verify, registers.echo) == (Verify.ECHO, EchoRegister(0xFE))
    (command,) = registers.commands
    assert (command.argument, command.minimum, command.maximum) == ("speed", 0, 100)


def test_everything_of_lines() -> None:
    oven = lines_of(example()["oven"])
    assert (oven.request, oven.reply_timeout_s) == ("READ\n", 1.0)
    assert [(one.name, one.field, one.type) for one in oven.channels] == [
        ("temperature", "temperature", ValueType.F64),
        ("door", "3", ValueType.BOOL),
    ]
    (heat,) = oven.commands
    assert heat.reply is not None
    assert heat.reply.fits("OK 1")
    assert heat.text({"power": 50, "mode": "bake", "fan": True}) == "HEAT 50 bake ON\n"
    yard = lines_of(example()["yard"])
    assert (yard.format.pairs, yard.format.equals, yard.missing) == (",", ":", (-127, 85))
    assert oven.format.decimal == ","
    assert [one.missing for one in oven.channels] == [(), ("ajar",)]
    roof = lines_of(example()["roof"])
    assert (roof.format.prefix, roof.format.suffix, roof.encoding) == ("<", ">", "latin-1")
    assert [one.name for one in roof.channels] == ["humidity", "temperature"]
    assert lines_of(example()["cellar"]).record == Record(end="")
    wind, battery, weather = lines_of(example()["mast"]).kinds
    assert [(one.name, one.field, one.missing) for one in wind.channels] == [
        ("wind_speed", "speed", (-1, "calm")),
        ("wind_from", "2", (-1,)),
    ]
    assert (battery.format.prefix, battery.channels) == ("BAT ", ())
    assert weather.record == Record(begin="Rain")
    assert [one.name for one in weather.channels] == ["rain", "sun"]


def test_every_device_of_the_example_can_be_simulated(tmp_path: Path) -> None:
    hardware = DummyHardware(tmp_path / "terminals")
    for device in example().values():
        driver_module(device.driver, "simulation").add(hardware, device, tmp_path)
    assert hardware.boards.keys() == example().keys()
    tank, oven = hardware.boards["tank"], hardware.boards["oven"]
    assert isinstance(tank, RegisterBoard)
    assert tank.registers == example()["tank"].options
    assert isinstance(oven, LineBoard)
    assert oven.settings == example()["oven"].options


def test_defaults_that_depend_on_others(start: Start) -> None:
    start.write(
        f"{I2C}{SERIAL}{REGISTERS}channels = [{LEVEL}]\necho = 'first_byte'\n"
        "commands = [{ name = 'c', register = 1, type = 'i8', scale = 0.5, offset = 1 }]\n"
        f"{LINES}format = 'csv'\ncolumns = ['a', '', 'b']\n"
    )
    tank, scale = start.load().devices
    registers = registers_of(tank)
    assert (registers.verify, registers.echo) == (Verify.ECHO, FIRST_BYTE)
    assert (registers.commands[0].minimum, registers.commands[0].maximum) == (-63, 64.5)
    assert [one.name for one in lines_of(scale).channels] == ["a", "b"]


def channel(rest: str) -> str:
    return f'channels = [{{ name = "x", register = 0, type = "u8", {rest} }}]'


def command(rest: str) -> str:
    return f"channels = [{LEVEL}]\ncommands = [{{ {rest} }}]"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "channels: missing key; write for example channels = [{"),
        ("channels = []", "channels: is empty"),
        ("channels = 1", "1 is a whole number, not a list of tables"),
        ("channels = [1]", "channels.0: 1 is a whole number, not a table"),
        ("channels = [{ register = 0, type = 'u8' }]", 'channels.0.name: missing key; write for'),
        ("channels = [{ name = 'a', type = 'u8' }]", "channels.0.register: missing key"),
        ("channels = [{ name = 'A', register = 0, type = 'u8' }]", '"A" is not 1 to 24 small'),
        ("channels = [{ name = 'a', register = 0, type = 'u16' }]", 'write "u16le" (low byte first)'),
        ("channels = [{ name = 'a', register = 0, type = 'u16b' }]", 'did you mean "u16be"?'),
        (channel("scael = 2"), 'channels.0.scael: unknown key; did you mean "scale"?'),
        (channel("scale = 0"), "0 would make every value the same"),
        (channel("scale = '1'"), "write 1 without quotes"),
        (channel(f"scale = 1{'0' * 400}"), "is not a usable number"),
        (channel("offset = nan"), "nan is not a finite number"),
        (channel("minimum = 2, maximum = 1"), "channels.0.maximum: 1 is below the minimum, 2"),
        (channel("bit = 8"), "channels.0.bit: ends at bit 8; u8 has the bits 0 to 7"),
        (channel("bits = { offset = 7, width = 2 }"), "bits: ends at bit 8"),
        (channel("bits = [1, 2]"), "not a table; write for example { offset = 4, width = 3 }"),
        (channel("bit = 1, bits = { offset = 0, width = 1 }"), "bits: a channel has a bit or bits; keep one"),
        (channel("missing = 256"), "256 is not a raw value of u8 (0 to 255)"),
        (channel("tolerance = -1"), "-1 is below 0"),
        (channel("unit = 'a b'"), "cannot be a unit"),
        ("channels = [{ name = 'a', register = 0, type = 'f32le', bit = 0 }]", "f32le has no bits"),
        ("channels = [{ name = 'a', register = 255, type = 'u16be' }]", "set register_size = 16"),
        (f"channels = [{LEVEL}, {LEVEL}]", 'channels.1.name: "level" is already the name of the channel'),
        (f"channels = [{LEVEL}]\nregister_size = 7", "7 is not one of 8, 16"),
        (f"channels = [{LEVEL}]\nverify = 'echo'", "there is no echo to verify by"),
        (f"channels = [{LEVEL}]\necho = 1", 'not a table or "first_byte"; write for'),
        (f"channels = [{LEVEL}]\necho = {{ register = 1 }}", 'register 0x1 is one of "level"'),
        (f"channels = [{LEVEL}]\necho = {{ register = 300 }}", "register 0x12c is beyond 0xff"),
        (f"channels = [{LEVEL}]\nformat = 'json'", "format: unknown key"),
        (command("name = 'c', register = 1, type = 'u8', maximum = 256"), "256 does not fit u8"),
        (command("name = 'c', register = 1, type = 'u8', verify = 1"), "not true or false"),
        (command("name = 'c', register = 256, type = 'u8'"), "ends at register 0x100"),
    ],
)  # fmt: skip
def test_one_problem_of_registers(start: Start, text: str, words: str) -> None:
    start.write(f"{I2C}{SERIAL}{REGISTERS}{text}\n")
    problem = start.problem()
    assert words in problem
    assert re.match(r"gateway.toml:(9|1\d): device.0", problem)


def sends(rest: str) -> str:
    return f'format = "json"\ncommands = [{{ name = "c", {rest} }}]'


def takes(rest: str) -> str:
    return sends(f'template = "C {{a}}", arguments = [{{ name = "a", {rest} }}]')


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 'format: missing key; write format = "json", "csv", "keyvalue" or "pattern"'),
        ("format = 'xml'", '"xml" is not one of json, csv, keyvalue'),
        ("format = 'csv'", "columns: missing key: csv names no fields"),
        ("format = 'json'\ncolumns = ['a']", 'columns: only applies with format = "csv"'),
        ("format = 'csv'\ncolumns = ['a']\npairs = ','", 'only applies with format = "keyvalue"'),
        ("format = 'csv'\ncolumns = ['A']", '"A" cannot name a channel'),
        ("format = 'csv'\ncolumns = ['a', 'a']", "has a name twice"),
        ("format = 'csv'\ncolumns = ['']", "names no column"),
        ("format = 'csv'\ncolumns = ['a']\nchannels = [{ name = 'b' }]", 'there is no column "b"'),
        ("format = 'csv'\ncolumns = ['a']\nchannels = [{ name = 'b', column = 2 }]", "names 1 column only"),
        ("format = 'csv'\nchannels = [{ name = 'b' }]", "channels.0: is in no column"),
        ("format = 'json'\nchannels = [{ name = 'b', column = 2 }]", 'only applies with format = "csv"'),
        (
            "format = 'json'\nchannels = [{ name = 'b', field = 'c' }, { name = 'c' }]",
            '"c" is already the field of the channel on line',
        ),
        ("format = 'json'\nchannels = [{ name = 'b', type = 'float' }]", "is not one of number, integer"),
        ("format = 'json'\nreply_timeout = '1s'", "only applies with a request"),
        ("format = 'json'\nrequest = '\u00e4'", "has characters other than printable ASCII"),
        ("format = 'json'\nrequest = 1", "1 is a whole number, not a text"),
        ("format = 'keyvalue'\nequals = ''", '"" is not 1 to 4 characters'),
        ("format = 'pattern'", "pattern: missing key: what a line looks like; write for example pattern ="),
        ("format = 'pattern'\npattern = 'T'", '"T" has no place; write for example "T={temperature}'),
        ("format = 'pattern'\npattern = '{a}{b}'", "has two places with nothing between them"),
        ("format = 'pattern'\npattern = ['{A}']", '"A" cannot name a channel'),
        ("format = 'pattern'\npattern = '{a}'\nchannels = [{ name = 'b' }]", "there is no place {b}"),
        ("format = 'json'\npattern = '{a}'", 'pattern: only applies with format = "pattern"'),
        ("format = 'json'\nrecord = { end = '' }", 'record: does not apply with format = "json"; leave it'),
        (
            "format = 'keyvalue'\nrequest = 'R'\nrecord = { begin = 'T' }",
            "record: needs an end: the reply to a request has one; write for example",
        ),
        ("format = 'keyvalue'\nrecord = {}", "names neither what begins a record nor what ends it"),
        ("format = 'keyvalue'\nrecord = { start = 'a' }", "record.start: unknown key"),
        ("format = 'csv'\ncolumns = ['a']\ndecimal = ','", 'is the delimiter of the columns too; write for'),
        ("format = 'json'\ndecimal = ';'", '";" is not one of ., ,'),
        ("format = 'json'\nencoding = 'utf8'", '"utf8" is not one of utf-8, latin-1'),
        ("format = 'json'\nprefix = ''", '"" is not 1 to 64 printable characters'),
        ("format = 'json'\nmissing = nan", "nan is not a finite number; nan is missing without it"),
        ("format = 'json'\nmissing = [true]", "true is true or false, not a number or a text"),
        ("format = 'json'\nline = [{ format = 'json' }]", "format: does not apply beside [[device.line]]"),
        ("line = []", "line: has 0 items, not 1 to 16"),
        ("line = [{ columns = ['a'] }]", 'line.0.format: missing key; write format = "json"'),
        (
            "line = [{ format = 'csv', columns = ['a'] }, { format = 'pattern', pattern = 'T {a}' }]",
            'line.1.pattern: "a" is already the name of the channel on line',
        ),
        (
            "line = [{ format = 'json', channels = [{ name = 'a', minimum = 2, maximum = 1 }] }]",
            "line.0.channels.0.maximum: 1 is below the minimum, 2",
        ),
        (sends('template = "C {a}"'), "has the placeholder {a}, which is not an argument"),
        (sends("template = 'C', reply = '(a+)+'"), '"(a+)+" repeats a group that has a choice'),
        (sends("template = 'C', reply = '('"), "is not a valid regular expression"),
        (sends("template = 'C', timeout = 1"), "1 has no unit"),
        (sends("reply = 'OK'"), "commands.0.template: missing key"),
        (takes("type = 'text'"), '"text" is not one of integer, number, bool, choice'),
        (takes("type = 'integer', minimum = 0.5"), "0.5 is not a whole number"),
        (takes("type = 'integer', minimum = 5, maximum = 1"), "arguments.0.maximum: 1 is below"),
        (takes("type = 'bool', minimum = 5"), 'minimum: only applies with type = "integer"'),
        (takes("type = 'choice'"), "choices: missing key: a choice needs them"),
        (takes("type = 'choice', choices = [\"a\\n\"]"), "is not 1 to 32 characters of printable"),
        (takes("type = 'bool', words = ['a']"), "words: has 1 item, not 2"),
        (takes("typ = 'bool'"), "typ"),
    ],
)  # fmt: skip
def test_one_problem_of_lines(start: Start, text: str, words: str) -> None:
    start.write(f"{I2C}{SERIAL}{LINES}{text}\n")
    problems = start.problems()
    assert any(words in problem for problem in problems)
    assert len(problems) == 1 or "typ = " in text
    assert all(problem.startswith("gateway.toml:") for problem in problems)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            f"{REGISTERS.replace('i2c1', 'bench')}channels = [{LEVEL}]",
            'driver: the driver "registers" needs a bus of type "i2c"; "bench" has type "serial"; '
            'drivers for "bench": "protocol", "lines"',
        ),
        (
            f"{LINES.replace('bench', 'i2c1')}format = 'json'",
            'the driver "lines" needs a bus of type "serial"; "i2c1" has type "i2c"; '
            'drivers for "i2c1": "protocol", "registers"',
        ),
        (f"{LINES.replace('lines', 'line')}", 'there is no driver "line"; did you mean "lines"?'),
        (
            f"{REGISTERS.replace('address = 0x30', '')}channels = [{LEVEL}]",
            'address: missing key: "i2c1" is an I2C bus',
        ),
    ],
)
def test_a_driver_on_the_wrong_bus(start: Start, text: str, words: str) -> None:
    start.write(I2C + SERIAL + text)
    assert words in start.problem()
