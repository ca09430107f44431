"""The collection thread: owns the timers, one for each device, and keeps them running."""

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
    StallVerdict,
    StallWatch,
)
from gateway.collection.timers import DeviceTimer, MakeTimer
from gateway.model.errors import FatalError
from gateway.runtime.clock import WallClock
from gateway.runtime.worker import Worker

CHECK_INTERVAL_S = 0.5
STOP_TIMEOUT_S = 3.0

log = logging.getLogger(__name__)


@dataclass
class _TimedPoller:
    """A poller, its timer, and when that is to start (monotonic seconds)."""

    poller: DevicePoller
    timer: DeviceTimer
    start_at: float


class Pollers(Protocol):
    """The devices to be polled; they may change while the collection runs."""

    changed: Callable[[], None]
    """Called when a poller was added or removed, or wants its next tick at once."""

    def pollers(self) -> Sequence[DevicePoller]:
        """The pollers as of now."""
        ...


class WatchedBus(Protocol):
    """What is watched of a bus, and how its users are freed."""

    @property
    def taken_since(self) -> float | None:
        """When the present transaction began (monotonic seconds); None: there is none."""
        ...

    def close(self) -> None:
        """Close it, also during a transfer; may hang itself."""
        ...


class CollectionWorker(Worker):
    """Starts the devices' timers one after the other and replaces those that die.

    It also watches for transfers that hang, in any thread: it closes the bus under them, and ends the process
    when that does not help. What is in maintenance is not watched: it may take as long as it needs.
    """

    name = "collection"

    def __init__(
        self,
        roster: Pollers,
        clock: WallClock,
        make_timer: MakeTimer = DeviceTimer,
        *,
        buses: Callable[[], Mapping[str, WatchedBus]] = dict,
        age: Callable[[float], None] = lambda _: None,
    ) -> None:
        """Starts nothing. `buses`: those of the moment, by name.

        `age` is called in each step: it lets devices that are not polled become late and offline.
        """
        super().__init__()
        self._buses = buses
        self._age = age
        self._ticks = StallWatch(TICK_STALLS_AFTER_S)
        self._transactions = StallWatch(BUS_STALLS_AFTER_S)
        self._make_timer = make_timer
        self._roster = roster
        self._clock = clock
        self._timed: dict[DevicePoller, _TimedPoller] = {}

    def start_up(self) -> None:
        """Spread the first polls over the shortest interval, so that they do not come all at once."""
        self._roster.changed = self.wake
        now = self._clock.monotonic()
        pollers = self._roster.pollers()
        shortest = min((poller.schedule.interval_s for poller in pollers), default=1.0)
        spacing = min(shortest, 1.0) / max(len(pollers), 1)
        self._timed = {
            poller: self._with_timer(poller, now + place * spacing)
            for place, poller in enumerate(pollers)
        }

    def step(self, now: float) -> float:
        """Start the timers that are due, replace dead ones, follow the roster's changes.

        Raises `FatalError` when a transfer hangs and closing its bus has not helped.
        """
        self._follow_roster(now)
        self._age(now)
        self._free_what_hangs(now)
        wait_s = CHECK_INTERVAL_S
        for timed in self._timed.values():
            if timed.timer.started:
                timed.timer.keep(tick_s(timed.poller.schedule.interval_s))
                if timed.poller.nudged:
                    timed.timer.restart()
            elif now >= timed.start_at:
                timed.poller.schedule.postpone(now)
                timed.timer.start()
            else:
                wait_s = min(wait_s, timed.start_at - now)
        return wait_s

    def _follow_roster(self, now: float) -> None:
        pollers = self._roster.pollers()
        for poller in pollers:
            if poller not in self._timed:
                self._timed[poller] = self._with_timer(poller, now)
        for poller in [known for known in self._timed if known not in pollers]:
            self._timed.pop(poller).timer.stop()

    def _free_what_hangs(self, now: float) -> None:
        buses = self._buses()
        pollers = {timed.timer.name: timed.poller for timed in self._timed.values()}
        lent = {poller.settings.bus for poller in pollers.values() if poller.lends_its_port}
        taken = {name: bus.taken_since for name, bus in buses.items() if name not in lent}
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
        self, verdict: StallVerdict, what: str, where: Mapping[str, str], close: Callable[[], None]
    ) -> None:
        if verdict is StallVerdict.OVER:
            log.warning("%s no longer hangs", what, extra=where)
            return
        if verdict is StallVerdict.GIVE_UP:
            raise FatalError(f"{what} hangs although its bus was closed; the process must restart")
        log.error("%s hangs; closing its bus", what, extra=where)
        # In a thread of its own: closing may hang as well, and this one has to go on watching.
        threading.Thread(target=close, name=f"free-{what}", daemon=True).start()

    def shut_down(self) -> None:
        """Stop every timer first, then wait for the callbacks that still run."""
        self._roster.changed = _nothing
        for timed in self._timed.values():
            timed.timer.stop()
        deadline = self._clock.monotonic() + STOP_TIMEOUT_S
        for timed in self._timed.values():
            if not timed.timer.join(max(0.05, deadline - self._clock.monotonic())):
                log.error("poll is still running at the stop", extra={"device": timed.timer.name})
        self._timed = {}

    def _with_timer(self, poller: DevicePoller, start_at: float) -> _TimedPoller:
        period = tick_s(poller.schedule.interval_s)
        timer = self._make_timer(poller.settings.source.device, period, poller.tick)
        return _TimedPoller(poller, timer, start_at)


def _nothing() -> None:
    """There is nothing to close or to wake any more."""
