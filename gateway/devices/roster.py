"""The devices of this gateway: those of the configuration, and those that were found.

It says which board may speak for which device, and remembers that over restarts in the journal.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from arduino_iface.device import Identity, ProtocolDevice
from arduino_iface.errors import ProtocolMismatch
from gateway.collection.poller import DevicePoller
from gateway.devices.maker import INTERVAL_DEFAULT_S, DeviceMaker
from gateway.drivers.base import Driver
from gateway.journal.types import DeviceRow
from gateway.model.place import Book, Entry, Place
from gateway.model.registry import DeviceState, DeviceView, Registry
from gateway.runtime.clock import WallClock

log = logging.getLogger(__name__)


class NotYet(Exception):
    """Whether a board may join shows only after another device was asked: look again in a moment."""


class DeviceStore(Protocol):
    """Where devices are remembered: the journal."""

    def save_device(self, device: DeviceRow) -> object:
        """Insert or update by id, with the next commit."""
        ...


class Fleet:
    """Every device with its poller. Thread-safe: timers, discovery and request threads use it."""

    def __init__(
        self, maker: DeviceMaker, registry: Registry, store: DeviceStore, clock: WallClock
    ) -> None:
        """Empty; `maker` asks this fleet from now on whether a board may speak for a device."""
        self.changed: Callable[[], None] = _nobody_listens
        self._maker = maker
        self._registry = registry
        self._store = store
        self._clock = clock
        self._guard = threading.RLock()  # guards everything below; nothing is waited for under it
        self._book = Book()
        self._pollers: dict[str, DevicePoller] = {}
        self._earlier: dict[str, str] = {}  # uid by device id, from before this start
        self._doubted: dict[str, float] = {}  # uid to when its second appearance was noticed
        maker.claim = self.claim

    def configure(self, poller: DevicePoller) -> None:
        """Add a device of the configuration, whose place is fixed."""
        with self._guard:
            settings = poller.settings
            place = Place(settings.bus, settings.address)
            self._book.add(Entry(settings.source.device, place=place, configured=True))
            self._pollers[settings.source.device] = poller

    def remember(self, rows: Sequence[DeviceRow]) -> None:
        """Take over what the journal knows from earlier runs; devices not seen since stay hidden."""
        told: set[str] = set()
        with self._guard:
            for row in sorted(rows, key=lambda one: one.last_seen_ms or 0, reverse=True):
                known = self._book.get(row.id)
                if row.uid is None or row.uid in told:
                    continue  # a board that has had two names keeps the last
                told.add(row.uid)
                if known is None:
                    self._book.add(Entry(row.id, uid=row.uid))
                elif known.configured and known.uid is None:
                    self._earlier[row.id] = row.uid

    def driver(self, device: str) -> Driver | None:
        """What a command to a device goes to, or None for an unknown device."""
        poller = self.poller(device)
        return None if poller is None else poller.driver

    def pollers(self) -> Sequence[DevicePoller]:
        """Every poller, those of the configuration first."""
        with self._guard:
            return tuple(self._pollers.values())

    def poller(self, device: str) -> DevicePoller | None:
        """One device's poller, or None."""
        with self._guard:
            return self._pollers.get(device)

    def at(self, place: Place) -> DevicePoller | None:
        """The poller of the device that a place belongs to, or None."""
        with self._guard:
            entry = self._book.at(place)
            return self._pollers.get(entry.id) if entry else None

    def nudge(self, poller: DevicePoller) -> None:
        """Have a device looked at now, whatever its back-off says."""
        poller.nudge()
        self.changed()

    def claim(self, device: str, identity: Identity, place: Place) -> None:
        """Let a board speak for the device that was expected there.

        Raises `ProtocolMismatch` when it may not: the board is another one than before, or is another
        device that is present elsewhere.
        """
        with self._guard:
            mine = self._book.get(device)
            if mine is not None and mine.uid not in (None, identity.uid):
                raise ProtocolMismatch(
                    f"another board answers here: uid {identity.uid} instead of {mine.uid}; if it was "
                    "exchanged on purpose, restart the gateway"
                )
            holder = self._registry.claim(identity.uid, device)
            if holder is not None:
                raise ProtocolMismatch(_twice(identity, holder))
            self._note_exchange(device, identity)
            other = self._book.by_uid(identity.uid)
            if other is not None and other.id != device:
                self._retire(other, device)
            self._save(self._book.bind(device, identity.uid, place), identity)

    def found(self, place: Place, device: ProtocolDevice, identity: Identity) -> str:
        """A board was found where none is expected: a new one, or a known one that has moved.

        Returns the id of its device. Raises `NotYet` while it is not clear whether the board is still at
        its former place too, and `ProtocolMismatch` when it is: two boards have the same identity.
        """
        with self._guard:
            entry = self._book.by_uid(identity.uid) or self._not_back_yet(identity.uid)
            if entry is None:
                entry = Entry(self._book.name_for(identity.schema.name, identity.uid))
                self._book.add(entry)
            else:
                self._require_gone(entry, identity)
            return self._settle(entry, place, device, identity)

    def _not_back_yet(self, uid: str) -> Entry | None:
        """The configured device that a board was before this start, if none has spoken for it since."""
        entries = [self._book.get(device) for device, was in self._earlier.items() if was == uid]
        return next((entry for entry in entries if entry is not None and entry.uid is None), None)

    def _require_gone(self, entry: Entry, identity: Identity) -> None:
        """A uid that is at two places at once is two boards: never mix their readings."""
        poller, view = self._pollers.get(entry.id), self._registry.get(entry.id)
        if poller is not None and poller.nudged:
            raise NotYet(f"{entry.id} is about to be asked")
        if poller is None or view is None or view.state is not DeviceState.ONLINE:
            self._doubted.pop(identity.uid, None)
            return
        since = self._doubted.setdefault(identity.uid, self._clock.monotonic())
        if view.last_seen_mono is None or view.last_seen_mono <= since:
            self.nudge(poller)
            raise NotYet(f"is {entry.id} still at {entry.place}?")
        self._doubted.pop(identity.uid)
        raise ProtocolMismatch(_twice(identity, entry.id))

    def _settle(
        self, entry: Entry, place: Place, device: ProtocolDevice, identity: Identity
    ) -> str:
        bound = self._book.bind(entry.id, identity.uid, place)
        poller = self._pollers.get(entry.id)
        where = {"device": entry.id, "bus": place.bus}
        if poller is None:
            poller = self._maker.found(entry.id, place, device)
            poller.nudge()
            self._pollers[entry.id] = poller
            log.info("found at %s: uid %s", place, identity.uid, extra=where)
        else:
            driver = self._maker.moved_driver(poller.settings, place, device)
            poller.move(driver, place, self._maker.disconnect(place))
            log.info("has moved from %s to %s", entry.place or "nowhere", place, extra=where)
        self._save(bound, identity)
        self.changed()
        return entry.id

    def _note_exchange(self, device: str, identity: Identity) -> None:
        before = self._earlier.pop(device, None)
        if before is not None and before != identity.uid:
            log.warning(
                "another board than before the restart: uid %s instead of %s",
                identity.uid,
                before,
                extra={"device": device},
            )

    def _retire(self, entry: Entry, successor: str) -> None:
        """A board that was found before stands now where the configuration names it."""
        if entry.configured:
            self._book.add(replace(entry, uid=None))
            return
        self._book.add(Entry(entry.id))
        log.info("is %s from now on", successor, extra={"device": entry.id})
        poller = self._pollers.pop(entry.id, None)
        if poller is not None:
            poller.retire()
        self._registry.remove(entry.id)
        self.changed()

    def _save(self, entry: Entry, identity: Identity) -> None:
        place = entry.place or Place("")
        self._store.save_device(
            DeviceRow(
                id=entry.id,
                name=identity.schema.name,
                uid=identity.uid,
                bus=place.bus,
                address=place.address,
                driver="protocol",
                firmware=identity.schema.firmware,
                boot=identity.boot,
                schema_text=identity.schema.text,
                last_seen_ms=self._clock.wall_ms(),
            )
        )


def _twice(identity: Identity, holder: str) -> str:
    return (
        f"the board {identity.uid} answers as {holder} already; take one of the two away, or give one a "
        "new identity (erase its EEPROM)"
    )


def _nobody_listens() -> None:
    """Until somebody wants to know that pollers have come or gone."""


@dataclass(frozen=True, slots=True)
class Stranger:
    """A board that may not speak for any device, shown so that somebody does something about it."""

    place: Place
    reason: str
    identity: Identity | None
    """None for a board that answers and cannot say who it is in a way that is understood."""

    def view(self, simulated: bool) -> DeviceView:
        """As the registry shows it."""
        known = self.identity
        name = "board" if known is None else known.schema.name
        return DeviceView(
            id=f"{name}-at-{_slug(self.place)}",
            bus=self.place.bus,
            address=self.place.address,
            driver="protocol",
            state=DeviceState.QUARANTINED,
            interval_s=INTERVAL_DEFAULT_S if known is None else known.schema.sample_ms / 1000,
            name=name,
            uid=None if known is None else known.uid,
            boot=None if known is None else known.boot,
            schema=None if known is None else known.schema,
            detail=self.reason,
            simulated=simulated,
        )


def _slug(place: Place) -> str:
    return place.bus if place.address is None else f"{place.bus}-{place.address:02x}"
