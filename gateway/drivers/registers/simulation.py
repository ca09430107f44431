"""The simulated board of a device with registers: likely values in every channel."""

from pathlib import Path
from zlib import crc32

from arduino_iface.clock import Clock
from arduino_iface.registers.map import RegisterMap
from dummy_hw.hardware import DummyHardware
from dummy_hw.likely import likely
from dummy_hw.register_board import RegisterBoard
from gateway.config.settings import DeviceSettings


def add(hardware: DummyHardware, device: DeviceSettings, folder: Path) -> None:  # noqa: ARG001
    """Wire a board to the device's bus; there is nothing of it to keep in `folder`."""
    assert device.address is not None
    assert isinstance(device.options, RegisterMap)
    board = make_board(device.id, device.options, hardware.clock)
    hardware.add_i2c(device.id, device.bus, device.address, board)


def make_board(device_id: str, registers: RegisterMap, clock: Clock) -> RegisterBoard:
    """A board without power yet; its values depend on the id."""
    base = crc32(device_id.encode())
    signals = {
        one.name: likely(base + number, one.described, one.minimum, one.maximum)
        for number, one in enumerate(registers.channels)
    }
    return RegisterBoard(registers, clock=clock, signals=signals)
