"""Channels learned from lines: what comes again is a channel, what does not come again leaves.

The first line with new names is held back until one of the names comes again: a sketch prints its version and
its settings once, and its measurements over and over.
"""

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from arduino_iface.lines.channel import LineChannel, PrintedUnit
from arduino_iface.lines.numbers import Unreadable, has_other_mark, is_no_value, quantity
from arduino_iface.schema import is_name
from arduino_iface.values import Number, ValueType

LEARNED_MAX = 64
"""Channels learned at most."""

CANDIDATES_MAX = 128
"""Names that came once are remembered, so many."""

HELD_MAX = 64
"""Lines held back at most; the oldest are ignored first."""

HELD_READINGS = 8
"""A held line is ignored when so many later ones were readings."""

LEAVES_AFTER = 50
"""A channel seen fewer than `SETTLED` times leaves when so many lines came without it."""

SETTLED = 5
CORRECTED_AFTER = 3
"""So many numbers in succession make a number of what was taken for a text; different texts, a text."""

_JOINTS = re.compile(r"[.\- ]")


@dataclass(frozen=True, slots=True)
class HeldLine:
    """The fields of a line, and when it came.

    It was printed on `lines` lines with `size` characters; `text` is the first of them.
    """

    fields: Mapping[str, object]
    at_mono: float
    text: str
    lines: int = 1
    size: int = 0


@dataclass(slots=True)
class _History:
    """What a field has been so far."""

    name: str
    seen: int = 0
    last: int = 0  # the number of the line that had it last
    kind: ValueType | None = None
    numbers: int = 0  # in succession
    many: int = 0  # numbers less texts
    texts: set[str] = field(default_factory=set)  # different ones, at most `CORRECTED_AFTER`
    printed: PrintedUnit = field(default_factory=PrintedUnit)

    def see(self, value: object, decimal: str, *, quoted: bool) -> None:
        """One more value. `quoted`: a text was in quotes, so that it need not be a number."""
        kind = _kind_of(value, decimal, quoted=quoted)
        if kind is None:
            return
        if kind is ValueType.F64:
            self.numbers += 1
            self.many += 1
            self.printed.meet(quantity(value, decimal).unit)
        else:
            self.numbers = 0
            self.many -= 1
        if kind is ValueType.TEXT and len(self.texts) < CORRECTED_AFTER:
            self.texts.add(str(value))
        # Beside texts in quotes a number may well be one more text.
        wanted = CORRECTED_AFTER if quoted and self.seen > 2 else 1
        self.kind = self._corrected(kind, wanted)

    def _corrected(self, kind: ValueType, wanted: int) -> ValueType:
        before = self.kind
        if before is None or before is kind:
            return kind
        distinct = len(self.texts)
        if kind is ValueType.F64:
            steady = self.numbers >= wanted and distinct < CORRECTED_AFTER
            return kind if steady and before is ValueType.TEXT else before
        if kind is ValueType.TEXT:
            return kind if distinct >= CORRECTED_AFTER and self.many < 0 else before
        return before


class Learner:
    """Learns the channels of one kind of line. Not thread-safe.

    `channels` is by field and is replaced when something was learned.
    """

    def __init__(
        self, missing: tuple[Number | str, ...] = (), decimal: str = ".", *, quoted: bool = False
    ) -> None:
        """`quoted`: texts among the fields were in quotes, as in JSON."""
        self.channels: Mapping[str, LineChannel] = {}
        self.ignored: list[HeldLine] = []
        """Lines that turned out to be no readings; for the caller to take."""
        self._missing, self._decimal, self._quoted = missing, decimal, quoted
        self._known: dict[str, _History] = {}
        self._held: deque[HeldLine] = deque()
        self._readings_since_held = 0
        self._number = 0

    def restart(self) -> None:
        """The board may start anew, and print once more what it prints once."""
        self.ignored += self._held
        self._held.clear()
        self._known = {key: one for key, one in self._known.items() if key in self.channels}

    def learn(self, line: HeldLine) -> list[HeldLine]:
        """The lines that are readings now, oldest first: this one, held ones, or none yet."""
        self._number += 1
        changed = self._forget()
        for key, value in line.fields.items():
            known = self._history(key)
            if known is not None:
                before = known.kind, known.printed.unit
                known.seen += 1
                known.last = self._number
                known.see(value, self._decimal, quoted=self._quoted)
                changed |= known.seen == 2 or before != (known.kind, known.printed.unit)
        if changed:
            self._describe()
        self._held.append(line)
        if line.fields.keys().isdisjoint(self.channels):
            if len(self._held) > HELD_MAX:
                self.ignored.append(self._held.popleft())
            self._readings_since_held = 0
            return []
        readings = [one for one in self._held if not one.fields.keys().isdisjoint(self.channels)]
        self._held = deque(one for one in self._held if one.fields.keys().isdisjoint(self.channels))
        self._readings_since_held += 1
        if self._readings_since_held >= HELD_READINGS:
            self.ignored += self._held
            self._held.clear()
        return readings

    def printed(self, key: str) -> PrintedUnit:
        """The unit of a field of a channel."""
        return self._known[key].printed

    def _history(self, key: str) -> _History | None:
        known = self._known.get(key)
        if known is not None:
            return known
        name = learned_name(key)
        if name is None or any(one.name == name for one in self._known.values()):
            return None
        if len(self._known) >= CANDIDATES_MAX:
            oldest = min(
                (other for other in self._known if other not in self.channels),
                key=lambda other: self._known[other].last,
            )
            del self._known[oldest]
        self._known[key] = _History(name)
        return self._known[key]

    def _forget(self) -> bool:
        """Whether a channel has left."""
        left = [
            key
            for key in self.channels
            if (known := self._known[key]).seen < SETTLED
            and self._number - known.last > LEAVES_AFTER
        ]
        for key in left:
            del self._known[key]
        return bool(left)

    def _describe(self) -> None:
        found = [
            (key, one) for key, one in self._known.items() if one.kind is not None and one.seen > 1
        ]
        # Those that are channels stay; of new ones there may be too many.
        found.sort(key=lambda pair: pair[0] not in self.channels)
        channels = {
            key: LineChannel(
                one.name, key, one.kind or ValueType.F64, one.printed.unit, missing=self._missing
            )
            for key, one in found[:LEARNED_MAX]
        }
        if channels != self.channels:
            self.channels = channels


def learned_name(key: str) -> str | None:
    """A channel's name for a field: lower case, `_` for `.`, `-` and blanks; None: it makes no name."""
    name = _JOINTS.sub("_", key.lower())
    return name if is_name(name) else None


def _kind_of(value: object, decimal: str, *, quoted: bool) -> ValueType | None:
    """The type of a field by one value; None when that does not show it."""
    if isinstance(value, bool):
        return ValueType.BOOL
    if isinstance(value, int | float):
        return ValueType.F64
    if not isinstance(value, str) or is_no_value(value):
        return None
    if value.lower() in ("true", "false"):
        return ValueType.TEXT if quoted else ValueType.BOOL
    try:
        found = quantity(value, decimal)
    except Unreadable:
        return None if has_other_mark(value, decimal) else ValueType.TEXT
    # "42" in quotes may be a name; "42.5" and "42 %" are numbers.
    return (
        ValueType.F64
        if not quoted or found.unit is not None or decimal in value
        else ValueType.TEXT
    )
