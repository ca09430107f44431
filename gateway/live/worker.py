"""Wakes those who listen to events, a few times a second at most.

A hundred streams that wake at the moment a command is recorded would stand in the way of that very command,
before it is sent. So they are told a little later, and of several events at once.
"""

from gateway.live.feed import EventFeed
from gateway.runtime.worker import Worker

PACE_S = 0.05
"""Longest time by which an event is told later."""


class EventWorker(Worker):
    """Announces what a paced feed has."""

    name = "events"

    def __init__(self, feed: EventFeed) -> None:
        """The feed outlives this worker."""
        super().__init__()
        self._feed = feed

    def start_up(self) -> None:
        """Nothing to acquire."""

    def step(self, now: float) -> float:  # noqa: ARG002 - it waits for events, not for a time
        """Announce."""
        self._feed.announce()
        return 1.0

    def wait(self, timeout_s: float) -> None:
        """Until something has happened, and a little longer."""
        if self._feed.wait_unannounced(timeout_s):
            super().wait(PACE_S)

    def shut_down(self) -> None:
        """Nothing to give back."""
