"""Readings in the log: the first of each device at once, then a line a minute; all of them at DEBUG."""

import logging
from collections import Counter
from collections.abc import Sequence

from gateway.model.reading import StoredReading
from gateway.model.wording import counted
from gateway.runtime.clock import WallClock

SUMMARY_INTERVAL_S = 60.0

log = logging.getLogger(__name__)


class ReadingLog:
    """Fed by the journal after each commit, in the journal writer's thread."""

    def __init__(self, clock: WallClock) -> None:
        """Says nothing yet."""
        self._clock = clock
        self._met: set[str] = set()
        self._counts: Counter[str] = Counter()
        self._summary_due: float | None = None

    def publish(self, stored: Sequence[StoredReading]) -> None:
        """Take newly stored readings."""
        for one in stored:
            device = one.reading.device
            self._counts[device] += 1
            level = logging.DEBUG if device in self._met else logging.INFO
            self._met.add(device)
            if log.isEnabledFor(level):
                log.log(level, "reading %s", _shown(one), extra={"device": device})
        self._summarise(self._clock.monotonic())

    def _summarise(self, now: float) -> None:
        if self._summary_due is None:
            self._summary_due = now + SUMMARY_INTERVAL_S
        elif now >= self._summary_due:
            self._summary_due = now + SUMMARY_INTERVAL_S
            total, devices = self._counts.total(), len(self._counts)
            shown = f"{counted(total, 'reading')} of {counted(devices, 'device')}"
            log.info("%s stored in the last minute", shown)
            self._counts.clear()


def _shown(stored: StoredReading) -> str:
    reading = stored.reading
    values = " ".join(f"{name}={value}" for name, value in reading.values.items())
    return f"{stored.key} {reading.quality} {values}"
