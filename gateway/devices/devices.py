"""All devices of this gateway, as parts see them: those with a board, and those that are declared."""

import logging
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager

from gateway.devices.handle import DeviceDescription, DeviceHandle, restored
from gateway.devices.labels import Labels
from gateway.devices.ports import PortMemory, is_port
from gateway.devices.roster import Roster, is_declared
from gateway.drivers.intake import ReadingStore
from gateway.journal.types import DeviceRow
from gateway.model.errors import DeviceIdTaken, UnknownDevice
from gateway.model.registry import Registry
from gateway.runtime.clock import WallClock

MAINTENANCE_WAIT_S = 30.0
"""How long a poll or a command that is under way may delay maintenance."""

_BOARDS = ("", "protocol")

log = logging.getLogger(__name__)


class Devices:
    """Declares devices, forgets them, holds any of them for maintenance. Thread-safe."""

    def __init__(
        self,
        roster: Roster,
        registry: Registry,
        store: ReadingStore,
        labels: Labels,
        clock: WallClock,
        ports: PortMemory | None = None,
    ) -> None:
        """`ports` None: no board has to be known by its port."""
        self._ports = ports
        self._roster = roster
        self._registry = registry
        self._store = store
        self._labels = labels
        self._clock = clock
        self._guard = threading.RLock()  # guards everything below; nothing is waited for under it
        self._handles: dict[str, DeviceHandle] = {}
        self._unclaimed: set[str] = set()  # known from an earlier run and not declared since
        self._rows: dict[str, DeviceRow] | None = None  # of earlier runs; None until they are read

    def declare(self, description: DeviceDescription) -> DeviceHandle:
        """Add a device whose readings come by another way than a bus.

        Idempotent for the same id and origin; the latest description holds. The device is remembered over
        restarts. Raises `DeviceIdTaken` when the id belongs to a board, to the configuration or to another
        origin, and `ValueError` for an origin that is a driver's name.
        """
        device = description.id
        if description.origin in _BOARDS:
            raise ValueError(f"{description.origin!r} is no origin of a device without a board")
        with self._guard:
            handle = self._handles.get(device)
            if handle is not None:
                origin = handle.description.origin
                if origin != description.origin and device not in self._unclaimed:
                    raise DeviceIdTaken(
                        f"{device} is the id of a device that sends through {origin}"
                    )
                handle.change(description)
            else:
                handle = self._add(description)
                if self._rows is not None:
                    handle.remember(self._rows.get(device))
            self._unclaimed.discard(device)
            return handle

    def forget(self, device: str) -> None:
        """Remove a declared device, its name and its metadata; its readings stay.

        Raises `UnknownDevice` for a device that was not declared, and `JournalError`.
        """
        with self._guard:
            handle = self._handles.get(device)
            if handle is None:
                raise UnknownDevice(device)
            self._labels.forget(device)
            handle.retire()
            del self._handles[device]
            self._unclaimed.discard(device)
            if self._rows is not None:
                self._rows.pop(device, None)
            self._registry.remove(device)
            self._roster.give_back(device)

    def handle(self, device: str) -> DeviceHandle | None:
        """The handle of a declared device, or None."""
        with self._guard:
            return self._handles.get(device)

    def maintenance(
        self, device: str, reason: str, timeout_s: float = MAINTENANCE_WAIT_S
    ) -> AbstractContextManager[None]:
        """Hold a device inside a `with` statement, for as long as that takes: no polls, no commands.

        Entering waits for the poll and the command under way, `timeout_s` real seconds at most. Meanwhile a
        serial port is closed and may be used otherwise; on I2C only the address is held. Afterwards the board
        is identified anew. Raises `UnknownDevice`; entering raises `DeviceInMaintenance` when the device is
        held already, and `MaintenanceTimeout`.
        """
        poller = self._roster.poller(device)
        if poller is not None:
            return poller.maintenance(reason, timeout_s)
        handle = self.handle(device)
        if handle is None:
            raise UnknownDevice(device)
        return handle.maintenance(reason)

    def remember(self, rows: Sequence[DeviceRow]) -> None:
        """Take over what the journal has from earlier runs: labels, boards and declared devices."""
        self._labels.remember(rows)
        self._roster.remember([row for row in rows if not is_port(row)])
        if self._ports is not None:
            self._ports.remember(rows)
        with self._guard:
            self._rows = {row.id: row for row in rows if is_declared(row)}
            for device, row in self._rows.items():
                if device not in self._handles:
                    self._restore(row)
            for device, handle in self._handles.items():
                handle.remember(self._rows.get(device))

    def age(self, now: float) -> None:
        """Let the declared devices become late and offline. `now`: monotonic seconds."""
        with self._guard:
            handles = list(self._handles.values())
        for handle in handles:
            handle.age(now)

    def _restore(self, row: DeviceRow) -> None:
        try:
            self._add(restored(row))
        except DeviceIdTaken as error:
            log.info("no longer sends through %s: %s", row.driver, error, extra={"device": row.id})
        else:
            self._unclaimed.add(row.id)

    def _add(self, description: DeviceDescription) -> DeviceHandle:
        self._roster.reserve(description.id)
        handle = DeviceHandle(description, self._registry, self._store, self._labels, self._clock)
        self._handles[description.id] = handle
        return handle
