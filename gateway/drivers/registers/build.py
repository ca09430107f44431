"""From checked values of the configuration to a register map, with the defaults that depend on others."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from arduino_iface.registers.map import (
    Layout,
    RegisterChannel,
    RegisterCommand,
    RegisterMap,
    Verify,
)
from arduino_iface.registers.types import BitField, RegisterType, TextType
from arduino_iface.values import Number

Values = Mapping[str, Any]


def register_map(values: Values) -> RegisterMap:
    """The register map of a device with checked values."""
    packet = values.get("layout") is Layout.PACKET
    keys = ("block_max", "echo", "layout", "number", "settle_s")
    given = {key: values[key] for key in keys if key in values}
    return RegisterMap(
        channels=tuple(_channel(one) for one in values["channels"]),
        commands=tuple(_command(one, packet) for one in values.get("commands", ())),
        register_bytes=values.get("register_size", 8) // 8,
        verify=values.get("verify", Verify.ECHO if "echo" in values else Verify.TWICE),
        **given,
    )


def _channel(values: Values) -> RegisterChannel:
    rest = {key: value for key, value in values.items() if key not in ("bit", "bits", "length")}
    kind: RegisterType = values["type"]
    if isinstance(kind, TextType):
        rest["type"] = kind.of_length(values["length"])
    bits = None
    if "bit" in values:
        bits = BitField(values["bit"], 1, truth=True)
    elif "bits" in values:
        bits = BitField(*values["bits"])
    return RegisterChannel(**rest, bits=bits)


def _command(values: Values, packet: bool) -> RegisterCommand:
    """Nothing can be read back where the sketch sends a packet."""
    minimum, maximum = argument_limits(values)
    return RegisterCommand(
        **{"verify": not packet, **values, "minimum": minimum, "maximum": maximum}
    )


def doubts(options: object) -> Sequence[str]:
    """What of a map cannot be verified, and what to do."""
    assert isinstance(options, RegisterMap)
    found = []
    if options.indistinct:
        register = next(one.register for one in options.channels if not one.clears)
        found.append(
            f"all is read from register {register:#04x}, so nothing shows that the sketch heeds the number;"
            " its readings are marked unverified. Describe a second register or an echo, set layout ="
            ' "packet" or "answers" if that is how it answers, or verify = "none"'
        )
    if options.verify is Verify.TWICE and options.reading_clears:
        names = ", ".join(one.name for one in options.channels if one.clears)
        found.append(
            f"{names}: cleared by reading and so read only once; readings are marked unverified."
            " An echo would verify them"
        )
    return found


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
