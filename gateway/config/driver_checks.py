"""What must fit together in a device whose sketch exists already: names, registers, fields, templates."""

from collections.abc import Iterable, Mapping
from typing import Any

from arduino_iface.lines.template import template_problem
from arduino_iface.registers.map import FIRST_BYTE, READ_MAX, EchoRegister, RegisterType
from gateway.config.document import Document, Table
from gateway.config.driver_fields import REGISTER_MAX, SMALL_NAME
from gateway.config.drivers import argument_range, line_field, line_limits, register_limits
from gateway.config.locator import Path
from gateway.config.problems import close_match

Values = Mapping[str, Any]
Rows = list[tuple[Path, Values]]


def check_driver(document: Document, device: Table) -> None:
    """Note in `document` what contradicts itself in a device's own keys; lists with mistakes are passed."""
    driver = device.values.get("driver")
    if driver not in ("registers", "lines"):
        return
    channels, commands = _rows(device, "channels"), _rows(device, "commands")
    for rows, what in ((channels, "channel"), (commands, "command")):
        names = [((*path, "name"), values["name"]) for path, values in rows]
        _unique(document, names, f"the name of a {what}")
    for path, values in channels:
        _check_limits(document, path, values.get("minimum"), values.get("maximum"))
    if driver == "registers":
        _check_registers(document, device, channels, commands)
    else:
        _check_lines(document, device, channels, commands)


def _rows(table: Table, key: str) -> Rows:
    return [
        ((*table.path, key, number), row) for number, row in enumerate(table.values.get(key, ()))
    ]


def _unique(document: Document, items: Iterable[tuple[Path, str]], what: str) -> None:
    first: dict[str, Path] = {}
    for path, value in items:
        if value in first:
            line = document.line(first[value])
            document.problem(path, f'"{value}" is {what} on line {line} already')
        first.setdefault(value, path)


def _check_limits(document: Document, path: Path, lowest: Any, highest: Any) -> bool:
    if lowest is None or highest is None or lowest <= highest:
        return True
    document.problem((*path, "maximum"), f"{highest} is below the minimum, {lowest}")
    return False


# The driver for registers


def _check_registers(document: Document, device: Table, channels: Rows, commands: Rows) -> None:
    if "channels" in device.values and not channels:
        document.problem((*device.path, "channels"), "is empty; a device has something to measure")
    last = (1 << device.values.get("register_size", 8)) - 1
    for path, values in (*channels, *commands):
        _check_extent(document, path, values, last)
    for path, values in channels:
        _check_bits(document, path, values)
        _check_missing(document, path, values)
    for path, values in commands:
        _check_command_range(document, path, values)
    _check_block(document, device, channels)
    _check_echo(document, device, channels, last)


def _check_extent(document: Document, path: Path, values: Values, last: int) -> None:
    kind: RegisterType = values["type"]
    end = values["register"] + kind.size - 1
    if end > last:
        hint = "set register_size = 16 if the sketch takes numbers of two bytes"
        reason = f"the {kind.word} ends at register {end:#x}, beyond {last:#x}"
        document.problem((*path, "register"), reason, hint if last < REGISTER_MAX else None)


def _check_bits(document: Document, path: Path, values: Values) -> None:
    key = "bit" if "bit" in values else "bits"
    if key not in values:
        return
    kind: RegisterType = values["type"]
    offset, width = (values["bit"], 1) if key == "bit" else values["bits"]
    if "bit" in values and "bits" in values:
        document.problem((*path, "bits"), "there is a bit already", "keep one of them")
    elif not kind.integral:
        document.problem(
            (*path, key), f"{kind.word} has no bits to choose from", 'use for example type = "u8"'
        )
    elif offset + width > 8 * kind.size:
        reason = (
            f"ends at bit {offset + width - 1}; {kind.word} has the bits 0 to {8 * kind.size - 1}"
        )
        document.problem((*path, key), reason)


def _check_missing(document: Document, path: Path, values: Values) -> None:
    kind: RegisterType = values["type"]
    for raw in values.get("missing", ()):
        if not kind.lowest <= raw <= kind.highest:
            reason = f"{raw} is no raw value of {kind.word} ({kind.lowest} to {kind.highest})"
            document.problem((*path, "missing"), reason)


def _check_command_range(document: Document, path: Path, values: Values) -> None:
    lowest, highest = register_limits(values)
    if not _check_limits(document, path, lowest, highest):
        return
    fits = argument_range(values)
    for key, limit in (("minimum", lowest), ("maximum", highest)):
        if not fits[0] <= limit <= fits[1]:
            reason = (
                f"{limit} does not fit {values['type'].word}, which takes {fits[0]} to {fits[1]}"
            )
            document.problem((*path, key), reason)


def _check_block(document: Document, device: Table, channels: Rows) -> None:
    room = READ_MAX - (device.values.get("echo") is FIRST_BYTE)
    block = min(device.values.get("block_max", READ_MAX), room)
    for path, values in channels:
        if values["type"].size > block:
            reason = (
                f"{values['type'].word} has {values['type'].size} bytes, and block_max is {block}"
            )
            document.problem((*path, "type"), reason)


def _check_echo(document: Document, device: Table, channels: Rows, last: int) -> None:
    echo = device.values.get("echo")
    if device.values.get("verify") == "echo" and "echo" not in device.raw:
        hint = 'write for example echo = { register = 0xFE } or echo = "first_byte"'
        document.problem((*device.path, "verify"), "there is no echo to verify by", hint)
    if not isinstance(echo, EchoRegister):
        return
    place = (*device.path, "echo")
    if echo.register > last:
        document.problem(place, f"register {echo.register:#x} is beyond {last:#x}")
    for _, values in channels:
        if values["register"] <= echo.register < values["register"] + values["type"].size:
            document.problem(place, f'register {echo.register:#x} is one of "{values["name"]}"')


# The driver for lines

_ONLY_IN = {"columns": "csv", "delimiter": "csv", "pairs": "keyvalue", "equals": "keyvalue"}


def _check_lines(document: Document, device: Table, channels: Rows, commands: Rows) -> None:
    form = device.values.get("format")
    for key, wanted in _ONLY_IN.items():
        if form is not None and key in device.raw and form != wanted:
            document.problem((*device.path, key), f'has a meaning only with format = "{wanted}"')
    if "reply_timeout" in device.raw and "request" not in device.raw:
        reason = "has a meaning only with a request"
        document.problem(
            (*device.path, "reply_timeout"), reason, "leave it out, or write the request"
        )
    for path, values in channels:
        if "column" in values and form not in ("csv", None):
            document.problem((*path, "column"), 'has a meaning only with format = "csv"')
        elif "column" in values and "field" in values:
            document.problem((*path, "column"), "there is a field already", "keep one of them")
    fields = [((*path, "name"), line_field(values)) for path, values in channels]
    _unique(document, fields, "the field of a channel")
    if form == "csv":
        _check_columns(document, device, channels)
    for path, values in commands:
        _check_line_command(document, path, values)


def _check_columns(document: Document, device: Table, channels: Rows) -> None:
    columns = device.values.get("columns")
    if columns is None:
        if "columns" in device.raw:
            return
        for path, values in channels:
            if "column" not in values:
                hint = "name the columns in columns = [...], or give the channel its column = 1"
                document.problem(path, "is in no column", hint)
        if not device.raw.get("channels"):
            hint = 'write for example columns = ["temperature", "humidity"]'
            document.problem((*device.path, "columns"), "missing key: csv names no fields", hint)
        return
    if not device.raw.get("channels"):
        for name in filter(None, columns):
            if SMALL_NAME.fullmatch(name) is None:
                hint = "use small letters, digits and _, or describe the channels"
                document.problem((*device.path, "columns"), f'"{name}" cannot name a channel', hint)
    for path, values in channels:
        field = line_field(values)
        if "column" in values and values["column"] > len(columns):
            document.problem((*path, "column"), f"there are {len(columns)} columns")
        elif "column" not in values and field not in columns:
            key = "field" if "field" in values else "name"
            named = [name for name in columns if name]
            document.problem(
                (*path, key), f'there is no column "{field}"', close_match(field, named)
            )


def _check_line_command(document: Document, path: Path, values: Values) -> None:
    arguments: Rows = [
        ((*path, "arguments", number), one)
        for number, one in enumerate(values.get("arguments", ()))
    ]
    names = [((*place, "name"), one["name"]) for place, one in arguments]
    _unique(document, names, "the name of an argument")
    problem = template_problem(values["template"], [name for _, name in names])
    if problem:
        document.problem((*path, "template"), problem)
    for place, one in arguments:
        _check_argument(document, place, one)


_MEANT_FOR: Mapping[str, tuple[str, ...]] = {
    "choices": ("choice",),
    "words": ("bool",),
    "minimum": ("integer", "number"),
    "maximum": ("integer", "number"),
}


def _check_argument(document: Document, path: Path, values: Values) -> None:
    kind = values["type"]
    for key, kinds in _MEANT_FOR.items():
        if key in values and kind not in kinds:
            document.problem((*path, key), f'has a meaning only with type = "{kinds[0]}"')
    if kind == "choice" and "choices" not in values:
        hint = 'write for example choices = ["auto", "off"]'
        document.problem((*path, "choices"), "missing key: a choice needs them", hint)
    if kind not in ("integer", "number"):
        return
    lowest, highest = line_limits(values)
    if _check_limits(document, path, lowest, highest) and kind == "integer":
        for key in ("minimum", "maximum"):
            if key in values and not isinstance(values[key], int):
                document.problem((*path, key), f"{values[key]} is not a whole number")
