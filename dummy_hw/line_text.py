"""The lines that a simulated sketch prints for one reading, in the form that the gateway is told to read."""

import json
from collections.abc import Mapping

from arduino_iface.lines.format import FormatKind, LineFormat
from arduino_iface.lines.kind import LineKind
from arduino_iface.lines.record import Record
from arduino_iface.values import Readable


def printed_lines(kind: LineKind, fields: Mapping[str, Readable]) -> list[str]:
    """The fields of one reading as lines, without their ends."""
    form = kind.format
    parts = _parts(form, fields)
    if kind.record is None:
        lines = parts if form.kind is FormatKind.PATTERN else [_joint(form).join(parts)]
        return [f"{form.prefix}{line}{form.suffix}" for line in lines]
    lines = [f"{form.prefix}{part}{form.suffix}" for part in parts]
    return _between(kind.record, lines)


def _parts(form: LineFormat, fields: Mapping[str, Readable]) -> list[str]:
    """What can stand on lines of their own."""
    match form.kind:
        case FormatKind.JSON:
            return [json.dumps(_nested(fields), separators=(",", ":"))]
        case FormatKind.KEYVALUE:
            return [f"{name}{form.equals}{_word(form, value)}" for name, value in fields.items()]
        case FormatKind.CSV:
            return _cells(form, fields)
        case FormatKind.PATTERN:
            words = {name: _word(form, value) for name, value in fields.items()}
            return [one.line(words) for one in form.patterns]


def _joint(form: LineFormat) -> str:
    return form.delimiter if form.kind is FormatKind.CSV else form.pairs


def _between(record: Record, lines: list[str]) -> list[str]:
    """A record with its markers."""
    if record.begin is not None and not record.begins(lines[0]):
        lines = [record.begin, *lines]
    if record.end is not None and not record.ends(lines[-1]):
        lines = [*lines, record.end]
    return lines


def _cells(form: LineFormat, fields: Mapping[str, Readable]) -> list[str]:
    numbers = [int(field) for field in fields if field.isdigit()]
    names = form.columns or ("",) * max(numbers, default=0)
    return [
        _word(form, fields.get(name, fields.get(str(number), 0)))
        for number, name in enumerate(names, 1)
    ]


def _nested(fields: Mapping[str, Readable]) -> dict[str, object]:
    """Dotted names as objects in objects."""
    tree: dict[str, object] = {}
    for field, value in fields.items():
        *path, last = field.split(".")
        place = tree
        for key in path:
            inner = place.setdefault(key, {})
            if not isinstance(inner, dict):
                inner = place[key] = {}  # a field cannot be both a value and an object
            place = inner
        place[last] = value
    return tree


def _word(form: LineFormat, value: Readable) -> str:
    if value is None:
        return "nan"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str) else str(value).replace(".", form.decimal)
