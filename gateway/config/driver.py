"""What the configuration needs of a driver: its keys of [[device]], their checks, what they become.

The order of the rooms: drivers import the kinds of values from here, and nothing here imports a driver. It is
found by its name in `gateway.drivers.table`, when a device of the file names it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.config.report import Report, Table
from gateway.config.schemas import DeviceTable
from gateway.config.settings import BusType
from gateway.drivers.table import DRIVERS, driver_module

PROTOCOL = "protocol"
"""The driver of a device that names none."""


def _no_options(_values: Mapping[str, Any]) -> None:
    """The driver has no keys of its own."""


def _no_check(_report: Report, _device: Table) -> None:
    """There is nothing that could contradict itself."""


def _no_notes(_options: object) -> Sequence[str]:
    """There is nothing that a user should know."""
    return ()


@dataclass(frozen=True, slots=True)
class DriverConfig:
    """One driver's part of the configuration.

    `options` makes `DeviceSettings.options` out of checked values. `check` notes what does not fit together;
    lists with mistakes in them are left out of the table that it gets. `bus`: the only type of bus that it
    works on, None: any. `notes`: what a user should know of those options, though it is no mistake.
    """

    schema: type[DeviceTable] = DeviceTable
    options: Callable[[Mapping[str, Any]], object] = _no_options
    check: Callable[[Report, Table], None] = _no_check
    bus: BusType | None = None
    notes: Callable[[object], Sequence[str]] = _no_notes


def driver_config(driver: str) -> DriverConfig:
    """That of a driver of the table."""
    found: DriverConfig = driver_module(driver, "config").CONFIG
    return found


def driver_of(raw: Mapping[str, object]) -> str | None:
    """The driver that a table [[device]] names; None when there is no such driver."""
    name = raw.get("driver", PROTOCOL)
    return name if isinstance(name, str) and name in DRIVERS else None
