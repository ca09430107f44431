"""The handle of a device without a board: whatever receives its readings reports to it."""

import contextlib
import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from arduino_iface.errors import SchemaError
from arduino_iface.schema import Schema, parse
from gateway.devices.labels import Labels
from gateway.drivers.intake import Committed, ReadingStore
from gateway.journal.errors import JournalError
from gateway.journal.types import DeviceRow
from gateway.model.errors import DeviceInMaintenance
from gateway.model.place import Place
from gateway.model.reading import Loss, Reading
from gateway.model.registry import DeviceHealth, DeviceState, DeviceView, Registry
from gateway.presence.presence import Presence, Vitals
from gateway.runtime.clock import WallClock

INTERVAL_UNKNOWN_S = 86400.0
"""Of devices that send when they have something to say: silent for three days, they count as stale."""

SEEN_SAVED_EVERY_S = 5.0
"""Shortest time between two savings of "last seen": so much of it a restart may forget."""

_NOTHING: Mapping[str, str] = {}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DeviceDescription:
    """A device whose readings come by another way than a bus.

    `origin` names that way ("http", "mqtt", "model"); it is shown as the device's driver. `place`: a bus and
    an address, None for a device on no bus. `interval_s`: seconds between readings, None when they are
    irregular. `name`: what people call it, the id when empty. `uid`: what the device calls itself.
    """

    id: str
    schema: Schema | None
    place: Place | None = None
    origin: str = "http"
    interval_s: float | None = None
    metadata: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    name: str = ""
    uid: str | None = None


class DeviceHandle:
    """One declared device. Thread-safe; made by `Devices.declare`."""

    def __init__(
        self,
        description: DeviceDescription,
        registry: Registry,
        store: ReadingStore,
        labels: Labels,
        clock: WallClock,
    ) -> None:
        """Shows the device as offline; it becomes online when it is first heard."""
        self._description = description
        self._store = store
        self._labels = labels
        self._clock = clock
        self._lost = 0
        self._remembered = False  # whether the journal was read, so that it may be written
        self._saved_ms: int | None = None  # the "last seen" that was saved
        self._saved_mono = 0.0
        self._holding = threading.Lock()  # held while the device is in maintenance
        self._presence = Presence(
            _first_view(description),
            registry,
            clock,
            self._vitals,
            silence=("device sends nothing", "device sends again"),
        )

    @property
    def description(self) -> DeviceDescription:
        """What the device was declared as."""
        return self._description

    @property
    def view(self) -> DeviceView:
        """The latest snapshot."""
        return self._presence.view

    def append(self, readings: Sequence[Reading], losses: Sequence[Loss] = ()) -> Committed:
        """Give readings to the journal, with the device's metadata; the device counts as seen.

        The ticket is done when they are on disk. Raises `JournalFull` (nothing was taken), and `ValueError`
        for readings and losses of another device.
        """
        device = self._description.id
        for other in {one.device for one in readings} | {one.device for one in losses}:
            if other != device:
                raise ValueError(f"a reading of {other} was given to the handle of {device}")
        if readings:
            self.seen()
        ticket = self._store.append([self._stamped(one) for one in readings], losses)
        self._lost += sum(loss.count for loss in losses)
        return ticket

    def seen(self) -> None:
        """The device was heard just now, whether or not it sent readings."""
        self._presence.seen(schema=self._description.schema, uid=self._description.uid)

    def silent(self, reason: str) -> None:
        """The device is known to be unreachable, for example by its last will. `reason` is shown."""
        self._presence.silent(reason)

    @contextmanager
    def maintenance(self, reason: str) -> Iterator[None]:
        """Show the device as in maintenance inside a `with` statement. What it sends is stored all the same.

        Raises `DeviceInMaintenance` when it is already.
        """
        if not self._holding.acquire(blocking=False):
            raise DeviceInMaintenance(self._description.id, self.view.maintenance or reason)
        try:
            self._presence.hold(reason)
            yield
        finally:
            self._presence.release()
            self._holding.release()

    def age(self, now: float) -> None:
        """Become late and offline by the age of what was heard last, and save when that was.

        `now`: monotonic seconds. Called by one thread, each second or so.
        """
        self._presence.age_unasked(now)
        news = self.view.last_seen_ms != self._saved_ms
        if self._remembered and news and now - self._saved_mono >= SEEN_SAVED_EVERY_S:
            self._save()

    def change(self, description: DeviceDescription) -> None:
        """Take over another description of the same device."""
        if description == self._description:
            return
        self._description = description
        self._presence.publish(**_facts(description))
        if self._remembered:
            self._save()

    def remember(self, row: DeviceRow | None) -> None:
        """Save the device from now on. `row`: what the journal has of an earlier run, if anything.

        Not before the journal was read: what it has of the device would be overwritten.
        """
        if row is not None:
            self._presence.recall(row.last_seen_ms)
        self._remembered = True
        self._save()

    def retire(self) -> None:
        """Publish nothing from now on: the device was forgotten."""
        self._remembered = False
        self._presence.retire()

    def _save(self) -> None:
        self._saved_mono = self._clock.monotonic()
        seen_ms = self.view.last_seen_ms
        try:
            self._labels.save_device(_row(self._description, seen_ms))
        except JournalError as error:
            log.debug("not saved, tried again later: %s", error, extra={"device": self.view.id})
        else:
            self._saved_ms = seen_ms

    def _stamped(self, reading: Reading) -> Reading:
        metadata = self._labels.metadata_of(reading.device)
        if metadata is None:
            metadata = self._description.metadata
        if reading.metadata:
            metadata = {**reading.metadata, **metadata}
        return replace(reading, metadata=metadata)

    def _vitals(self) -> Vitals:
        return Vitals(_interval_s(self._description), DeviceHealth(lost=self._lost))


def restored(row: DeviceRow) -> DeviceDescription:
    """What is known after a restart of a device that was declared in an earlier run."""
    schema = None
    if row.schema_text:
        with contextlib.suppress(SchemaError):
            schema = parse(row.schema_text)
    place = None if row.bus is None else Place(row.bus, row.address)
    return DeviceDescription(row.id, schema, place, origin=row.driver or "", uid=row.uid)


def _row(description: DeviceDescription, last_seen_ms: int | None) -> DeviceRow:
    schema, place = description.schema, description.place
    return DeviceRow(
        id=description.id,
        name="",  # what people call it is kept by the labels
        uid=description.uid,
        bus=None if place is None else place.bus,
        address=None if place is None else place.address,
        driver=description.origin,
        firmware=None if schema is None else schema.firmware,
        schema_text=None if schema is None else schema.text,
        last_seen_ms=last_seen_ms,
    )


def _interval_s(description: DeviceDescription) -> float:
    return INTERVAL_UNKNOWN_S if description.interval_s is None else description.interval_s


def _facts(description: DeviceDescription) -> dict[str, object]:
    """The fields of the view that the description tells."""
    place = description.place
    return {
        "bus": None if place is None else place.bus,
        "address": None if place is None else place.address,
        "driver": description.origin,
        "name": description.name or description.id,
        "uid": description.uid,
        "schema": description.schema,
        "metadata": description.metadata,
    }


def _first_view(description: DeviceDescription) -> DeviceView:
    empty = DeviceView(
        id=description.id,
        bus=None,
        address=None,
        driver=description.origin,
        state=DeviceState.OFFLINE,
        interval_s=_interval_s(description),
        detail="not heard of yet",
    )
    return replace(empty, **_facts(description))  # type: ignore[arg-type]
