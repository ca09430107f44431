"""The discovery thread: finds boards that are plugged in, and those that return."""

import logging
import threading
from collections.abc import Callable, Sequence

from gateway.devices.roster import Roster
from gateway.devices.unclaimed import UnclaimedBoard
from gateway.discovery.i2c import I2cDiscovery
from gateway.discovery.serial import SerialDiscovery
from gateway.journal.reader import JournalReader
from gateway.journal.types import DeviceRow
from gateway.model.place import Place
from gateway.model.registry import Registry
from gateway.runtime.clock import WallClock
from gateway.runtime.worker import Worker

SERIAL_INTERVAL_S = 0.2
"""Ports are looked at this often: a board that takes 1.6 s to start is to be back within two."""

UNCLAIMED_SHOWN_S = 30.0

log = logging.getLogger(__name__)


class UnclaimedBoards:
    """Boards that may not join, shown in the registry while they are there. Thread-safe."""

    def __init__(self, registry: Registry, clock: WallClock, simulated: bool) -> None:
        """Shows nothing yet."""
        self._registry = registry
        self._clock = clock
        self._simulated = simulated
        self._guard = threading.Lock()  # guards _seen
        self._seen: dict[str, tuple[float, Place]] = {}

    def show(self, unclaimed: UnclaimedBoard) -> None:
        """Show one, or go on showing it."""
        view = unclaimed.view(self._simulated)
        with self._guard:
            new = view.id not in self._seen
            self._seen[view.id] = (self._clock.monotonic(), unclaimed.place)
        if new:
            log.warning("unclaimed board at %s: %s", unclaimed.place, unclaimed.reason)
        self._registry.publish(view)

    def expire(self, now: float, is_taken: Callable[[Place], object]) -> None:
        """Stop showing those not seen for a while, and those whose place belongs to a device now."""
        with self._guard:
            gone = [
                name
                for name, (seen, place) in self._seen.items()
                if now - seen > UNCLAIMED_SHOWN_S or is_taken(place)
            ]
            for name in gone:
                del self._seen[name]
        for name in gone:
            self._registry.remove(name)


class DiscoveryWorker(Worker):
    """Runs the searches of all buses in turn."""

    name = "discovery"
    stall_after_s = 30.0

    def __init__(
        self,
        i2c: Sequence[I2cDiscovery],
        serial: SerialDiscovery,
        unclaimed: UnclaimedBoards,
        roster: Roster,
        reader: JournalReader,
        remember: Callable[[Sequence[DeviceRow]], None],
    ) -> None:
        """Touches nothing. `remember` is given what the journal has of earlier runs."""
        super().__init__()
        self._i2c = i2c
        self._serial = serial
        self._unclaimed = unclaimed
        self._roster = roster
        self._reader = reader
        self._remember = remember

    def start_up(self) -> None:
        """Remember the devices of earlier runs. Raises `JournalError`: try again later."""
        self._remember(self._reader.devices())
        self._serial.start_up()

    def step(self, now: float) -> float:
        """Look at the ports, and at each bus whose sweep is due."""
        self._serial.step()
        waits = [search.step(now) for search in self._i2c]
        self._unclaimed.expire(now, self._roster.at)
        return min([SERIAL_INTERVAL_S, *waits])

    def shut_down(self) -> None:
        """Stop the probes."""
        self._serial.shut_down()
