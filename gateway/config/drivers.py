"""Puts together what a driver needs from checked values, with the defaults that are in no dataclass."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from arduino_iface.lines.format import FormatKind, LineFormat
from arduino_iface.lines.reader import LineChannel, LineSettings
from arduino_iface.lines.template import LineArgument, LineCommand
from arduino_iface.registers.map import (
    BitField,
    RegisterChannel,
    RegisterCommand,
    RegisterMap,
    RegisterType,
    Verify,
)
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


def register_map(values: Values) -> RegisterMap:
    """The register map of a device with checked values."""
    given: dict[str, Any] = {key: values[key] for key in ("block_max", "echo") if key in values}
    default = Verify.ECHO if "echo" in values else Verify.TWICE
    return RegisterMap(
        channels=tuple(_register_channel(one) for one in values["channels"]),
        commands=tuple(register_command(one) for one in values.get("commands", ())),
        register_bytes=values.get("register_size", 8) // 8,
        verify=Verify(values["verify"]) if "verify" in values else default,
        **given,
    )


def _register_channel(values: Values) -> RegisterChannel:
    rest = {key: value for key, value in values.items() if key not in ("bit", "bits")}
    bits = None
    if "bit" in values:
        bits = BitField(values["bit"], 1, truth=True)
    elif "bits" in values:
        bits = BitField(*values["bits"])
    return RegisterChannel(**rest, bits=bits)


def register_command(values: Values) -> RegisterCommand:
    """A command with its limits, which are those of its type where none were written."""
    limits = register_limits(values)
    return RegisterCommand(**{**values, "minimum": limits[0], "maximum": limits[1]})


def register_limits(values: Values) -> tuple[Number, Number]:
    """The limits of a command's argument, in its unit."""
    lowest, highest = argument_range(values)
    return values.get("minimum", lowest), values.get("maximum", highest)


def argument_range(values: Values) -> tuple[Number, Number]:
    """What a command's argument can be so that the raw value fits its register."""
    kind: RegisterType = values["type"]
    if "scale" not in values and "offset" not in values:
        return kind.lowest, kind.highest
    scale, offset = values.get("scale", Decimal(1)), values.get("offset", Decimal(0))
    ends = sorted(Decimal(raw) * scale + offset for raw in (kind.lowest, kind.highest))
    # A whole bound stays whole, so that messages show it as it was meant.
    lowest, highest = (int(end) if end == end.to_integral_value() else float(end) for end in ends)
    return lowest, highest


def line_settings(values: Values) -> LineSettings:
    """What a device with checked values prints and takes."""
    given = {key: values[key] for key in ("request", "reply_timeout_s") if key in values}
    parts = {
        key: values[key] for key in ("columns", "delimiter", "pairs", "equals") if key in values
    }
    channels = tuple(_line_channel(one) for one in values.get("channels", ()))
    if not channels:
        channels = tuple(LineChannel(name, name) for name in values.get("columns", ()) if name)
    return LineSettings(
        LineFormat(FormatKind(values["format"]), **parts),
        channels,
        tuple(_line_command(one) for one in values.get("commands", ())),
        **given,
    )


def line_field(values: Values) -> str:
    """The field that a channel is in: its own, a column by number, or the one of its name."""
    return str(values["column"]) if "column" in values else values.get("field", values["name"])


def _line_channel(values: Values) -> LineChannel:
    rest = {key: value for key, value in values.items() if key not in ("field", "column", "type")}
    kind = _LINE_TYPES[values.get("type", "number")]
    return LineChannel(field=line_field(values), type=kind, **rest)


def _line_command(values: Values) -> LineCommand:
    rest = {key: value for key, value in values.items() if key != "arguments"}
    arguments = tuple(_line_argument(one) for one in values.get("arguments", ()))
    return LineCommand(arguments=arguments, **rest)


def _line_argument(values: Values) -> LineArgument:
    lowest, highest = line_limits(values)
    return LineArgument(
        values["name"],
        _LINE_TYPES[values["type"]],
        lowest,
        highest,
        values.get("choices", ()),
        values.get("words", ("0", "1")),
    )


def line_limits(values: Values) -> tuple[Number, Number]:
    """The limits of a command's argument."""
    limits: Mapping[str, tuple[Number, Number]] = {
        "integer": INTEGER_LIMITS,
        "number": NUMBER_LIMITS,
    }
    lowest, highest = limits.get(values["type"], (0, 1))
    return values.get("minimum", lowest), values.get("maximum", highest)
