"""What the configuration says of a board's channels: which values stand for none, and which are usual."""

from collections.abc import Mapping
from dataclasses import dataclass

from arduino_iface.values import Number, Value, within
from gateway.model.reading import Quality


@dataclass(frozen=True, slots=True)
class ChannelRule:
    """Of one channel, in its unit: `missing` values stand for none.

    A value outside `minimum` and `maximum` is kept, and marked as out of range.
    """

    name: str
    missing: tuple[Number, ...] = ()
    minimum: Number | None = None
    maximum: Number | None = None

    def is_missing(self, value: Value) -> bool:
        """Whether a value stands for none. A truth value never does."""
        return value is None or (not isinstance(value, bool) and value in self.missing)


@dataclass(frozen=True, slots=True)
class ChannelRules:
    """The rules of a device."""

    channels: tuple[ChannelRule, ...] = ()

    def judge(self, values: Mapping[str, Value]) -> tuple[Mapping[str, Value], Quality]:
        """The values without those that stand for none, and the quality of their reading."""
        if self.channels:
            none = {rule.name for rule in self.channels if rule.is_missing(values.get(rule.name))}
            values = {name: None if name in none else value for name, value in values.items()}
        if not all(
            within(values.get(rule.name), rule.minimum, rule.maximum) for rule in self.channels
        ):
            return values, Quality.OUT_OF_RANGE
        complete = all(value is not None for value in values.values())
        return values, Quality.GOOD if complete else Quality.PARTIAL


NO_RULES = ChannelRules()
"""Nothing is configured."""


def rules_of(options: object) -> ChannelRules:
    """Those in `DeviceSettings.options`, which is None when nothing is configured."""
    return options if isinstance(options, ChannelRules) else NO_RULES
