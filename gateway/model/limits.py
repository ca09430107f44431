"""Limits of a channel's values, as the configuration has them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from arduino_iface.values import Number, Readable, within


@dataclass(frozen=True, slots=True)
class Limits:
    """Both inclusive, in the channel's unit; None: there is no such limit."""

    minimum: Number | None = None
    maximum: Number | None = None

    def hold(self, value: Readable) -> bool:
        """Whether a value is within them; true for everything that is not a number."""
        return within(value, self.minimum, self.maximum)


NO_LIMITS: Mapping[str, Limits] = MappingProxyType({})
"""By channel."""


def limits_of(channels: object) -> Mapping[str, Limits]:
    """The limits of described channels by name; channels without one are left out.

    `channels`: what has `name`, `minimum` and `maximum`; anything else has no limits.
    """
    found = {}
    for one in channels if isinstance(channels, tuple | list) else ():
        limits = Limits(getattr(one, "minimum", None), getattr(one, "maximum", None))
        if limits != Limits():
            found[str(one.name)] = limits
    return found
