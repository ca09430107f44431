"""The discovery thread: boards are found when they are plugged in, and when they are back."""

import logging
import threading
from collections.abc import Callable, Sequence

from gateway.devices.roster import Fleet, Stranger
from gateway.discovery.i2c import I2cDiscovery
from gateway.discovery.serial import SerialDiscovery
from gateway.journal.reader import JournalReader
from gateway.model.place import Place
from gateway.model.registry import Registry
from gateway.runtime.clock import WallClock
from gateway.runtime.worker import Worker

SERIAL_INTERVAL_S = 0.2
"""Ports are looked at this often: a board that takes 1.6 s to start is to be back within two."""

STRANGER_SHOWN_S = 30.0

log = logging.getLogger(__name__)


class Strangers:
    """Boards that may not join, shown in the registry until they have gone. Thread-safe."""

    def __init__(self, registry: Registry, clock: WallClock, simulated: bool) -> None:
        """Shows nothing yet."""
        self._registry = registry
        self._clock = clock
        self._simulated = simulated
        self._guard = threading.Lock()  # guards _seen
        self._seen: dict[str, tuple[float, Place]] = {}

    def show(self, stranger: Stranger) -> None:
        """Show one, or keep showing it."""
        view = stranger.view(self._simulated)
        with self._guard:
            new = view.id not in self._seen
            self._seen[view.id] = (self._clock.monotonic(), stranger.place)
        if new:
            log.warning("a stranger at %s: %s", stranger.place, stranger.reason)
        self._registry.publish(view)

    def expire(self, now: float, is_taken: Callable[[Place], object]) -> None:
        """Stop showing those not met for a while, and those whose place is a device's by now."""
        with self._guard:
            gone = [
                name
                for name, (seen, place) in self._seen.items()
                if now - seen > STRANGER_SHOWN_S or is_taken(place)
            ]
            for name in gone:
                del self._seen[name]
        for name in gone:
            self._registry.remove(name)


class DiscoveryWorker(Worker):
    """Steps through the searches of every bus."""

    name = "discovery"
    stall_after_s = 30.0

    def __init__(
        self,
        i2c: Sequence[I2cDiscovery],
        serial: SerialDiscovery,
        strangers: Strangers,
        fleet: Fleet,
        reader: JournalReader,
    ) -> None:
        """Touches nothing."""
        super().__init__()
        self._i2c = i2c
        self._serial = serial
        self._strangers = strangers
        self._fleet = fleet
        self._reader = reader

    def start_up(self) -> None:
        """Remember the boards of earlier runs. Raises `JournalError`: try again later."""
        self._fleet.remember(self._reader.devices())
        self._serial.start_up()

    def step(self, now: float) -> float:
        """Look at the ports, and at each bus when its turn has come."""
        self._serial.step()
        waits = [search.step(now) for search in self._i2c]
        self._strangers.expire(now, self._fleet.at)
        return min([SERIAL_INTERVAL_S, *waits])

    def shut_down(self) -> None:
        """Stop asking."""
        self._serial.shut_down()
