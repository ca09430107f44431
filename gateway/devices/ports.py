"""Which board is at which serial port, for boards that cannot say who they are.

A sketch that prints lines has no identity. Its port is named by the order in which ports were found
(`/dev/ttyUSB0`), which changes when a hub or the whole machine was without power. So for each such device
the USB serial number of its board is remembered, or its place on the hub when it has none. Readings are never
stored under the name of another board: the port is followed to its new name, or the device is quarantined.

A port below `/dev/serial/by-path`, or one below `by-id` with a serial number, names its board itself.
"""

import logging
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from arduino_iface.errors import PortLost, ProtocolMismatch
from arduino_iface.serial_transport import PortGuard
from arduino_iface.usb_tree import UsbIdentity, UsbTree
from gateway.config.settings import BusSettings, BusType, DeviceSettings
from gateway.devices.port_users import port_users
from gateway.journal.errors import JournalError
from gateway.journal.types import DeviceRow

BY_PATH = "/dev/serial/by-path/"
BY_ID = "/dev/serial/by-id/"
_IDENTIFIED = "protocol"
"""The driver whose boards say who they are."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Guarded:
    """A device whose board cannot say who it is, and its port in the configuration."""

    device: str
    bus: str
    port: str


class PortMemory:
    """The boards of all such devices. Thread-safe; nothing is waited for under its lock."""

    def __init__(
        self,
        buses: Sequence[BusSettings],
        devices: Sequence[DeviceSettings],
        save: Callable[[DeviceRow], object],
        tree: UsbTree | None = None,
    ) -> None:
        """Reads nothing yet. `save` puts what is remembered into the journal."""
        self._tree = tree or UsbTree()
        self._save = save
        self._lock = threading.Lock()  # guards the two below
        self._known: dict[str, UsbIdentity] = {}
        self._remembers = False
        ports = {one.name: one.port for one in buses if one.type is BusType.SERIAL}
        self._guarded = {
            one.bus: _Guarded(one.id, one.bus, ports[one.bus])
            for one in devices
            if one.bus in ports and one.driver != _IDENTIFIED
        }

    def remember(self, rows: Sequence[DeviceRow]) -> None:
        """Take over what the journal has; what was seen since takes precedence."""
        names = {one.device for one in self._guarded.values()}
        with self._lock:
            for row in rows:
                identity = None if row.uid is None else UsbIdentity.parse(row.uid)
                if identity is not None and row.id in names:
                    self._known.setdefault(row.id, identity)
            self._remembers = True

    def guard(self, bus: BusSettings) -> PortGuard | None:
        """The guard of a bus; None when the board there says who it is."""
        guarded = self._guarded.get(bus.name)
        return None if guarded is None else _Guard(self, guarded)

    def locate(self, guarded: _Guarded) -> str:
        """Where the board of a device is now. Raises `ProtocolMismatch`, `PortLost`."""
        found = self._tree.at(guarded.port)
        with self._lock:
            if not self._remembers:
                raise PortLost(f"{guarded.port} is opened when the journal has told whose it is")
            problem = self._problem(guarded, found)
            if problem is None and (found is not None or Path(guarded.port).exists()):
                return guarded.port
            elsewhere = self._elsewhere(guarded)
        if elsewhere is None:
            if problem is None:
                return guarded.port  # opening it says what is wrong
            raise ProtocolMismatch(problem)
        log.warning(
            "the names of ports have changed: the board is at %s, not at %s; take a name from %s",
            *(elsewhere, guarded.port, BY_PATH),
            extra={"device": guarded.device, "bus": guarded.bus},
        )
        return elsewhere

    def confirm(self, guarded: _Guarded, device_number: int) -> None:
        """Remember what was opened. Raises `ProtocolMismatch` when it is another device's board."""
        found = self._tree.of(device_number)
        # A program that had the port open before goes on reading: TIOCEXCL refuses new ones only.
        users = port_users(device_number)
        if users:
            log.warning(
                "the port is open in %s too, which takes bytes away: stop it",
                ", ".join(users),
                extra={"device": guarded.device, "bus": guarded.bus},
            )
        with self._lock:
            problem = self._problem(guarded, found)
            if problem is not None:
                raise ProtocolMismatch(problem)
            before = self._known.get(guarded.device)
            if found is None or found == before:
                return
            self._known[guarded.device] = found
        if before is not None:
            log.warning(
                "another board, or another place of it: %s instead of %s",
                *(found, before),
                extra={"device": guarded.device, "bus": guarded.bus},
            )
        try:
            self._save(DeviceRow(guarded.device, "", uid=str(found), bus=guarded.bus))
        except JournalError as error:
            log.debug("the port is remembered until the gateway ends: %s", error)

    def _problem(self, guarded: _Guarded, found: UsbIdentity | None) -> str | None:
        """Why the board that was found is not that of the device; None: it is, or can be."""
        if found is None or names_its_board(guarded.port, found):
            return None
        stranger = Sight(self._known, list(self._tree.ports().values())).stranger(
            guarded.device, found
        )
        if stranger is None:
            return None
        return (
            f"{guarded.port} leads to {stranger} now: the names of ports have changed; "
            f"in [[bus]] {guarded.bus}, take a port from {BY_PATH}, whose names stay"
        )

    def _elsewhere(self, guarded: _Guarded) -> str | None:
        """The path of the device's board, None when it is not plugged in."""
        known, present = self._known.get(guarded.device), self._tree.ports()
        if known is None or names_its_board(guarded.port, known):
            return None
        sight = Sight(self._known, list(present.values()))
        return next((path for path, one in present.items() if sight.same(one, known)), None)


@dataclass(frozen=True, slots=True)
class _Guard:
    """The guard of one port."""

    memory: PortMemory
    guarded: _Guarded

    def locate(self, _path: str) -> str:
        """Where the board is now."""
        return self.memory.locate(self.guarded)

    def confirm(self, device_number: int) -> None:
        """Whether it is that board."""
        self.memory.confirm(self.guarded, device_number)


def is_port(row: DeviceRow) -> bool:
    """Whether a row of the journal tells of a port, not of a board that has said who it is."""
    return row.uid is not None and UsbIdentity.parse(row.uid) is not None


def names_its_board(port: str, identity: UsbIdentity) -> bool:
    """Whether the name of a port stays with its board or its place."""
    if port.startswith(BY_PATH):
        return True
    serial = identity.own_serial
    return port.startswith(BY_ID) and serial is not None and serial in Path(port).name


@dataclass(frozen=True, slots=True)
class Sight:
    """What is remembered by device, and what is plugged in. Pure."""

    known: Mapping[str, UsbIdentity]
    present: Collection[UsbIdentity]

    def stranger(self, device: str, found: UsbIdentity) -> str | None:
        """Whose board was found, in words, when it must not speak for the device; None: it may."""
        known = self.known.get(device)
        others = {name: one for name, one in self.known.items() if name != device}
        if known is not None and self.same(found, known):
            return None
        for name, other in others.items():
            if self.same(found, other):
                return f"the board of {name}"
        if known is None:
            return None
        if self._is_present(known):
            return "another board"
        if self._serial(found) is not None:
            return None  # it was never here: it was exchanged on purpose
        kin = [
            name
            for name, other in others.items()
            if other.kind == found.kind and not self._is_present(other)
        ]
        return f"a board that may be that of {' or '.join(sorted(kin))}" if kin else None

    def same(self, one: UsbIdentity, other: UsbIdentity) -> bool:
        """Whether two looks were at the same board, as far as can be told."""
        if one.kind != other.kind:
            return False
        serials = self._serial(one), self._serial(other)
        if None in serials:
            return serials == (None, None) and one.position == other.position
        return serials[0] == serials[1]

    def _is_present(self, known: UsbIdentity) -> bool:
        return any(self.same(one, known) for one in self.present)

    def _serial(self, identity: UsbIdentity) -> str | None:
        """A serial number that no other board has."""
        serial = identity.own_serial
        for those in (self.known.values(), self.present):
            places = {one for one in those if (one.kind, one.serial) == (identity.kind, serial)}
            if len(places) > 1:
                return None
        return serial
