"""Readings of boards that keep no samples, and the account of those that were due and did not come."""

import logging
from collections.abc import Sequence

from arduino_iface.errors import DeviceSilent, PortLost
from arduino_iface.measurement import Measurement
from gateway.drivers.intake import ReadingStore, Source
from gateway.journal.errors import JournalClosed, JournalFull
from gateway.model.ledger import due_polls, hour_of, losses_of
from gateway.model.reading import Loss, LossReason, Quality, Reading
from gateway.runtime.clock import WallClock

log = logging.getLogger(__name__)


class ReadingMaker:
    """From measurements to readings in the journal, and from missing ones to losses."""

    def __init__(self, source: Source, store: ReadingStore, clock: WallClock) -> None:
        """`source` is stamped on every reading."""
        self._source = source
        self._store = store
        self._clock = clock
        self._missing: list[Loss] = []

    @property
    def device(self) -> str:
        """Whose readings they are."""
        return self._source.device

    def miss(self, reason: LossReason, count: int, newest_mono: float, interval_s: float) -> None:
        """`count` measurements, the newest due at `newest_mono`, will never come.

        They are counted with the next thing that is given to the journal.
        """
        ago_ms = round((self._clock.monotonic() - newest_mono) * 1000)
        newest_ms = self._clock.wall_ms() - ago_ms
        self._missing = _merged(
            self._missing,
            losses_of(self._source.device, reason, count, newest_ms, round(interval_s * 1000)),
        )

    def give(self, measurements: Sequence[Measurement]) -> int:
        """Queue what was measured; returns how many measurements found no room and are lost.

        They are counted in the journal with the next ones that find room. Raises `JournalFull` for the poller
        to report.
        """
        if not measurements and not self._missing:
            return 0
        try:
            self._store.append([self._reading(one) for one in measurements], self._missing)
        except JournalFull:
            if measurements:
                now = self._clock.monotonic()
                self.miss(LossReason.SHED_BY_BOUND, len(measurements), now, 0)
            raise
        lost = sum(loss.count for loss in self._missing if loss.reason is LossReason.SHED_BY_BOUND)
        self._missing = []
        return lost

    def give_missing(self) -> None:
        """Count what is missing now: the device may never be back."""
        try:
            self.give([])
        except (JournalFull, JournalClosed):
            log.debug("losses wait until the journal has room")

    def _reading(self, measured: Measurement) -> Reading:
        ago_ms = round((self._clock.monotonic() - measured.measured_mono) * 1000)
        return Reading(
            device=self._source.device,
            time_ms=self._clock.wall_ms() - ago_ms,
            values=measured.values,
            quality=_quality(measured),
            metadata=self._source.metadata_now(),
            simulated=self._source.simulated,
            boot_id=self._clock.boot_id(),
            boottime_ms=self._clock.boottime_ms() - ago_ms,
        )


def _quality(measured: Measurement) -> Quality:
    if measured.out_of_range:
        return Quality.OUT_OF_RANGE
    if measured.unverified:
        return Quality.UNVERIFIED
    return Quality.GOOD if measured.complete else Quality.PARTIAL


def _merged(before: Sequence[Loss], more: Sequence[Loss]) -> list[Loss]:
    """One loss for each hour and reason, so that a long block costs little memory."""
    counts: dict[tuple[str, LossReason, int], int] = {}
    for loss in (*before, *more):
        key = (loss.device, loss.reason, hour_of(loss.time_ms))
        counts[key] = counts.get(key, 0) + loss.count
    return [
        Loss(device, reason, count, hour_ms) for (device, reason, hour_ms), count in counts.items()
    ]


def _reason_of(error: Exception) -> LossReason:
    absent = isinstance(error, DeviceSilent | PortLost)
    return LossReason.DEVICE_ABSENT if absent else LossReason.BUS_ERROR


class DuePolls:
    """The polls of one device that were due, and why those that were not answered were not.

    `asked` is called at each poll, with what went wrong or None. Polls in between that were left out are
    put down to what went wrong last.
    """

    def __init__(self, maker: ReadingMaker, clock: WallClock, interval_s: float) -> None:
        """Counts from the first poll on."""
        self._maker = maker
        self._clock = clock
        self._interval_s = interval_s
        self._last: float | None = None
        self._reason = LossReason.BUS_ERROR

    def asked(self, error: Exception | None) -> None:
        """A poll has come to its end."""
        now = self._clock.monotonic()
        due = 1 if self._last is None else due_polls(self._last, now, self._interval_s)
        self._last = now
        if due > 1:
            earlier = now - self._interval_s
            self._maker.miss(self._reason, due - 1, earlier, self._interval_s)
        if error is None:
            self._reason = LossReason.BUS_ERROR
            return
        self._reason = _reason_of(error)
        self._maker.miss(self._reason, 1, now, self._interval_s)
