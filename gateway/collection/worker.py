"""The collection thread: it owns the timers, one for each device, and keeps them ticking."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.collection.poller import DevicePoller
from gateway.collection.schedule import tick_s
from gateway.collection.stalls import (
    BUS_STALLS_AFTER_S,
    TICK_STALLS_AFTER_S,
    StallWatch,
    Verdict,
)
from gateway.collection.timers import DeviceTimer, MakeTimer
from gateway.model.errors import FatalError
from gateway.runtime.clock import WallClock
from gateway.runtime.worker import Worker

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


class WatchedBus(Protocol):
    """What is watched of a bus, and how its users are freed."""

    @property
    def taken_since(self) -> float | None:
        """When the transaction began that holds it (monotonic seconds); None: none does."""
        ...

    def close(self) -> None:
        """Close it under whoever uses it; may hang itself."""
        ...


class CollectionWorker(Worker):
    """Starts the devices' timers one after the other and replaces those that die.

    It also watches for transfers that hang, of whatever thread: it closes the bus under them, and ends the
    process when that does not help.
    """

    name = "collection"

    def __init__(
        self,
        fleet: Pollers,
        clock: WallClock,
        make_timer: MakeTimer = DeviceTimer,
        *,
        buses: Callable[[], Mapping[str, WatchedBus]] = dict,
    ) -> None:
        """Starts nothing. `buses`: those of the moment, by name."""
        super().__init__()
        self._buses = buses
        self._ticks = StallWatch(TICK_STALLS_AFTER_S)
        self._transactions = StallWatch(BUS_STALLS_AFTER_S)
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
        """Start the timers whose time has come, replace dead ones, take in new devices.

        Raises `FatalError` when a transfer hangs and closing its bus has not helped.
        """
        self._follow_fleet(now)
        self._free_what_hangs(now)
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

    def _free_what_hangs(self, now: float) -> None:
        buses = self._buses()
        pollers = {entry.timer.name: entry.poller for entry in self._entries.values()}
        taken = {name: bus.taken_since for name, bus in buses.items()}
        for name, verdict in self._transactions.look(now, taken).items():
            closes = buses[name].close if name in buses else _nothing
            self._act(verdict, f"a transaction on bus {name}", {"bus": name}, closes)
        ticking = {name: poller.busy_since for name, poller in pollers.items()}
        for name, verdict in self._ticks.look(now, ticking).items():
            closes = pollers[name].free if name in pollers else _nothing
            self._act(verdict, f"the poll of {name}", {"device": name}, closes)
        hanging = {**self._transactions.hanging, **self._ticks.hanging}
        self.trouble = None
        if hanging:
            shown = ", ".join(f"{name} for {now - since:.0f} s" for name, since in hanging.items())
            self.trouble = f"hangs: {shown}"

    def _act(
        self, verdict: Verdict, what: str, where: Mapping[str, str], close: Callable[[], None]
    ) -> None:
        if verdict is Verdict.OVER:
            log.warning("%s has come back", what, extra=where)
            return
        if verdict is Verdict.GIVE_UP:
            raise FatalError(f"{what} hangs although its bus was closed; only a new start can help")
        log.error("%s hangs: its bus is closed under it", what, extra=where)
        # In a thread of its own: closing may hang as well, and this one has to go on watching.
        threading.Thread(target=close, name=f"free-{what}", daemon=True).start()

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


def _nothing() -> None:
    """It has gone meanwhile."""


def _nobody_listens() -> None:
    """While no collection runs."""
