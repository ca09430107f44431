"""Detects stalls on a wire: a tick that does not end, a transaction that does not release its bus.

Pure: times come from outside, and the caller acts. First it closes the bus under the hanging transfer, which
ends most of them with an error. If that does not help, only a restart of the process does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

TICK_STALLS_AFTER_S = 30.0
"""A tick waits for turns, boot loaders and retries, but less than this."""

BUS_STALLS_AFTER_S = 10.0
"""A transaction takes milliseconds; writing to a port times out after a second."""

HEALS_WITHIN_S = 15.0
"""How long a hanging transfer has to end after its bus was closed."""


class StallVerdict(Enum):
    """What to do about something that is watched."""

    CLOSE = "close"
    """It has just stalled: close the bus under it."""
    GIVE_UP = "give_up"
    """Closing did not help."""
    OVER = "over"
    """It stalled, and works again."""


@dataclass(frozen=True, slots=True)
class _Stall:
    """Busy since `since`, detected at `found`; both monotonic seconds."""

    since: float
    found: float


class StallWatch:
    """Watches things by name that do one piece of work after the other."""

    def __init__(self, stalls_after_s: float) -> None:
        """`stalls_after_s`: a piece of work that takes longer has stalled."""
        self._stalls_after_s = stalls_after_s
        self._stalls: dict[str, _Stall] = {}

    @property
    def hanging(self) -> Mapping[str, float]:
        """What hangs now, and since when it has been busy (monotonic seconds)."""
        return {name: stall.since for name, stall in self._stalls.items()}

    def look(self, now: float, busy: Mapping[str, float | None]) -> Mapping[str, StallVerdict]:
        """`busy`: since when each thing is busy with its present work, None when it is idle.

        Things that are missing from it are no longer watched.
        """
        verdicts = {}
        for name in [*self._stalls, *(name for name in busy if name not in self._stalls)]:
            verdict = self._judge(name, busy.get(name), now)
            if verdict is not None:
                verdicts[name] = verdict
        return verdicts

    def _judge(self, name: str, since: float | None, now: float) -> StallVerdict | None:
        stall = self._stalls.get(name)
        if stall is not None and since != stall.since:
            del self._stalls[name]
            return StallVerdict.OVER
        if stall is not None:
            return StallVerdict.GIVE_UP if now - stall.found > HEALS_WITHIN_S else None
        if since is not None and now - since > self._stalls_after_s:
            self._stalls[name] = _Stall(since, now)
            return StallVerdict.CLOSE
        return None
