"""The collection thread: it owns the timers, one for each device, and keeps them ticking."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.clock import WallClock
from gateway.collection.poller import DevicePoller
from gateway.collection.schedule import tick_s
from gateway.collection.timers import DeviceTimer, MakeTimer
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


class Pollers(Protocol):
    """Whose devices are collected; new ones may come while the collection runs."""

    changed: Callable[[], None]
    """Called when a poller has come or gone, or wants its next tick at once."""

    def pollers(self) -> Sequence[DevicePoller]:
        """The pollers of the moment."""
        ...


class CollectionWorker(Worker):
    """Starts the devices' timers one after the other and replaces those that die."""

    name = "collection"

    def __init__(
        self, fleet: Pollers, clock: WallClock, make_timer: MakeTimer = DeviceTimer
    ) -> None:
        """Starts nothing."""
        super().__init__()
        self._make_timer = make_timer
        self._fleet = fleet
        self._clock = clock
        self._entries: dict[DevicePoller, _Entry] = {}

    def start_up(self) -> None:
        """Spread the first polls over the shortest interval, so that they do not come all at once."""
        self._fleet.changed = self.wake
        now = self._clock.monotonic()
        pollers = self._fleet.pollers()
        shortest = min((poller.schedule.interval_s for poller in pollers), default=1.0)
        spacing = min(shortest, 1.0) / max(len(pollers), 1)
        self._entries = {
            poller: self._entry(poller, now + place * spacing)
            for place, poller in enumerate(pollers)
        }

    def step(self, now: float) -> float:
        """Start the timers whose time has come, replace dead ones, take in new devices."""
        self._follow_fleet(now)
        wait_s = CHECK_INTERVAL_S
        for entry in self._entries.values():
            if entry.timer.started:
                entry.timer.keep(tick_s(entry.poller.schedule.interval_s))
                if entry.poller.nudged:
                    entry.timer.restart()
            elif now >= entry.start_at:
                entry.poller.schedule.postpone(now)
                entry.timer.start()
            else:
                wait_s = min(wait_s, entry.start_at - now)
        return wait_s

    def _follow_fleet(self, now: float) -> None:
        pollers = self._fleet.pollers()
        for poller in pollers:
            if poller not in self._entries:
                self._entries[poller] = self._entry(poller, now)
        for poller in [known for known in self._entries if known not in pollers]:
            self._entries.pop(poller).timer.stop()

    def shut_down(self) -> None:
        """Stop every timer first, then wait for the callbacks that still run."""
        self._fleet.changed = _nobody_listens
        for entry in self._entries.values():
            entry.timer.stop()
        deadline = self._clock.monotonic() + STOP_TIMEOUT_S
        for entry in self._entries.values():
            if not entry.timer.join(max(0.05, deadline - self._clock.monotonic())):
                log.error("poll still running at the stop", extra={"device": entry.timer.name})
        self._entries = {}

    @property
    def timers_replaced(self) -> int:
        """How many dead timers were replaced since the worker started."""
        return sum(entry.timer.replaced for entry in self._entries.values())

    def _entry(self, poller: DevicePoller, start_at: float) -> _Entry:
        period = tick_s(poller.schedule.interval_s)
        timer = self._make_timer(poller.settings.source.device, period, poller.tick)
        return _Entry(poller, timer, start_at)


def _nobody_listens() -> None:
    """While no collection runs."""
