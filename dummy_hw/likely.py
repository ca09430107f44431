"""Values that a channel could have in a room: by its unit and its limits."""

from collections.abc import Mapping

from arduino_iface.schema import Channel
from arduino_iface.values import Number, ValueType
from dummy_hw.signals import Drift, Noise, Signal, Sine, Switch

_USUAL = {
    "Cel": (21.0, 3.0),
    "%RH": (50.0, 12.0),
    "V": (5.0, 0.05),
    "Pa": (101_325.0, 700.0),
    "ppm": (640.0, 220.0),
    "mm": (900.0, 300.0),
    "kg": (12.0, 4.0),
    "g": (500.0, 200.0),
}
"""Mean and spread by unit."""


def likely(seed: int, channel: Channel, minimum: Number | None, maximum: Number | None) -> Signal:
    """Values that such a channel could have: within its limits, or usual for its unit."""
    if channel.type is ValueType.BOOL:
        return Switch(seed, 20.0, 0.3)
    mean, spread = _USUAL.get(channel.unit or "", (50.0, 20.0))
    if minimum is not None and maximum is not None:
        mean, spread = (minimum + maximum) / 2, (maximum - minimum) / 3
    elif minimum is not None and mean - spread < minimum:
        mean = minimum + 2 * spread
    elif maximum is not None and mean + spread > maximum:
        mean = maximum - 2 * spread
    return Drift(seed, mean, spread, 120.0)


def room_signals(seed: int) -> Mapping[str, Signal]:
    """Temperature (Cel), humidity (%RH) and supply (V)."""
    phase = seed % 1000 / 1000
    return {
        "temperature": Sine(21.0, 2.5, 600.0, phase),
        "humidity": Drift(seed, 50.0, 12.0, 120.0),
        "supply": Noise(seed + 1, 5.0, 0.02),
    }
