"""From checked values of the configuration to a register map, with the defaults that depend on others."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from arduino_iface.registers.map import (
    BitField,
    RegisterChannel,
    RegisterCommand,
    RegisterMap,
    RegisterType,
    Verify,
)
from arduino_iface.values import Number

Values = Mapping[str, Any]


def register_map(values: Values) -> RegisterMap:
    """The register map of a device with checked values."""
    given = {key: values[key] for key in ("block_max", "echo") if key in values}
    return RegisterMap(
        channels=tuple(_channel(one) for one in values["channels"]),
        commands=tuple(_command(one) for one in values.get("commands", ())),
        register_bytes=values.get("register_size", 8) // 8,
        verify=values.get("verify", Verify.ECHO if "echo" in values else Verify.TWICE),
        **given,
    )


def _channel(values: Values) -> RegisterChannel:
    rest = {key: value for key, value in values.items() if key not in ("bit", "bits")}
    bits = None
    if "bit" in values:
        bits = BitField(values["bit"], 1, truth=True)
    elif "bits" in values:
        bits = BitField(*values["bits"])
    return RegisterChannel(**rest, bits=bits)


def _command(values: Values) -> RegisterCommand:
    minimum, maximum = argument_limits(values)
    return RegisterCommand(**{**values, "minimum": minimum, "maximum": maximum})


def argument_limits(values: Values) -> tuple[Number, Number]:
    """The limits of a command's argument, in its unit: those of its type where none were written."""
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
