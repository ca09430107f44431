"""What is configured is simulated with likely values, which the drivers read without a complaint."""

from pathlib import Path

import pytest

from arduino_iface.bus import I2cBus, SerialBus
from arduino_iface.lines.channel import LineChannel
from arduino_iface.lines.device import LineDevice
from arduino_iface.lines.format import FormatKind, LineFormat
from arduino_iface.lines.match import LinePattern
from arduino_iface.lines.places import LinePlaces
from arduino_iface.lines.reader import LineSettings
from arduino_iface.lines.template import LineCommand
from arduino_iface.lines.unread import Unread
from arduino_iface.registers.device import RegisterDevice
from arduino_iface.registers.map import Layout, RegisterChannel, RegisterMap
from arduino_iface.registers.types import REGISTER_TYPES, TextType
from arduino_iface.values import ValueType
from dummy_hw.i2c_bus import DummyI2cTransport
from gateway.config import CommandLineOptions, load
from gateway.drivers.lines.simulation import make_board as make_line_board
from gateway.drivers.registers.simulation import make_board as make_register_board
from tests.support.clock import FakeClock
from tests.support.serial_wire import DummySerialTransport

EXAMPLE = Path(__file__).parents[2] / "gateway.example.toml"


def test_registers() -> None:
    clock = FakeClock()
    channels = tuple(
        RegisterChannel(f"c{number}", 8 * number, kind, minimum=0, maximum=1)
        for number, kind in enumerate(REGISTER_TYPES.values())
    )
    board = make_register_board("tank", RegisterMap(channels), clock)
    board.power_on()
    wire = DummyI2cTransport(clock)
    wire.attach(0x30, board)
    device = RegisterDevice(I2cBus("i2c1", wire), 0x30, board.registers, "tank")
    for _ in range(50):
        clock.sleep(10)
        assert not device.measure().out_of_range


@pytest.mark.parametrize("layout", list(Layout))
@pytest.mark.parametrize("block_max", [1, 32])
def test_every_layout(layout: Layout, block_max: int) -> None:
    clock = FakeClock()
    text, number = REGISTER_TYPES["text"], REGISTER_TYPES["ascii"]
    assert isinstance(text, TextType)
    assert isinstance(number, TextType)
    channels = (
        RegisterChannel("a", 0, REGISTER_TYPES["i16be"], minimum=0, maximum=90),
        RegisterChannel("b", 4, REGISTER_TYPES["bcd16le"], minimum=0, maximum=99),
        RegisterChannel("c", 8, number.of_length(7), minimum=0, maximum=50, tolerance=1.0),
        RegisterChannel("d", 16, text.of_length(4), at=3),
        RegisterChannel("e", 24, REGISTER_TYPES["u16le"], maximum=900, clears=True),
    )
    registers = RegisterMap(channels, layout=layout, block_max=block_max)
    board = make_register_board("tank", registers, clock)
    board.power_on()
    wire = DummyI2cTransport(clock)
    wire.attach(0x04, board)
    device = RegisterDevice(I2cBus("i2c1", wire), 0x04, registers, "tank")
    complete = 0
    for _ in range(20):
        clock.sleep(10)
        measured = device.measure()
        assert not measured.out_of_range
        complete += measured.complete
    assert complete >= 18  # what changes at that moment is missing


def test_lines() -> None:
    channels = (
        LineChannel("temperature", "env.t", unit="Cel", minimum=0, maximum=40),
        LineChannel("door", "door", ValueType.BOOL),
        LineChannel("state", "state", ValueType.TEXT),
        LineChannel("n", "4", ValueType.I64, minimum=0),
    )
    commands = (
        LineCommand("fan", "FAN\n", (), LinePattern.of("OK [0-9]")),
        LineCommand("odd", "ODD\n", (), LinePattern.of("x{9}y"), timeout_s=0.1),
    )
    for kind in FormatKind:
        columns = ("env.t", "door", "state", "4") if kind is FormatKind.CSV else ()
        patterns = (LinePlaces.of("T {env.t} D {door} S {state} N {4}"),)
        form = LineFormat(kind, columns, patterns=patterns)
        settings = LineSettings(form, channels, commands, "READ\n")
        clock = FakeClock()
        board = make_line_board("scale", settings, clock)
        board.power_on()
        device = LineDevice(SerialBus("s", DummySerialTransport(board, clock)), settings, "scale")
        for _ in range(20):
            clock.sleep(10)
            (measured,) = device.collect()
            assert measured.complete
            assert not measured.out_of_range
        assert device.command(commands[0].described(0), {}).confirmed


@pytest.mark.parametrize("name", ["scale", "yard", "roof", "cellar", "mast"])
def test_the_forms_of_the_example_are_simulated_as_they_are_read(name: str) -> None:
    options = CommandLineOptions(config=EXAMPLE)
    devices = load(options, {"HOME": "/home/pi"}, Path("/")).devices
    settings = next(device.options for device in devices if device.id == name)
    assert isinstance(settings, LineSettings)
    clock = FakeClock()
    board = make_line_board(name, settings, clock)
    board.power_on()
    wire = DummySerialTransport(board, clock)
    device = LineDevice(SerialBus("s", wire), settings, name)
    device.prepare()
    measured = []
    for _ in range(20):
        clock.sleep(1)
        wire.wait(0)
        measured += device.collect()
    assert len(measured) >= 15
    assert all(one.complete and not one.out_of_range for one in measured)
    assert device.lines.unread.keys() <= {
        Unread.BEGINNING,
        Unread.FORMAT,
    }  # the banner, and half a record
    assert device.lines.ignored <= 3
