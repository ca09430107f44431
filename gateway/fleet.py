"""The devices of this gateway: those of the configuration, and those that were found.

It says which board may speak for which device, and remembers that over restarts in the journal.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from arduino_iface.device import Identity, ProtocolDevice
from arduino_iface.errors import ProtocolMismatch
from gateway.clock import WallClock
from gateway.collection.poller import DevicePoller
from gateway.discovery.book import Book, Entry, Place
from gateway.journal.types import DeviceRow
from gateway.registry import DeviceState, DeviceView, Registry

log = logging.getLogger(__name__)


class DeviceStore(Protocol):
    """Where devices are remembered: the journal."""

    def save_device(self, device: DeviceRow) -> object:
        """Insert or update by id, with the next commit."""
        ...


class Fleet:
    """Every device with its poller. Thread-safe: timers, discovery and request threads use it."""

    def __init__(
        self,
        make_poller: Callable[[str, Place, ProtocolDevice], DevicePoller],
        registry: Registry,
        store: DeviceStore,
        clock: WallClock,
    ) -> None:
        """`make_poller` makes the poller of a device that was found, by id and place."""
        self._make_poller = make_poller
        self._registry = registry
        self._store = store
        self._clock = clock
        self._guard = threading.RLock()  # guards everything below; nothing is waited for under it
        self._book = Book()
        self._pollers: dict[str, DevicePoller] = {}
        self._earlier: dict[str, str] = {}  # uid by device id, from before this start
        self.changed: Callable[[], None] = lambda: None

    def configure(self, poller: DevicePoller, place: Place) -> None:
        """Add a device of the configuration, whose place is fixed."""
        with self._guard:
            device = poller.settings.source.device
            self._book.add(Entry(device, place=place, configured=True))
            self._pollers[device] = poller

    def remember(self, rows: Sequence[DeviceRow]) -> None:
        """Take over what the journal knows from earlier runs; devices not seen since stay hidden."""
        with self._guard:
            for row in rows:
                if row.uid is None:
                    continue
                known = self._book.get(row.id)
                if known is not None and known.configured:
                    self._earlier[row.id] = row.uid
                elif known is None:
                    self._book.add(Entry(row.id, uid=row.uid))

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

    def claim(self, device: str, identity: Identity, place: Place) -> None:
        """A board has identified itself where `device` is expected: may it speak for it?

        Raises `ProtocolMismatch` when it may not: the board is another one than before, or is known as
        another device that is present elsewhere.
        """
        with self._guard:
            mine = self._book.get(device)
            if mine is not None and mine.uid not in (None, identity.uid):
                raise ProtocolMismatch(
                    f"another board answers here: uid {identity.uid} instead of {mine.uid}; if it was "
                    "exchanged on purpose, restart the gateway"
                )
            self._require_single(device, identity, place)
            self._note_exchange(device, identity)
            other = self._book.by_uid(identity.uid)
            if other is not None and other.id != device:
                self._retire(other, device)
            entry = self._book.bind(device, identity.uid, place)
            self._save(entry, identity)

    def found(self, place: Place, device: ProtocolDevice, identity: Identity) -> str:
        """A board was found where none is expected: a new one, or a known one that has moved.

        Returns the id of its device. Raises `ProtocolMismatch` when its uid is present elsewhere too.
        """
        with self._guard:
            self._require_single("", identity, place)
            entry = self._book.by_uid(identity.uid)
            if entry is None:
                entry = Entry(self._book.name_for(identity.schema.name, identity.uid))
                self._book.add(entry)
            return self._settle(entry, place, device, identity)

    def _settle(
        self, entry: Entry, place: Place, device: ProtocolDevice, identity: Identity
    ) -> str:
        bound = self._book.bind(entry.id, identity.uid, place)
        poller = self._pollers.get(entry.id)
        where = {"device": entry.id, "bus": place.bus}
        if poller is None:
            self._pollers[entry.id] = self._make_poller(entry.id, place, device)
            log.info("found at %s: uid %s", place, identity.uid, extra=where)
        else:
            poller.move(device, place.bus, place.address)
            log.info("has moved from %s to %s", entry.place or "nowhere", place, extra=where)
        self._save(bound, identity)
        self.changed()
        return entry.id

    def _require_single(self, device: str, identity: Identity, place: Place) -> None:
        """A uid that is at two places at once is two boards: never mix their readings."""
        other = self._book.by_uid(identity.uid)
        if other is None or other.id == device or other.place in (None, place):
            return
        view = self._registry.get(other.id)
        if view is not None and view.state in (DeviceState.ONLINE, DeviceState.LATE):
            raise ProtocolMismatch(
                f"uid {identity.uid} is also at {other.place} as {other.id}: two boards must not have "
                "the same identity; erase the EEPROM of one of them"
            )

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
        self._book.add(Entry(entry.id, place=None, configured=entry.configured))
        if entry.configured:
            return
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


@dataclass(frozen=True, slots=True)
class Stranger:
    """A board that may not speak for any device, shown so that somebody does something about it."""

    place: Place
    reason: str
    identity: Identity

    def view(self, simulated: bool) -> DeviceView:
        """As the registry shows it."""
        return DeviceView(
            id=f"{self.identity.schema.name}-at-{_slug(self.place)}",
            bus=self.place.bus,
            address=self.place.address,
            driver="protocol",
            state=DeviceState.QUARANTINED,
            interval_s=self.identity.schema.sample_ms / 1000,
            name=self.identity.schema.name,
            uid=self.identity.uid,
            boot=self.identity.boot,
            schema=self.identity.schema,
            detail=self.reason,
            simulated=simulated,
        )


def _slug(place: Place) -> str:
    return place.bus if place.address is None else f"{place.bus}-{place.address:02x}"
