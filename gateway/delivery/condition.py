"""What is wrong with a sink and since when, for those who ask, and in the log."""

import logging
from dataclasses import dataclass

from gateway.log.condition import Condition
from gateway.runtime.clock import WallClock

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SinkCondition:
    """How the sink is at one moment; `error` None: it works.

    `since_ms` (UTC) is when it began to work, or to fail; until `held_until` (monotonic seconds)
    nothing is tried.
    """

    since_ms: int
    error: str | None
    last_error: str | None
    held_until: float


class SinkWatch:
    """The delivery thread notes; anyone may look at `current`, which is replaced, never changed."""

    def __init__(self, sink: str, clock: WallClock) -> None:
        """Knows nothing yet."""
        self._clock = clock
        self._log = Condition(
            log, "delivery is interrupted", "delivery resumed", extra={"sink": sink}, clock=clock
        )
        self.current: SinkCondition | None = None
        """None: nothing was tried yet."""

    def note(self, error: str | None, held_until: float) -> None:
        """Say how it is after a try: `error`, and until when nothing is tried."""
        before = self.current
        same = before is not None and (before.error is None) == (error is None)
        self.current = SinkCondition(
            since_ms=before.since_ms if before is not None and same else self._clock.wall_ms(),
            error=error,
            last_error=error or (before.last_error if before is not None else None),
            held_until=held_until,
        )
        if error is None:
            self._log.ok()
        else:
            self._log.failed(error)
