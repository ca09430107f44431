"""The collection thread: it owns the timers, one for each device, and keeps them ticking."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.clock import WallClock
from gateway.collection.poller import DevicePoller
from gateway.collection.schedule import tick_s
from gateway.collection.timers import DeviceTimer
from gateway.worker import Worker

CHECK_INTERVAL_S = 0.5
STOP_TIMEOUT_S = 3.0

log = logging.getLogger(__name__)


@dataclass
class _Entry:
    """A poller, its timer, and when that is to start (monotonic seconds)."""

    poller: DevicePoller
    timer: DeviceTimer
    start_at: float


class CollectionWorker(Worker):
    """Starts the devices' timers one after the other and replaces those that die."""

    name = "collection"

    def __init__(self, pollers: Sequence[DevicePoller], clock: WallClock) -> None:
        """Starts nothing."""
        super().__init__()
        self._pollers = pollers
        self._clock = clock
        self._entries: list[_Entry] = []

    def start_up(self) -> None:
        """Spread the first polls over the shortest interval, so that they do not come all at once."""
        now = self._clock.monotonic()
        shortest = min((poller.schedule.interval_s for poller in self._pollers), default=1.0)
        spacing = min(shortest, 1.0) / max(len(self._pollers), 1)
        self._entries = [
            self._entry(poller, now + place * spacing) for place, poller in enumerate(self._pollers)
        ]

    def step(self, now: float) -> float:
        """Start the timers whose time has come, replace dead ones."""
        wait_s = CHECK_INTERVAL_S
        for entry in self._entries:
            if entry.timer.started:
                entry.timer.keep(tick_s(entry.poller.schedule.interval_s))
            elif now >= entry.start_at:
                entry.poller.schedule.postpone(now)
                entry.timer.start()
            else:
                wait_s = min(wait_s, entry.start_at - now)
        return wait_s

    def shut_down(self) -> None:
        """Stop every timer first, then wait for the callbacks that still run."""
        for entry in self._entries:
            entry.timer.stop()
        deadline = self._clock.monotonic() + STOP_TIMEOUT_S
        for entry in self._entries:
            if not entry.timer.join(max(0.05, deadline - self._clock.monotonic())):
                log.error("poll still running at the stop", extra={"device": entry.timer.name})
        self._entries = []

    @property
    def timers_replaced(self) -> int:
        """How many dead timers were replaced since the worker started."""
        return sum(entry.timer.replaced for entry in self._entries)

    def _entry(self, poller: DevicePoller, start_at: float) -> _Entry:
        period = tick_s(poller.schedule.interval_s)
        timer = DeviceTimer(poller.settings.source.device, period, poller.tick)
        return _Entry(poller, timer, start_at)
