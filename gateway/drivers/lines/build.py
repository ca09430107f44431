"""From checked values of the configuration to what a sketch prints and takes."""

from collections.abc import Mapping
from typing import Any

from arduino_iface.lines.format import LineFormat
from arduino_iface.lines.reader import LineChannel, LineSettings
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


def line_settings(values: Values) -> LineSettings:
    """What a device with checked values prints and takes."""
    given = {key: values[key] for key in ("request", "reply_timeout_s") if key in values}
    parts = {
        key: values[key] for key in ("columns", "delimiter", "pairs", "equals") if key in values
    }
    channels = tuple(_channel(one) for one in values.get("channels", ()))
    if not channels:
        channels = tuple(LineChannel(name, name) for name in values.get("columns", ()) if name)
    return LineSettings(
        LineFormat(values["format"], **parts),
        channels,
        tuple(_command(one) for one in values.get("commands", ())),
        **given,
    )


def field_of(values: Values) -> str:
    """The field that a channel is in: its own, a column by number, or the one of its name."""
    return str(values["column"]) if "column" in values else values.get("field", values["name"])


def _channel(values: Values) -> LineChannel:
    rest = {key: value for key, value in values.items() if key not in ("field", "column", "type")}
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
