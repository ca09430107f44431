"""The boards of this gateway: those of the configuration, and those that were found.

The roster decides which board may speak for which device, and remembers that over restarts in the journal.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from arduino_iface.device import Identity, ProtocolDevice
from arduino_iface.errors import ProtocolMismatch
from gateway.collection.poller import DevicePoller
from gateway.devices.labels import Labels
from gateway.devices.maker import DeviceMaker
from gateway.drivers.base import Driver
from gateway.journal.types import DeviceRow
from gateway.model.errors import DeviceIdTaken
from gateway.model.place import Binding, Bindings, Place
from gateway.model.registry import DeviceState, Registry
from gateway.runtime.clock import WallClock

_BOARD = "protocol"
"""The driver of the boards that the journal remembers; the others are known by their configuration."""

log = logging.getLogger(__name__)


class NotYet(Exception):
    """Whether a board may join shows only after another device was polled: try again in a moment."""


class Roster:
    """Every device that is polled. Thread-safe: timers, discovery and request threads use it."""

    def __init__(
        self, maker: DeviceMaker, registry: Registry, labels: Labels, clock: WallClock
    ) -> None:
        """Empty; `maker` asks this roster from now on whether a board may speak for a device."""
        self.changed: Callable[[], None] = _ignored
        self._maker = maker
        self._registry = registry
        self._labels = labels
        self._clock = clock
        self._guard = threading.RLock()  # guards everything below; nothing is waited for under it
        self._bindings = Bindings()
        self._pollers: dict[str, DevicePoller] = {}
        self._earlier: dict[str, str] = {}  # uid by device id, from before this start
        self._doubted: dict[str, float] = {}  # uid to when its second appearance was noticed
        maker.claim = self.claim

    def configure(self, poller: DevicePoller) -> None:
        """Add a device of the configuration, whose place is fixed."""
        with self._guard:
            settings = poller.settings
            place = Place(settings.bus, settings.address)
            self._bindings.add(Binding(settings.source.device, place=place, configured=True))
            self._pollers[settings.source.device] = poller

    def remember(self, rows: Sequence[DeviceRow]) -> None:
        """Take over what the journal knows from earlier runs; devices not seen since stay hidden."""
        told: set[str] = set()
        with self._guard:
            for row in sorted(rows, key=lambda one: one.last_seen_ms or 0, reverse=True):
                known = self._bindings.get(row.id)
                if row.uid is None or row.uid in told or is_declared(row):
                    continue  # a board that has had two names keeps the last
                told.add(row.uid)
                if known is None:
                    self._bindings.add(Binding(row.id, uid=row.uid))
                elif known.configured and known.uid is None:
                    self._earlier[row.id] = row.uid

    def driver(self, device: str) -> Driver | None:
        """What a command to a device goes to, or None for an unknown device."""
        poller = self.poller(device)
        return None if poller is None else poller.driver

    def use(self, device: str) -> AbstractContextManager[None]:
        """Use a device's driver inside a `with` statement. Entering raises `DeviceInMaintenance`."""
        poller = self.poller(device)
        return nullcontext() if poller is None else poller.gate.use()

    def lends_a_port(self) -> bool:
        """Whether a serial device is in maintenance; a port that appears now may be its boot loader's."""
        return any(poller.lends_its_port for poller in self.pollers())

    def reserve(self, device: str) -> None:
        """Keep the id for a device that has no board. Idempotent.

        Raises `DeviceIdTaken` when it belongs to a board or to the configuration.
        """
        with self._guard:
            known = self._bindings.get(device)
            if known is not None and not known.declared:
                raise DeviceIdTaken(
                    f"{device} is the id of a device of "
                    + ("the configuration" if known.configured else "a board that was found")
                )
            self._bindings.add(Binding(device, declared=True))

    def give_back(self, device: str) -> None:
        """Free an id that was kept by `reserve`."""
        with self._guard:
            self._bindings.remove(device)

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
            binding = self._bindings.at(place)
            return self._pollers.get(binding.id) if binding else None

    def nudge(self, poller: DevicePoller) -> None:
        """Have a device polled now, whatever its back-off."""
        poller.nudge()
        self.changed()

    def claim(self, device: str, identity: Identity, place: Place) -> None:
        """Let a board speak for the device that was expected there.

        Raises `ProtocolMismatch` when it may not: the board is another one than before, or is another
        device that is present elsewhere.
        """
        with self._guard:
            mine = self._bindings.get(device)
            if mine is not None and mine.uid not in (None, identity.uid):
                raise ProtocolMismatch(
                    f"another board answers here: uid {identity.uid} instead of {mine.uid}; if it was "
                    "exchanged on purpose, restart the gateway"
                )
            holder = self._registry.claim(identity.uid, device)
            if holder is not None:
                raise ProtocolMismatch(_twice(identity, holder))
            self._note_exchange(device, identity)
            other = self._bindings.by_uid(identity.uid)
            if other is not None and other.id != device:
                self._retire(other, device)
            self._save(self._bindings.bind(device, identity.uid, place), identity)

    def found(self, place: Place, device: ProtocolDevice, identity: Identity) -> str:
        """Take in a board that was found where none is expected: a new one, or a known one that has moved.

        Returns the id of its device. Raises `NotYet` while it is not clear whether the board is still at
        its former place too, and `ProtocolMismatch` when it is: two boards have the same identity.
        """
        with self._guard:
            binding = self._bindings.by_uid(identity.uid) or self._not_back_yet(identity.uid)
            if binding is None:
                binding = Binding(self._bindings.name_for(identity.schema.name, identity.uid))
                self._bindings.add(binding)
            else:
                self._require_gone(binding, identity)
            return self._settle(binding, place, device, identity)

    def _not_back_yet(self, uid: str) -> Binding | None:
        """The configured device that a board was before this start, if none has spoken for it since."""
        found = [self._bindings.get(device) for device, was in self._earlier.items() if was == uid]
        return next(
            (binding for binding in found if binding is not None and binding.uid is None), None
        )

    def _require_gone(self, binding: Binding, identity: Identity) -> None:
        """A uid that is at two places at once is two boards: never mix their readings."""
        poller, view = self._pollers.get(binding.id), self._registry.get(binding.id)
        if poller is not None and poller.held:
            raise NotYet(f"{binding.id} is in maintenance")
        if poller is not None and poller.nudged:
            raise NotYet(f"{binding.id} is about to be polled")
        if poller is None or view is None or view.state is not DeviceState.ONLINE:
            self._doubted.pop(identity.uid, None)
            return
        since = self._doubted.setdefault(identity.uid, self._clock.monotonic())
        if view.last_seen_mono is None or view.last_seen_mono <= since:
            self.nudge(poller)
            raise NotYet(f"is {binding.id} still at {binding.place}?")
        self._doubted.pop(identity.uid)
        raise ProtocolMismatch(_twice(identity, binding.id))

    def _settle(
        self, binding: Binding, place: Place, device: ProtocolDevice, identity: Identity
    ) -> str:
        bound = self._bindings.bind(binding.id, identity.uid, place)
        poller = self._pollers.get(binding.id)
        where = {"device": binding.id, "bus": place.bus}
        if poller is None:
            poller = self._maker.found(binding.id, place, device)
            poller.nudge()
            self._pollers[binding.id] = poller
            log.info("new board at %s: uid %s", place, identity.uid, extra=where)
        else:
            driver = self._maker.moved_driver(poller.settings, place, device)
            poller.move(driver, place, self._maker.disconnect(place))
            log.info("moved from %s to %s", binding.place or "unknown", place, extra=where)
        self._save(bound, identity)
        self.changed()
        return binding.id

    def _note_exchange(self, device: str, identity: Identity) -> None:
        before = self._earlier.pop(device, None)
        if before is not None and before != identity.uid:
            log.warning(
                "another board than before the restart: uid %s instead of %s",
                identity.uid,
                before,
                extra={"device": device},
            )

    def _retire(self, binding: Binding, successor: str) -> None:
        """End a device whose board the configuration claims under another id."""
        if binding.configured:
            self._bindings.add(replace(binding, uid=None))
            return
        self._bindings.add(Binding(binding.id))
        log.info(
            "renamed to %s: the configuration claims this board",
            successor,
            extra={"device": binding.id},
        )
        poller = self._pollers.pop(binding.id, None)
        if poller is not None:
            poller.retire()
        self._registry.remove(binding.id)
        self.changed()

    def _save(self, binding: Binding, identity: Identity) -> None:
        place = binding.place or Place("")
        self._labels.save_device(
            DeviceRow(
                id=binding.id,
                name=identity.schema.name,
                uid=identity.uid,
                bus=place.bus,
                address=place.address,
                driver=_BOARD,
                firmware=identity.schema.firmware,
                boot=identity.boot,
                schema_text=identity.schema.text,
                last_seen_ms=self._clock.wall_ms(),
            )
        )


def is_declared(row: DeviceRow) -> bool:
    """Whether a row of the journal is of a device without a board."""
    return row.driver not in (None, _BOARD)


def _twice(identity: Identity, holder: str) -> str:
    return (
        f"the board {identity.uid} answers as {holder} already; unplug one of the two, or give one a new "
        "identity (erase its EEPROM)"
    )


def _ignored() -> None:
    """While no collection runs."""
