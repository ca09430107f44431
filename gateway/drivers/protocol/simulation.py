"""The simulated board of a device that speaks the protocol."""

from pathlib import Path

from dummy_hw import factory
from dummy_hw.eeprom import FileEeprom
from dummy_hw.hardware import DummyHardware
from gateway.config.settings import DeviceSettings
from gateway.drivers.base import INTERVAL_DEFAULT_S


def add(hardware: DummyHardware, device: DeviceSettings, folder: Path) -> None:
    """Wire a board to the device's bus; its identity is kept in `folder`."""
    eeprom = FileEeprom(folder / f"{device.id}.eeprom.json")
    interval_s = device.interval_s or INTERVAL_DEFAULT_S
    board = factory.make(device.id, eeprom=eeprom, clock=hardware.clock, interval_s=interval_s)
    if device.address is None:
        hardware.add_serial(device.id, device.bus, board)
    else:
        hardware.add_i2c(device.id, device.bus, device.address, board)
