"""One look at every bus, as `gateway scan` takes it."""

from pathlib import Path

import pytest

from arduino_iface.errors import PortLost
from arduino_iface.lines.format import FormatKind, LineFormat
from arduino_iface.lines.reader import LineSettings
from arduino_iface.registers.map import RegisterChannel, RegisterMap
from arduino_iface.registers.types import REGISTER_TYPES
from arduino_iface.serial_ports import UsbPort
from gateway.config.settings import (
    AddressRange,
    BusSettings,
    BusType,
    DeviceSettings,
    DiscoverySettings,
    JournalSettings,
    LoggingSettings,
    Settings,
)
from gateway.discovery.survey import Answer, BusSurvey, Found
from tests.discovery.house import UID_A, UID_B, MemoryChip, SearchingHouse
from tests.exchange.boards import make_board
from tests.support.serial_wire import DummySerialTransport

I2C = BusSettings("i2c1", BusType.I2C, "/dev/i2c-1", discover=(AddressRange(0x10, 0x1F),))
LINES = LineSettings(LineFormat(FormatKind.JSON))


class SurveyWires:
    """The house's I2C adapter, and serial ports by their paths; a port that is not there is lost."""

    def __init__(self, house: SearchingHouse) -> None:
        self.house = house
        self.ports: dict[str, DummySerialTransport] = {}
        self.opened: list[str] = []

    def i2c(self, settings: BusSettings) -> object:
        return self.house.transport

    def serial(self, settings: BusSettings) -> object:
        self.opened.append(settings.port)
        wire = self.ports.get(settings.port)
        if wire is None:
            wire = DummySerialTransport(make_board(self.house.clock), self.house.clock)
            wire.unplug()
        return wire

    def plug(self, path: str, *, silent: bool = False) -> None:
        made = make_board(self.house.clock, boot_time_s=0.0)
        made.hang(silent)
        self.ports[path] = DummySerialTransport(made, self.house.clock)


@pytest.fixture
def wires(house: SearchingHouse) -> SurveyWires:
    return SurveyWires(house)


def survey(
    wires: SurveyWires,
    *buses: BusSettings,
    devices: tuple[DeviceSettings, ...] = (),
    found: tuple[str, ...] = (),
    search: bool = True,
) -> list[Found]:
    settings = Settings(
        JournalSettings(Path("journal.db")),
        LoggingSettings(Path("logs")),
        discovery=DiscoverySettings(search),
        buses=buses,
        devices=devices,
    )
    ports = [UsbPort(path, Path(path).name, 0x2341) for path in found]
    return list(BusSurvey(settings, wires, lambda: ports).run())  # type: ignore[arg-type]


def test_boards_strangers_and_configured_addresses(
    house: SearchingHouse, wires: SurveyWires
) -> None:
    chip, register_sketch, outside = MemoryChip(), MemoryChip(), MemoryChip()
    house.board(UID_A, 0x12)
    house.transport.attach(0x13, chip)
    house.transport.attach(0x30, register_sketch)
    house.transport.attach(0x50, outside)
    house.clock.advance(1.0)
    devices = (
        DeviceSettings("tank", "i2c1", 0x30, driver="registers"),
        DeviceSettings("greenhouse", "i2c1", 0x12),
        DeviceSettings("missing", "i2c1", 0x31),
    )
    found = survey(wires, I2C, devices=devices)
    assert [(one.address, one.answer, one.device) for one in found] == [
        (0x12, Answer.BOARD, "greenhouse"),
        (0x13, Answer.STRANGER, None),
        (0x30, Answer.NOT_ASKED, "tank"),
        (0x31, Answer.SILENT, "missing"),
    ]
    identity = found[0].identity
    assert identity is not None
    assert (identity.uid, identity.schema.name, identity.boot) == (UID_A, "bench", 1)
    assert chip.writes == register_sketch.writes == []
    assert outside.reads == 0


def test_an_address_below_0x08_is_left_alone_unless_it_is_configured(
    house: SearchingHouse, wires: SurveyWires
) -> None:
    configured, other = MemoryChip(), MemoryChip()
    house.transport.attach(0x04, configured)
    house.transport.attach(0x05, other)
    tutorial = DeviceSettings("tutorial", "i2c1", 0x04, driver="registers")
    found = survey(wires, I2C, devices=(tutorial,))
    assert [(one.address, one.answer) for one in found] == [(0x04, Answer.NOT_ASKED)]
    assert (configured.writes, other.reads) == ([], 0)


def test_a_board_whose_counters_are_cleared_by_reading_is_not_read(
    house: SearchingHouse, wires: SurveyWires
) -> None:
    counter = MemoryChip()
    house.transport.attach(0x30, counter)
    pulses = RegisterChannel("pulses", 0, REGISTER_TYPES["u16be"], clears=True)
    meter = DeviceSettings(
        "meter", "i2c1", 0x30, driver="registers", options=RegisterMap((pulses,))
    )
    found = survey(wires, I2C, devices=(meter,))
    assert [(one.address, one.answer) for one in found] == [(0x30, Answer.NOT_ASKED)]
    assert counter.reads == 0
    settings = Settings(JournalSettings(Path("j")), LoggingSettings(Path("l")), devices=(meter,))
    assert settings.cleared_on("i2c1") == {0x30}
    assert settings.cleared_on("i2c2") == frozenset()


def test_an_empty_bus_is_said_to_be_empty(wires: SurveyWires) -> None:
    (found,) = survey(wires, I2C)
    assert (found.answer, found.bus) == (Answer.NOTHING, "i2c1")


def test_a_bus_that_cannot_be_used_is_trouble(house: SearchingHouse, wires: SurveyWires) -> None:
    def lost() -> None:
        raise PortLost(2, "/dev/i2c-1 does not exist")

    house.transport.open = lost  # type: ignore[method-assign]
    (found,) = survey(wires, I2C)
    assert (found.answer, found.address) == (Answer.TROUBLE, None)
    assert "does not exist" in (found.detail or "")


def test_serial_ports_are_asked_once_each(wires: SurveyWires) -> None:
    bench = BusSettings("bench", BusType.SERIAL, "/by-id/uno")
    gone = BusSettings("gone", BusType.SERIAL, "/by-id/gone")
    scale = BusSettings("scale", BusType.SERIAL, "/by-id/scale")
    for path in ("/by-id/uno", "/by-id/clone"):
        wires.plug(path)
    wires.plug("/by-id/gps", silent=True)
    devices = (DeviceSettings("scale", "scale", driver="lines", options=LINES),)
    ports = ("/by-id/uno", "/by-id/clone", "/by-id/gps", "/by-id/scale")
    found = survey(wires, bench, gone, scale, devices=devices, found=ports)
    assert [(one.bus, one.answer, one.device) for one in found] == [
        ("bench", Answer.BOARD, None),
        ("gone", Answer.TROUBLE, None),
        ("scale", Answer.NOT_ASKED, "scale"),
        ("clone", Answer.BOARD, None),
        ("gps", Answer.SILENT, None),
    ]
    assert sorted(wires.opened) == sorted(
        ["/by-id/uno", "/by-id/gone", "/by-id/clone", "/by-id/gps"]
    )


def test_other_ports_stay_closed_when_they_are_not_to_be_searched(wires: SurveyWires) -> None:
    wires.plug("/by-id/clone")
    assert survey(wires, found=("/by-id/clone",), search=False) == []
    assert wires.opened == []


def test_the_boards_of_both_wires_are_told_apart(house: SearchingHouse, wires: SurveyWires) -> None:
    house.board(UID_B, 0x1F)
    house.clock.advance(1.0)
    wires.plug("/by-id/uno")
    found = survey(wires, I2C, found=("/by-id/uno",))
    assert [(str(one.bus), one.address, one.answer) for one in found] == [
        ("i2c1", 0x1F, Answer.BOARD),
        ("uno", None, Answer.BOARD),
    ]
