"""The account of printed lines: what became of each, and the last ones that hold no reading."""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

SHOWN_MAX = 3
"""So many of the last unread lines are kept."""

SHOWN_CHARACTERS = 80
"""Characters kept of each."""


class Unread(Enum):
    """Why a line holds no reading. `lost`: it held one that cannot be had any more."""

    BEGINNING = ("came first, its beginning may be missing", False)
    REPLY = ("is the reply to a command", False)
    BANNER = ("has names that did not come again", False)
    FORMAT = ("does not have the configured format", False)
    NO_VALUE = ("has no value for any channel", False)
    DECIMAL = ("has numbers with another decimal mark: see the key `decimal`", False)
    TOO_LONG = ("is too long", True)
    NOT_TEXT = ("is not text", True)
    INCOMPLETE = ("belongs to a record that was given up", False)
    OUTSIDE = ("stands outside of a record", False)
    DAMAGED = ("begins as a reading and is incomplete or damaged", True)

    def __init__(self, words: str, lost: bool) -> None:
        """One row of the table above."""
        self.words = words
        self.lost = lost


_SILENT = (Unread.BEGINNING, Unread.REPLY, Unread.OUTSIDE)
"""Expected in every run: counted, and not shown among the last unread lines."""


@dataclass(frozen=True, slots=True)
class UnreadLine:
    """One unread line; `at_mono` (monotonic seconds) is when it arrived."""

    text: str
    reason: Unread
    at_mono: float

    def __str__(self) -> str:
        """In words."""
        return f'"{self.text}" {self.reason.words}'


@dataclass(frozen=True, slots=True)
class LineCounts:
    """What became of the lines since the device was made.

    `measured` held a reading or a part of one. `unread`: how many did not, by reason. `shed` were dropped
    because nothing collected them in time.
    """

    measured: int = 0
    unread: Mapping[Unread, int] = field(default_factory=dict)
    shed: int = 0

    @property
    def ignored(self) -> int:
        """Lines without a reading that are no loss."""
        return sum(count for reason, count in self.unread.items() if not reason.lost)

    @property
    def damaged(self) -> int:
        """Lines whose reading is lost."""
        return sum(count for reason, count in self.unread.items() if reason.lost)


class LineAccount:
    """Counts lines and keeps the last unread ones. Not thread-safe.

    `complete` counts lines and records that are readings, or may be when they come again.
    """

    def __init__(self) -> None:
        self.complete = 0
        self.measured = 0
        self.shed = 0
        self._unread: Counter[Unread] = Counter()
        self._last: deque[UnreadLine] = deque(maxlen=SHOWN_MAX)

    def note(self, text: str, reason: Unread, at_mono: float) -> None:
        """A line that holds no reading."""
        self._unread[reason] += 1
        if reason not in _SILENT:
            shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
            self._last.append(UnreadLine(shown[:SHOWN_CHARACTERS], reason, at_mono))

    def count(self, reason: Unread) -> int:
        """How many lines had this fate."""
        return self._unread[reason]

    @property
    def counts(self) -> LineCounts:
        """A snapshot."""
        return LineCounts(self.measured, dict(self._unread), self.shed)

    def last(self, since_mono: float = float("-inf")) -> tuple[UnreadLine, ...]:
        """The last unread lines that arrived since then, oldest first, three at most."""
        return tuple(one for one in self._last if one.at_mono >= since_mono)
