"""The simulated boards of `--no_i2c`: one for each configured device, or the demo set.

Imported with `--no_i2c` only.
"""

from dataclasses import replace
from pathlib import Path

from dummy_hw import demo
from dummy_hw.hardware import DummyHardware
from gateway.config.settings import BusSettings, BusType, DeviceSettings, Settings
from gateway.drivers.table import driver_module


def simulate(settings: Settings) -> tuple[DummyHardware, Settings]:
    """Simulated boards for what is configured, or the demo set when nothing is; not switched on yet.

    Their identities and boot counts are kept beside the journal, so that keys never repeat.
    """
    folder = settings.journal.path.parent / "dummy_hw"
    hardware = DummyHardware(folder / "terminals")
    if not settings.devices and not settings.buses:
        return hardware, _add_demo(hardware, settings, folder)
    for device in settings.devices:
        driver_module(device.driver, "simulation").add(hardware, device, folder)
    return hardware, settings


def _add_demo(hardware: DummyHardware, settings: Settings, folder: Path) -> Settings:
    boards = demo.make(folder, hardware.clock)
    buses = [BusSettings(demo.I2C_BUS, BusType.I2C, "simulated")]
    devices = []
    for address, board in boards.i2c.items():
        hardware.add_i2c(board.schema.name, demo.I2C_BUS, address, board)
        devices.append(DeviceSettings(board.schema.name, demo.I2C_BUS, address))
    for name, board in boards.serial.items():
        hardware.add_serial(name, name, board)
        buses.append(BusSettings(name, BusType.SERIAL, "simulated"))
        devices.append(DeviceSettings(name, name))
    return replace(settings, buses=tuple(buses), devices=tuple(devices))
