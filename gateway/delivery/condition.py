"""What is wrong with a sink, since when, and a log line when that begins and when it ends."""

import logging
from dataclasses import dataclass

from gateway.clock import WallClock

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Condition:
    """How the sink is at one moment; `error` None: it works. Times: UTC ms, monotonic seconds."""

    since_ms: int
    since_mono: float
    error: str | None
    last_error: str | None
    held_until: float


class ConditionLog:
    """The delivery thread notes; anyone may look at `current`, which is replaced, never changed."""

    def __init__(self, sink: str, clock: WallClock) -> None:
        """Knows nothing yet."""
        self._sink = sink
        self._clock = clock
        self.current: Condition | None = None
        """None: nothing was tried yet."""

    def note(self, error: str | None, held_until: float, waiting: int) -> None:
        """Say how it is after a try: `error`, and until when nothing is tried; `waiting` readings."""
        before = self.current
        failed = before is not None and before.error is not None
        begins = before is None or failed != (error is not None)
        self.current = Condition(
            since_ms=self._clock.wall_ms() if begins or before is None else before.since_ms,
            since_mono=self._clock.monotonic() if begins or before is None else before.since_mono,
            error=error,
            last_error=error or (before.last_error if before else None),
            held_until=held_until,
        )
        if error is not None and begins:
            log.warning("sink=%s delivery is interrupted: %s", self._sink, error)
        elif before is not None and begins:
            log.info(
                "sink=%s delivery works again after %.1f s; %d readings wait",
                self._sink,
                self._clock.monotonic() - before.since_mono,
                waiting,
            )
