"""Names and metadata that are set for devices at run time; kept in the journal.

Everything else that is remembered of a device goes through here, too: its row in the journal has one writer,
so that concurrent changes do not overwrite each other.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Protocol

from gateway.drivers.intake import Committed
from gateway.journal.errors import JournalError
from gateway.journal.types import DeviceRow
from gateway.model.registry import DeviceView, Registry

COMMIT_TIMEOUT_S = 5.0
"""Timeout for a change to be on disk."""

log = logging.getLogger(__name__)


class NotStored(Exception):
    """The change was not stored, or not in time; in the latter case it may still be."""


class DeviceStore(Protocol):
    """Stores devices: the journal."""

    def save_device(self, device: DeviceRow) -> Committed:
        """Insert or update by id, with the next commit."""
        ...

    def flush(self) -> Committed:
        """Ask for a commit now."""
        ...


@dataclass(frozen=True, slots=True)
class Label:
    """What was set for a device; None: nothing, so the board's name or the configured metadata applies."""

    name: str | None = None
    metadata: Mapping[str, str] | None = None


_NO_LABEL = Label()


class Labels:
    """The labels by device. Empty before `remember`. Thread-safe."""

    def __init__(self, store: DeviceStore) -> None:
        self._store = store
        self._guard = threading.Lock()  # guards the two below and the order of saves; never a wait
        self._rows: dict[str, DeviceRow] = {}
        self._labels: Mapping[str, Label] = MappingProxyType({})

    def remember(self, rows: Sequence[DeviceRow]) -> None:
        """Take over what the journal has from earlier runs; what was set since takes precedence."""
        with self._guard:
            labels = dict(self._labels)
            for row in rows:
                if row.id not in self._rows:
                    self._rows[row.id] = row
                    labels[row.id] = Label(row.name or None, row.metadata)
            self._labels = MappingProxyType(labels)

    def of(self, device: str) -> Label:
        """What was set for a device."""
        return self._labels.get(device, _NO_LABEL)

    def save_device(self, row: DeviceRow) -> Committed:
        """Save what is known of a device and leave its label as it is. Raises `JournalError`."""
        with self._guard:
            label = self.of(row.id)
            return self._save(replace(row, name=label.name or "", metadata=label.metadata))

    def metadata_of(self, device: str) -> Mapping[str, str] | None:
        """The metadata that was set for a device, None when none was."""
        return self.of(device).metadata

    def change(self, device: str, change: Callable[[Label], Label]) -> None:
        """Change the label of a device and wait until it is on disk. Raises `NotStored`."""
        try:
            with self._guard:
                before = self.of(device)
                label = change(before)
                if label == before:
                    return
                row = self._rows.get(device) or DeviceRow(device, "")
                self._save(replace(row, name=label.name or "", metadata=label.metadata))
                self._labels = MappingProxyType({**self._labels, device: label})
            stored = self._store.flush().wait(COMMIT_TIMEOUT_S)
        except JournalError as error:
            raise NotStored(str(error)) from error
        if not stored:
            raise NotStored(f"the journal did not store it within {COMMIT_TIMEOUT_S:g} s")
        log.info("name or metadata changed", extra={"device": device})

    def forget(self, device: str) -> None:
        """Remove the label of a device and what is remembered of it. Raises `JournalError`."""
        with self._guard:
            # A row with nothing but its id: the journal deletes none.
            self._save(DeviceRow(device, "", metadata=None))
            labels = {key: label for key, label in self._labels.items() if key != device}
            self._labels = MappingProxyType(labels)

    def _save(self, row: DeviceRow) -> Committed:
        ticket = self._store.save_device(row)
        self._rows[row.id] = row
        return ticket


class LabelledDevices:
    """The registry with the labels applied."""

    def __init__(self, registry: Registry, labels: Labels) -> None:
        self._registry = registry
        self._labels = labels

    def all(self) -> tuple[DeviceView, ...]:
        """Every device, in the order in which they became known."""
        return tuple(self._labelled(view) for view in self._registry.all())

    def get(self, device: str) -> DeviceView | None:
        """One device, or None."""
        view = self._registry.get(device)
        return None if view is None else self._labelled(view)

    def change(self, device: str, change: Callable[[Label], Label]) -> DeviceView | None:
        """Change a label and return the device as it is then; None when there is no such device.

        Raises `NotStored`.
        """
        if self._registry.get(device) is None:
            return None
        self._labels.change(device, change)
        return self.get(device)

    def _labelled(self, view: DeviceView) -> DeviceView:
        label = self._labels.of(view.id)
        if label == _NO_LABEL:
            return view
        metadata = view.metadata if label.metadata is None else label.metadata
        return replace(view, name=label.name or view.name, metadata=metadata)
