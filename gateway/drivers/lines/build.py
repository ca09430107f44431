"""From checked values of the configuration to what a sketch prints and takes."""

from collections.abc import Mapping
from typing import Any

from arduino_iface.lines.channel import LineChannel
from arduino_iface.lines.format import LineFormat
from arduino_iface.lines.kind import LineKind
from arduino_iface.lines.reader import LineSettings
from arduino_iface.lines.template import LineArgument, LineCommand
from arduino_iface.values import Number, ValueType

INTEGER_LIMITS = (-(2**31), 2**31 - 1)
"""Bounds of a whole argument that has none: those of `long` in a sketch."""

NUMBER_LIMITS = (-1e9, 1e9)

_LINE_TYPES = {
    "number": ValueType.F64,
    "integer": ValueType.I64,
    "bool": ValueType.BOOL,
    "text": ValueType.TEXT,
    "choice": ValueType.TEXT,
}

Values = Mapping[str, Any]
Missing = tuple[Number | str, ...]


_PARTS = ("columns", "delimiter", "pairs", "equals", "prefix", "suffix", "decimal")


def line_settings(values: Values) -> LineSettings:
    """What a device with checked values prints and takes."""
    given = {
        key: values[key] for key in ("request", "reply_timeout_s", "encoding") if key in values
    }
    missing = values.get("missing", ())
    first, *more = (_kind(one, missing) for one in values.get("line") or (values,))
    return LineSettings(
        first.format,
        first.channels,
        tuple(_command(one) for one in values.get("commands", ())),
        record=first.record,
        missing=first.missing,
        more=tuple(more),
        **given,
    )


def _kind(values: Values, missing: Missing) -> LineKind:
    """One kind of line. `missing`: that of the device, where the kind has none of its own."""
    parts = {key: values[key] for key in _PARTS if key in values}
    form = LineFormat(values["format"], patterns=values.get("pattern", ()), **parts)
    missing = values.get("missing", missing)
    channels = tuple(_channel(one, missing) for one in values.get("channels", ()))
    if not channels:
        channels = tuple(LineChannel(name, name, missing=missing) for name in form.named)
    return LineKind(form, channels, values.get("record"), missing)


def field_of(values: Values) -> str:
    """The field that a channel is in: its own, a column by number, or the one of its name."""
    return str(values["column"]) if "column" in values else values.get("field", values["name"])


def _channel(values: Values, missing: Missing) -> LineChannel:
    rest = {"missing": missing} | {
        key: value for key, value in values.items() if key not in ("field", "column", "type")
    }
    kind = _LINE_TYPES[values.get("type", "number")]
    return LineChannel(field=field_of(values), type=kind, **rest)


def _command(values: Values) -> LineCommand:
    rest = {key: value for key, value in values.items() if key != "arguments"}
    arguments = tuple(_argument(one) for one in values.get("arguments", ()))
    return LineCommand(arguments=arguments, **rest)


def _argument(values: Values) -> LineArgument:
    lowest, highest = argument_limits(values)
    return LineArgument(
        values["name"],
        _LINE_TYPES[values["type"]],
        lowest,
        highest,
        values.get("choices", ()),
        values.get("words", ("0", "1")),
    )


def argument_limits(values: Values) -> tuple[Number, Number]:
    """The limits of a command's argument."""
    limits: Mapping[str, tuple[Number, Number]] = {
        "integer": INTEGER_LIMITS,
        "number": NUMBER_LIMITS,
    }
    lowest, highest = limits.get(values["type"], (0, 1))
    return values.get("minimum", lowest), values.get("maximum", highest)
