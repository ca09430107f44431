"""What must fit together: unique names, devices on buses that exist, addresses that are free."""

from collections.abc import Sequence

from gateway.config.driver import PROTOCOL, driver_config, driver_of
from gateway.config.problems import close_match
from gateway.config.report import Report, Table
from gateway.config.settings import BusType
from gateway.drivers.table import DRIVERS


def check(report: Report, buses: Sequence[Table], devices: Sequence[Table]) -> None:
    """Note in `report` what contradicts itself, in spite of other mistakes in it."""
    _unique(report, buses, "name", "bus")
    _unique(report, buses, "port", "bus")
    _unique(report, devices, "id", "device")
    by_name = {name: bus for bus in buses if isinstance(name := bus.raw.get("name"), str)}
    for device in devices:
        _check_bus(report, device, by_name)
        driver = driver_of(device.raw)
        if driver is not None:
            driver_config(driver).check(report, device)
    _check_addresses(report, devices)
    _check_serial(report, devices, by_name)


def _unique(report: Report, tables: Sequence[Table], key: str, what: str) -> None:
    report.unique(
        (((*table.path, key), table.values[key]) for table in tables if key in table.values),
        f'"{{value}}" is already the {key} of the {what} on line {{line}}',
        f"give each its own {key}",
    )


def _check_bus(report: Report, device: Table, buses: dict[str, Table]) -> None:
    name = device.values.get("bus")
    if name is None:
        return
    bus = buses.get(name)
    if bus is None:
        hint = close_match(name, sorted(buses)) if buses else "describe it in a [[bus]] table"
        report.problem((*device.path, "bus"), f'there is no bus "{name}"', hint)
        return
    kind = bus.values.get("type")
    if kind is None or not _suits(report, device, name, kind):
        return
    if kind is BusType.I2C and "address" not in device.raw:
        reason = f'missing key: "{name}" is an I2C bus'
        report.problem((*device.path, "address"), reason, "write for example address = 0x12")
    elif kind is BusType.SERIAL and "address" in device.raw:
        reason = f'"{name}" is a serial bus, on which a device has no address'
        report.problem((*device.path, "address"), reason, "leave it out")


def _suits(report: Report, device: Table, bus: str, kind: BusType) -> bool:
    """Whether the driver works on that type of bus."""
    driver = device.values.get("driver", PROTOCOL)
    wanted = driver_config(driver).bus
    if wanted is None or wanted is kind:
        return True
    others = [f'"{one}"' for one in DRIVERS if driver_config(one).bus in (kind, None)]
    report.problem(
        (*device.path, "driver"),
        f'the driver "{driver}" needs a bus of type "{wanted}"; "{bus}" has type "{kind}"',
        f'drivers for "{bus}": {", ".join(others)}',
    )
    return False


def _check_addresses(report: Report, devices: Sequence[Table]) -> None:
    for bus in dict.fromkeys(one.values["bus"] for one in devices if "bus" in one.values):
        report.unique(
            (
                ((*one.path, "address"), f"{one.values['address']:#04x}")
                for one in devices
                if one.values.get("bus") == bus and "address" in one.values
            ),
            f'{{value}} on bus "{bus}" is taken by the device on line {{line}}',
            "each device on a bus needs an address of its own",
        )


def _check_serial(report: Report, devices: Sequence[Table], buses: dict[str, Table]) -> None:
    report.unique(
        (
            ((*one.path, "bus"), name)
            for one in devices
            if (name := one.values.get("bus")) in buses
            and buses[name].values.get("type") is BusType.SERIAL
        ),
        'the serial bus "{value}" already has the device on line {line}',
        "each serial port has one device; describe another [[bus]]",
    )
