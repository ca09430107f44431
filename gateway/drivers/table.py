"""The drivers: one line a driver, of names only: a driver that no device names is not imported.

The folder of a driver has three modules, each imported when it is needed:

    config.py      CONFIG: the keys that it adds to [[device]], how they are checked, what is made of them
    driver.py      build(context): the driver of one configured device
    simulation.py  add(hardware, device, folder): its simulated board, for --no_i2c only
"""

from importlib import import_module
from types import ModuleType

DRIVERS: dict[str, str] = {
    "protocol": "gateway.drivers.protocol",
    "registers": "gateway.drivers.registers",
    "lines": "gateway.drivers.lines",
}
"""Package by the name that `driver` has in gateway.toml."""


def driver_module(driver: str, name: str) -> ModuleType:
    """A module of a driver, imported now at the latest. Raises `KeyError` for an unknown driver."""
    return import_module(f"{DRIVERS[driver]}.{name}")
