"""What happens, told live: new readings, changed devices, changed commands, to any number of listeners.

The events of the last moments are kept once, for all. A listener keeps nothing but its place, so one that
does not keep up costs nothing; it reads what it has missed from the journal (`gateway.live.stream`).

A place (`Position`) is the journal's own number, which only rises and survives a restart. Changes of devices
are not in the journal: they count within one run of the gateway, and after a restart every device counts as
changed.
"""

import secrets
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice

from gateway.journal.types import Entry, StoredCommand
from gateway.model.reading import StoredReading
from gateway.model.registry import DeviceHealth, DeviceView

KEPT = 1024
"""Events kept in memory, about 1 kB each, for those who keep up; who falls behind reads the journal."""

_NUMBER_MAX = 2**63 - 1
_PARTS, _PARTS_OF_0_1_0 = 4, 5


class EventType(StrEnum):
    """The kinds of events. `ALERT` is reserved: nothing makes one yet."""

    READING = "reading"
    DEVICE = "device"
    COMMAND = "command"
    ALERT = "alert"


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the stream: everything up to these numbers was told.

    `journal` names the file that `seq` counts in; `run` the run of the gateway that `change` counts in.
    """

    journal: str = ""
    seq: int = 0
    run: str = ""
    change: int = 0

    def __str__(self) -> str:
        """As it goes to a client and comes back."""
        return f"{self.journal}.{self.seq}.{self.run}.{self.change}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Understand what `str` made, and ids of gateway 0.1.0. Raises `ValueError`."""
        parts = text.split(".")
        if len(text) > 120 or not text.isascii() or len(parts) not in (_PARTS, _PARTS_OF_0_1_0):
            raise ValueError("not an event id of this gateway")
        # In 0.1.0 the third part counted commands apart. They have other numbers now, all above any row of
        # that time, so behind the row nothing is left out; some commands are told once more.
        journal, seq, *version, run, change = parts
        if not all(one.isdigit() and int(one) <= _NUMBER_MAX for one in (seq, *version, change)):
            raise ValueError("not an event id of this gateway")
        return cls(journal, int(seq), run, int(change))


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """One thing that happened; `position` is the place right behind it."""

    type: EventType
    device: str
    item: StoredReading | StoredCommand | DeviceView
    position: Position


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The feed at one moment: the number of its next event, its place, and every device's last change."""

    number: int
    position: Position
    devices: Sequence[tuple[int, DeviceView]]


class EventFeed:
    """The newest events. The journal's writer and the collection publish; any thread listens."""

    def __init__(
        self,
        device: Callable[[str], DeviceView | None],
        journal_id: Callable[[], str],
        *,
        kept: int = KEPT,
        paced: bool = False,
    ) -> None:
        """`device` looks a device up without taking a lock; `journal_id` names the journal's file.

        `paced`: listeners are not woken by each event, but by `announce`.
        """
        self._device = device
        self._journal_id = journal_id
        self._news = threading.Condition()  # guards everything below
        self._events: deque[Event] = deque(maxlen=kept)
        self._following = 0  # number of the next event
        self._position = Position(run=secrets.token_hex(4))
        self._devices: dict[str, tuple[int, DeviceView]] = {}
        self._primed = False
        self._paced = paced
        self._unannounced = threading.Event()

    @property
    def primed(self) -> bool:
        """Whether it knows where the journal stands."""
        with self._news:
            return self._primed

    def prime(self, seq: int) -> None:
        """Say where the journal stands; once, before anybody listens. Later calls change nothing.

        The place must not run ahead of what was published: who listens would take it for told.
        """
        journal = self._journal_id()
        with self._news:
            if self._primed:
                return
            known = self._position
            self._position = replace(known, journal=journal, seq=max(known.seq, seq))
            self._primed = True

    def publish(self, entries: Sequence[Entry]) -> None:
        """Newly stored entries, in the order of their numbers; the journal's writer calls it."""
        journal = self._journal_id()  # another one when a damaged file was replaced
        with self._news:
            self._position = replace(self._position, journal=journal)
            for one in entries:
                seq = max(self._position.seq, one.seq)
                if isinstance(one, StoredReading):
                    self._add(EventType.READING, one.reading.device, one, seq=seq)
                elif isinstance(one, StoredCommand):
                    self._add(EventType.COMMAND, one.record.device, one, seq=seq)
            self._tell()

    def publish_device(self, device: str) -> None:
        """A device may have changed. What changes with every poll is no event."""
        with self._news:
            # Looked up here and not given: of two threads that publish, the later one sees the newer.
            view = self._device(device)
            if view is None:
                self._devices.pop(device, None)
                return
            known = self._devices.get(device)
            if known is not None and _lasting(known[1]) == _lasting(view):
                return
            change = self._position.change + 1
            self._devices[device] = (change, view)
            self._add(EventType.DEVICE, device, view, change=change)
            self._tell()

    def snapshot(self) -> Snapshot:
        """Where the feed stands now."""
        with self._news:
            devices = sorted(self._devices.values(), key=lambda entry: entry[0])
            return Snapshot(self._following, self._position, devices)

    def after(self, number: int, limit: int) -> Sequence[Event] | None:
        """Events from `number` on, oldest first, or None when the first of them is not kept any more."""
        with self._news:
            first = self._following - len(self._events)
            if number < first:
                return None
            return list(islice(self._events, number - first, number - first + limit))

    def wait(self, number: int, timeout_s: float, stopping: Callable[[], bool]) -> None:
        """Wait until there is an event of `number`, `stopping` holds after a `wake`, or time is over."""
        with self._news:
            self._news.wait_for(lambda: self._following > number or stopping(), timeout_s)

    def wake(self) -> None:
        """Have every waiter ask its `stopping`."""
        with self._news:
            self._news.notify_all()

    def wait_unannounced(self, timeout_s: float) -> bool:
        """Wait for an event that no listener was woken for; called by what announces."""
        return self._unannounced.wait(timeout_s)

    def announce(self) -> None:
        """Wake the listeners for what has come since the last time."""
        self._unannounced.clear()
        self.wake()

    def _tell(self) -> None:
        if self._paced:
            self._unannounced.set()
        else:
            self._news.notify_all()

    def _add(
        self,
        kind: EventType,
        device: str,
        item: StoredReading | StoredCommand | DeviceView,
        **moved: int,
    ) -> None:
        self._position = replace(self._position, **moved)  # type: ignore[arg-type]
        self._events.append(Event(kind, device, item, self._position))
        self._following += 1


def _lasting(view: DeviceView) -> DeviceView:
    """A view without what changes with every poll."""
    return replace(view, health=DeviceHealth(), last_seen_ms=None, last_seen_mono=None)
