"""The loss ledger's arithmetic: what should be stored, what is, and why the rest is not. Pure.

For each device and each hour (UTC) three numbers are kept: *expected*, *stored*, and *lost* by reason.
Expected = stored + lost, always. The three are counted apart, so a mistake shows as a difference.

*Expected* is
- for a board that speaks the device protocol: the sample numbers it has handed out. The account of a boot
  is closed up to the highest number that is stored or known to be lost, not up to now: what the board
  still holds is neither expected yet nor lost. Each number counts in the hour its sample was taken; that
  of an overwritten one is reckoned back from the first sample that was still there.
- between two boots of such a board: one sample each interval from the last one that was stored until the
  board started again (HELLO says how long ago that was). These numbers were never received, so this part is
  an estimate, and it is what `device_absent` means: the samples a reset took with it, and those that were not
  made while the board was without power. It is counted when the board is back.
- for a sketch that keeps no samples (registers, lines on request): the polls that were due. A sketch that
  prints by itself: the lines it has printed, and one each interval while it is silent for too long.

*Stored* is what was committed to the journal in that hour's name, delivered since or not. A reading that
has to go undelivered because the journal's bound is reached moves from stored to `shed_by_bound`.

*Lost* by reason: `overwritten`, the board's memory was full before somebody came; `device_absent`, it was
not there; `bus_error`, it was asked, or tried to say, and nothing usable came over; `shed_by_bound`, the
gateway had no room; `clock_unknown`, its time could never be told. The last one is never counted by this
version: such a reading is kept, with the quality `clock_unsynced`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.model.reading import Loss, LossReason, Reading

HOUR_MS: Final = 3_600_000
HOURS_MAX: Final = 1000
"""Losses are spread over so many hours at most; what is older counts in the first of them."""

BootKey = tuple[str, int]
"""Device uid and boot number: what sample numbers count within."""

Place = tuple[str, int]
"""Device and hour (UTC in ms when it began)."""


def hour_of(time_ms: int) -> int:
    """When the hour of a moment began, UTC in ms."""
    return time_ms - time_ms % HOUR_MS


def spread(count: int, newest_ms: int, interval_ms: int) -> Iterator[tuple[int, int]]:
    """How many of `count` samples, the newest taken at `newest_ms`, fall into which hour, newest first."""
    hours = 0
    while count > 0:
        hour = hour_of(newest_ms)
        inside = count
        if interval_ms > 0 and hours < HOURS_MAX - 1:
            inside = min(count, (newest_ms - hour) // interval_ms + 1)
        yield hour, inside
        hours += 1
        count -= inside
        newest_ms -= inside * interval_ms


def absent_between(last_ms: int, started_ms: int, interval_ms: int) -> int:
    """How many samples were due after the one at `last_ms` until a board started again: an estimate."""
    if interval_ms <= 0:
        return 0
    return max(0, (started_ms - last_ms) // interval_ms)


def due_polls(last: float, now: float, interval_s: float) -> int:
    """How many polls were due after the one at `last` up to the one at `now`, that one included."""
    return max(1, round((now - last) / interval_s))


@dataclass(slots=True)
class HourCount:
    """What a transaction adds to one hour of one device."""

    expected: int = 0
    stored: int = 0


@dataclass(slots=True)
class Account:
    """What one transaction adds to the ledger.

    `progress` tells the lowest number of a boot that has no account yet, before the transaction.
    `unexplained` is how many expected samples are neither stored nor lost: 0 but for a fault of ours.
    """

    progress: Callable[[BootKey], int]
    hours: dict[Place, HourCount] = field(default_factory=dict)
    following: dict[BootKey, int] = field(default_factory=dict)
    unexplained: int = 0

    def book(
        self, offered: Sequence[Reading], inserted: Iterable[Reading], losses: Sequence[Loss]
    ) -> None:
        """Book readings and losses that belong together; `inserted` are the offered ones that were new."""
        for reading in inserted:
            count = self._at(reading.device, reading.time_ms)
            count.expected += 1
            count.stored += 1
        for loss in losses:
            self._at(loss.device, loss.time_ms).expected += loss.count
        self._book_numbers(offered, losses)

    def move(self, device: str, from_hour_ms: int, to_hour_ms: int) -> None:
        """A stored reading was stamped again."""
        for hour_ms, change in ((from_hour_ms, -1), (to_hour_ms, 1)):
            count = self._at(device, hour_ms)
            count.expected += change
            count.stored += change

    def _book_numbers(self, offered: Sequence[Reading], losses: Sequence[Loss]) -> None:
        """The numbers that were passed must be the readings' and the losses'."""
        passed: dict[BootKey, int] = {}
        explained: dict[BootKey, int] = {}
        where: dict[BootKey, Place] = {}
        for reading in offered:
            if reading.uid is None or reading.boot is None or reading.seq is None:
                continue
            key = (reading.uid, reading.boot)
            if reading.seq >= self._next(key):
                explained[key] = explained.get(key, 0) + 1
            passed[key] = max(passed.get(key, 0), reading.seq + 1)
            where.setdefault(key, (reading.device, reading.time_ms))
        for loss in losses:
            if loss.through is None:
                continue
            key = (loss.through.uid, loss.through.boot)
            explained[key] = explained.get(key, 0) + loss.count
            passed[key] = max(passed.get(key, 0), loss.through.following)
            where.setdefault(key, (loss.device, loss.time_ms))
        for key, following in passed.items():
            before = self._next(key)
            difference = max(0, following - before) - explained.get(key, 0)
            if difference:
                self._at(*where[key]).expected += difference
                self.unexplained += difference
            self.following[key] = max(before, following)

    def _next(self, key: BootKey) -> int:
        return self.following.get(key) or self.progress(key)

    def _at(self, device: str, time_ms: int) -> HourCount:
        return self.hours.setdefault((device, hour_of(time_ms)), HourCount())


def losses_of(
    device: str, reason: LossReason, count: int, newest_ms: int, interval_ms: int
) -> list[Loss]:
    """`count` lost samples of a device as losses, one for each hour; without numbers."""
    return [
        Loss(device, reason, inside, hour) for hour, inside in spread(count, newest_ms, interval_ms)
    ]
