"""Two equal sketches that print lines, on pseudo-terminals; a hub loses its power, and their names swap."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from arduino_iface.clock import SYSTEM_CLOCK
from arduino_iface.lines.format import FormatKind, LineFormat
from arduino_iface.lines.reader import LineChannel, LineSettings
from dummy_hw.line_board import LineBoard
from dummy_hw.pty_board import PtyBoards
from dummy_hw.signals import Constant
from gateway.config.settings import BusSettings, BusType, DeviceSettings
from gateway.model.registry import DeviceState
from tests.arduino_iface.waiting import until
from tests.discovery.serial_house import SerialHouse
from tests.support.usb import UsbMachine

SETTINGS = LineSettings(LineFormat(FormatKind.JSON), (LineChannel("t", "t"),))
VALUES = {"a": 1.0, "b": 2.0}
PLACES = {"a": "1.1", "b": "1.2"}


class Hub:
    """Board a prints 1, board b prints 2. Device a is configured at ttyUSB0, b at ttyUSB1."""

    def __init__(self, folder: Path, serials: dict[str, str | None]) -> None:
        self.folder = folder
        self.serials = serials
        self.machine = UsbMachine(folder / "usb")
        self.boards = PtyBoards(folder / "boards")
        self.boards.start()
        for name, value in VALUES.items():
            board = LineBoard(
                SETTINGS, clock=SYSTEM_CLOCK, signals={"t": Constant(value)}, interval_s=0.05
            )
            self.boards.add(name, board)
        self.plugged: dict[str, str] = {}
        self._house: SerialHouse | None = None

    def plug(self, **ttys: str) -> None:
        """Boards get their power, and names."""
        for name, tty in ttys.items():
            self.boards.replug(name)
            terminal = (self.folder / "boards" / name).resolve()
            serial = self.serials[name]
            self.machine.plug(tty, PLACES[name], serial=serial, terminal=terminal)
            self.plugged[name] = tty

    def unplug(self) -> None:
        for name, tty in self.plugged.items():
            self.machine.unplug(tty)
            self.boards.unplug(name)
        self.plugged.clear()

    def gateway(self) -> SerialHouse:
        self.end_gateway()
        ports = {"a": self.machine.dev / "ttyUSB0", "b": self.machine.dev / "ttyUSB1"}
        self._house = SerialHouse(
            self.folder,
            self.boards,
            [BusSettings(f"bus-{name}", BusType.SERIAL, str(port)) for name, port in ports.items()],
            [
                DeviceSettings(name, f"bus-{name}", None, 0.2, "lines", options=SETTINGS)
                for name in ports
            ],
            search=False,
            tree=self.machine.tree,
        )
        self._house.start()
        return self._house

    def end_gateway(self) -> None:
        house, self._house = self._house, None
        if house is not None:
            house.stop()

    def stop(self) -> None:
        self.end_gateway()
        self.boards.stop()


@pytest.fixture(
    params=[
        (None, None),
        ("8573A", "8573B"),
        pytest.param(("0001", "0001"), marks=pytest.mark.long),
        pytest.param(("SAME7", "SAME7"), marks=pytest.mark.long),
    ]
)
def hub(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hub]:
    hub = Hub(tmp_path, dict(zip("ab", request.param, strict=True)))
    hub.plug(a="ttyUSB0", b="ttyUSB1")
    yield hub
    hub.stop()


def both(house: SerialHouse, state: DeviceState = DeviceState.ONLINE) -> None:
    until(lambda: all(house.state(name) is state for name in VALUES), 30.0)


def stored(house: SerialHouse) -> set[tuple[str, object]]:
    return {
        (one.reading.device, one.reading.values["t"])
        for one in house.reader.readings_after(0, 10_000)
    }


def count(house: SerialHouse) -> int:
    return len(house.reader.readings_after(0, 10_000))


def test_names_that_swap_while_the_gateway_runs(hub: Hub) -> None:
    house = hub.gateway()
    both(house)
    until(lambda: len(stored(house)) == 2)
    hub.unplug()
    both(house, DeviceState.OFFLINE)
    hub.plug(a="ttyUSB1", b="ttyUSB0")
    both(house)
    before = count(house)
    until(lambda: count(house) > before + 20)
    assert stored(house) == set(VALUES.items())


def test_names_that_swap_while_everything_is_without_power(hub: Hub) -> None:
    house = hub.gateway()
    both(house)
    until(lambda: len(stored(house)) == 2)
    hub.end_gateway()
    hub.unplug()
    hub.plug(b="ttyUSB0", a="ttyUSB1")
    house = hub.gateway()
    both(house)
    before = count(house)
    until(lambda: count(house) > before + 20)
    assert stored(house) == set(VALUES.items())


def test_the_board_of_another_device_alone_is_not_taken(hub: Hub) -> None:
    house = hub.gateway()
    both(house)
    until(lambda: len(stored(house)) == 2)
    hub.unplug()
    both(house, DeviceState.OFFLINE)
    hub.plug(b="ttyUSB0")
    until(lambda: house.state("a") is DeviceState.QUARANTINED, 30.0)
    until(lambda: house.state("b") is DeviceState.ONLINE, 30.0)
    detail = house.view("a").detail or ""
    assert "leads to the board of b now" in detail
    assert "/dev/serial/by-path/" in detail
    before = count(house)
    until(lambda: count(house) > before + 20)
    assert stored(house) == set(VALUES.items())
