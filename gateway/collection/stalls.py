"""Notices what hangs on a wire: a tick that does not end, a bus that one transaction does not let go.

Pure: the times come from outside, and what is to be done is the caller's. First the bus is to be closed
under the hanging transfer, which ends most of them with an error. If that does not help, nothing in this
process will.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

TICK_STALLS_AFTER_S = 30.0
"""A tick waits for turns, boot loaders and retries, but never for so long."""

BUS_STALLS_AFTER_S = 10.0
"""A bus is taken for one transaction of milliseconds; writing to a port gives up after a second."""

HEALS_WITHIN_S = 15.0
"""After its bus was closed, what hung has so long to end."""


class Verdict(Enum):
    """What is to be done about something that is watched."""

    CLOSE = "close"
    """It has just been found hanging: close the bus under it."""
    GIVE_UP = "give_up"
    """Closing did not help."""
    OVER = "over"
    """It hung, and has come back."""


@dataclass(frozen=True, slots=True)
class _Stall:
    """What hangs since `since` and was found to at `found`, both monotonic seconds."""

    since: float
    found: float


class StallWatch:
    """Watches things by name that are busy with one piece of work after the other."""

    def __init__(self, stalls_after_s: float) -> None:
        """`stalls_after_s`: a piece of work that takes longer hangs."""
        self._stalls_after_s = stalls_after_s
        self._stalls: dict[str, _Stall] = {}

    @property
    def hanging(self) -> Mapping[str, float]:
        """Since when what hangs now has been busy."""
        return {name: stall.since for name, stall in self._stalls.items()}

    def look(self, now: float, busy: Mapping[str, float | None]) -> Mapping[str, Verdict]:
        """`busy`: since when each thing is busy with its present work, None when it is not.

        What is not among them any more is no longer watched.
        """
        verdicts = {}
        for name in [*self._stalls, *(name for name in busy if name not in self._stalls)]:
            verdict = self._judge(name, busy.get(name), now)
            if verdict is not None:
                verdicts[name] = verdict
        return verdicts

    def _judge(self, name: str, since: float | None, now: float) -> Verdict | None:
        stall = self._stalls.get(name)
        if stall is not None and since != stall.since:
            del self._stalls[name]
            return Verdict.OVER
        if stall is not None:
            return Verdict.GIVE_UP if now - stall.found > HEALS_WITHIN_S else None
        if since is not None and now - since > self._stalls_after_s:
            self._stalls[name] = _Stall(since, now)
            return Verdict.CLOSE
        return None
