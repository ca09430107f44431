"""Two Unos with equal sketches that print lines; they lose power, and their names come back swapped."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from arduino_iface.lines.format import FormatKind, LineFormat
from arduino_iface.lines.reader import LineChannel, LineSettings
from dummy_hw.pty_board import PtyBoards
from gateway.config.settings import BusSettings, BusType, DeviceSettings
from gateway.model.registry import DeviceState
from tests.arduino_iface.waiting import until
from tests.discovery.serial_house import SerialHouse
from tests.e2e_firmware.bench import DEADLINE_S
from tests.support.avr import Uno, build, firmware
from tests.support.usb import UsbMachine

VALUES = {"a": 1, "b": 2}
SETTINGS = LineSettings(LineFormat(FormatKind.JSON), (LineChannel("t", "t"),))


@pytest.fixture
def boards(tmp_path: Path) -> Iterator[dict[str, Uno]]:
    build("harness")
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                Uno(firmware("PrintNode", VALUE=value), directory=tmp_path / name)
            )
            for name, value in VALUES.items()
        }


def gateway(folder: Path, machine: UsbMachine) -> SerialHouse:
    ports = {"a": machine.dev / "ttyUSB0", "b": machine.dev / "ttyUSB1"}
    return SerialHouse(
        folder,
        PtyBoards(folder / "none"),
        [BusSettings(f"{name}x", BusType.SERIAL, str(at), 9600) for name, at in ports.items()],
        [DeviceSettings(one, f"{one}x", None, 0.5, "lines", options=SETTINGS) for one in ports],
        search=False,
        tree=machine.tree,
    )


def stored(house: SerialHouse) -> list[tuple[str, object]]:
    found = house.reader.readings_after(0, 10_000)
    return [(one.reading.device, one.reading.values["t"]) for one in found]


def test_equal_sketches_whose_names_swap(tmp_path: Path, boards: dict[str, Uno]) -> None:
    machine = UsbMachine(tmp_path / "usb")

    def plug(**ttys: str) -> None:
        for name, tty in ttys.items():
            chain = f"1.{VALUES[name]}"
            machine.plug(tty, chain, terminal=boards[name].tty.resolve())

    def both(state: DeviceState) -> None:
        until(lambda: all(house.state(name) is state for name in VALUES), DEADLINE_S)

    plug(a="ttyUSB0", b="ttyUSB1")
    house = gateway(tmp_path, machine)
    house.start()
    try:
        both(DeviceState.ONLINE)
        until(lambda: len(set(stored(house))) == 2, DEADLINE_S)
        for name, tty in (("a", "ttyUSB0"), ("b", "ttyUSB1")):
            machine.unplug(tty)
            boards[name].unplug()
        both(DeviceState.OFFLINE)
        for board in boards.values():
            board.plug()
        plug(a="ttyUSB1", b="ttyUSB0")
        both(DeviceState.ONLINE)
        before = len(stored(house))
        until(lambda: len(stored(house)) > before + 40, DEADLINE_S)
        assert set(stored(house)) == set(VALUES.items())
    finally:
        house.stop()
