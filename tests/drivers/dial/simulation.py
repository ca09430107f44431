"""A dial that stands still, made of a simulated board with one register."""

from pathlib import Path

from arduino_iface.registers.map import RegisterChannel, RegisterMap
from arduino_iface.registers.types import REGISTER_TYPES
from dummy_hw.hardware import DummyHardware
from dummy_hw.register_board import RegisterBoard
from dummy_hw.signals import Constant
from gateway.config.settings import DeviceSettings

POSITION = 50


def add(hardware: DummyHardware, device: DeviceSettings, folder: Path) -> None:
    assert device.address is not None
    registers = RegisterMap((RegisterChannel("position", 0, REGISTER_TYPES["u8"]),))
    signals = {"position": Constant(POSITION)}
    board = RegisterBoard(registers, clock=hardware.clock, signals=signals)
    hardware.add_i2c(device.id, device.bus, device.address, board)
