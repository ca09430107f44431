"""What must fit together: unique names, devices on buses that exist, addresses that are free."""

from collections.abc import Hashable, Iterable

from gateway.config.document import Document, Table
from gateway.config.driver_checks import check_driver
from gateway.config.locator import Path
from gateway.config.problems import close_match

_BUS_OF_DRIVER = {"registers": "i2c", "lines": "serial"}
_OTHER_DRIVER = {"registers": "lines", "lines": "registers"}


def check(document: Document) -> None:
    """Note in `document` whatever contradicts itself, in spite of other mistakes in it."""
    _unique(document, document.buses, "name", "a bus")
    _unique(document, document.buses, "port", "a bus")
    _unique(document, document.devices, "id", "a device")
    buses = {name: bus for bus in document.buses if isinstance(name := bus.raw.get("name"), str)}
    for device in document.devices:
        _check_bus(document, device, buses)
        check_driver(document, device)
    _check_addresses(document)
    _check_serial(document, buses)


def _repeated(items: Iterable[tuple[Hashable, Path]]) -> Iterable[tuple[Path, Path]]:
    """For every later item with a value that came before: its path and the path of the first."""
    first: dict[Hashable, Path] = {}
    for value, path in items:
        if value in first:
            yield path, first[value]
        else:
            first[value] = path


def _unique(document: Document, tables: list[Table], key: str, what: str) -> None:
    items = [(t.values[key], (*t.path, key)) for t in tables if key in t.values]
    values = {path: value for value, path in items}
    for path, first in _repeated(items):
        reason = f'"{values[path]}" is the {key} of {what} on line {document.line(first)} already'
        document.problem(path, reason, f"give each its own {key}")


def _check_bus(document: Document, device: Table, buses: dict[str, Table]) -> None:
    name = device.values.get("bus")
    if name is None:
        return
    bus = buses.get(name)
    if bus is None:
        hint = close_match(name, sorted(buses)) if buses else "describe it in a [[bus]] table"
        document.problem((*device.path, "bus"), f'there is no bus "{name}"', hint)
        return
    driver = device.values.get("driver", "protocol")
    wanted = _BUS_OF_DRIVER.get(driver, bus.values.get("type"))
    if wanted != bus.values.get("type") and "type" in bus.values:
        reason = f'the driver "{driver}" needs a bus of type "{wanted}", and "{name}" is none'
        hint = f'"{_OTHER_DRIVER[driver]}" is the one for "{name}"'
        document.problem((*device.path, "driver"), reason, hint)
        return
    has_address = "address" in device.raw
    match bus.values.get("type"):
        case "i2c" if not has_address:
            reason = f'missing key: "{name}" is an I2C bus'
            document.problem((*device.path, "address"), reason, "write for example address = 0x12")
        case "serial" if has_address:
            reason = f'"{name}" is a serial bus, on which a device has no address'
            document.problem((*device.path, "address"), reason, "leave it out")


def _check_addresses(document: Document) -> None:
    items = [
        ((d.values["bus"], d.values["address"]), (*d.path, "address"))
        for d in document.devices
        if "bus" in d.values and "address" in d.values
    ]
    values = {path: value for value, path in items}
    for path, first in _repeated(items):
        bus, address = values[path]
        reason = (
            f'{address:#04x} on bus "{bus}" is taken by the device on line {document.line(first)}'
        )
        document.problem(path, reason, "each device on a bus needs an address of its own")


def _check_serial(document: Document, buses: dict[str, Table]) -> None:
    items = [
        (name, (*device.path, "bus"))
        for device in document.devices
        if (name := device.values.get("bus")) in buses
        and buses[name].values.get("type") == "serial"
    ]
    names = {path: name for name, path in items}
    for path, first in _repeated(items):
        reason = (
            f'the serial bus "{names[path]}" has the device on line {document.line(first)} already'
        )
        document.problem(path, reason, "each serial port has one device; describe another [[bus]]")
