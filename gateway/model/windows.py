"""Readings summed up over windows of time. Pure.

A window begins at a whole multiple of its length since 1970 (UTC). A value that is missing or outside its
channel's limits counts for nothing, not even as first or last. A truth value counts as 1 or 0 in a mean,
which so is the part of the samples that were true; a text has no mean, least or greatest.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby

from gateway.model.limits import NO_LIMITS, Limits
from gateway.model.reading import Reading, ReadingValue


class Aggregate(StrEnum):
    """What is told of the values in a window."""

    MEAN = "mean"
    MIN = "min"
    MAX = "max"
    COUNT = "count"
    FIRST = "first"
    LAST = "last"


class ChannelKind(StrEnum):
    """What the values of a channel are."""

    NUMBER = "number"
    TRUTH = "truth"
    TEXT = "text"

    @classmethod
    def of(cls, value: ReadingValue) -> "ChannelKind":
        """The kind of one value that is not missing."""
        if isinstance(value, bool):
            return cls.TRUTH
        return cls.TEXT if isinstance(value, str) else cls.NUMBER


Summary = Mapping[Aggregate, ReadingValue]


@dataclass(frozen=True, slots=True)
class Window:
    """One window. `start_ms`: UTC in ms; `values`: by channel, None where a window has no value."""

    start_ms: int
    values: Mapping[str, Summary]


@dataclass(frozen=True, slots=True)
class WindowQuery:
    """What to sum up: `since_ms` inclusive, `until_ms` exclusive, both UTC in ms.

    `limits`: by channel; a value outside them is left out.
    """

    device: str
    channels: Mapping[str, ChannelKind]
    aggregates: Sequence[Aggregate]
    every_ms: int
    since_ms: int
    until_ms: int
    limits: Mapping[str, Limits] = field(default_factory=lambda: NO_LIMITS)


def summed_up(readings: Iterable[Reading], query: WindowQuery) -> Iterator[Window]:
    """Windows over readings that come in the order of their times, either way round."""

    def start(reading: Reading) -> int:
        return reading.time_ms - reading.time_ms % query.every_ms

    for start_ms, group in groupby(readings, start):
        found = sorted(group, key=lambda reading: reading.time_ms)
        values = {
            channel: _summary(
                _usable([one.values.get(channel) for one in found], query.limits.get(channel)),
                kind,
                query.aggregates,
            )
            for channel, kind in query.channels.items()
        }
        yield Window(start_ms, values)


def _usable(
    values: Sequence[ReadingValue], limits: Limits | None
) -> Sequence[int | float | bool | str]:
    return [
        value for value in values if value is not None and (limits is None or limits.hold(value))
    ]


def _summary(
    present: Sequence[int | float | bool | str], kind: ChannelKind, aggregates: Sequence[Aggregate]
) -> Summary:
    numbers = [] if kind is ChannelKind.TEXT else [v for v in present if not isinstance(v, str)]
    found: dict[Aggregate, ReadingValue] = {
        Aggregate.COUNT: len(present),
        Aggregate.FIRST: present[0] if present else None,
        Aggregate.LAST: present[-1] if present else None,
        Aggregate.MEAN: sum(numbers) / len(numbers) if numbers else None,
        Aggregate.MIN: min(numbers, default=None),
        Aggregate.MAX: max(numbers, default=None),
    }
    return {aggregate: found[aggregate] for aggregate in aggregates}
