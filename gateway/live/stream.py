"""One listener's way through the events: first what it has missed, from the journal; then live.

Nothing is told twice and nothing is left out, because a stream passes from the journal to the live feed at
one place: it reads the journal up to where the feed stood, and the feed from there on. A command is told as
it is when it is read, so states that it went through while the listener was away may be left out; its last
one never is.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from gateway.journal.reader import JournalReader
from gateway.live.feed import Event, EventFeed, EventType, Position

_BATCH = 200
"""Events taken at a time, so that a listener never holds much."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events a listener wants; None is every one."""

    devices: frozenset[str] | None = None
    types: frozenset[str] | None = None

    def takes(self, event: Event) -> bool:
        """Whether it wants this event."""
        return self.takes_type(event.type) and (
            self.devices is None or event.device in self.devices
        )

    def takes_type(self, kind: EventType) -> bool:
        """Whether it wants events of this type."""
        return self.types is None or kind in self.types


class EventStream:
    """Where one listener is. Used by one thread."""

    def __init__(
        self, feed: EventFeed, reader: JournalReader, wanted: Wanted, after: Position | None
    ) -> None:
        """`after`: the place behind the last event that it has; None begins now."""
        self._feed = feed
        self._reader = reader
        self._wanted = wanted
        snapshot = feed.snapshot()
        self._number = snapshot.number
        self._position = snapshot.position
        self._missed: Iterator[Sequence[Event]] | None = None
        if after is not None:
            self._position = after
            self._missed = self._replay()

    @property
    def position(self) -> Position:
        """The place behind everything that was taken so far, wanted or not."""
        return self._position

    def take(self, timeout_s: float, stopping: Callable[[], bool]) -> Sequence[Event]:
        """The next events it wants; none when there were none within `timeout_s`, or none wanted.

        Raises `JournalError` when the journal must be read and cannot be.
        """
        if self._missed is not None:
            missed = next(self._missed, None)
            if missed is not None:
                return missed
            self._missed = None
        self._feed.wait(self._number, timeout_s, stopping)
        news = self._feed.after(self._number, _BATCH)
        if news is None:
            self._missed = self._replay()
            return ()
        self._number += len(news)
        wanted = []
        for event in news:
            if self._is_new(event) and self._wanted.takes(event):
                wanted.append(event)
            self._position = event.position
        return wanted

    def _is_new(self, event: Event) -> bool:
        before, now = self._position, event.position
        return now.seq > before.seq or now.change > before.change

    def _replay(self) -> Iterator[Sequence[Event]]:
        snapshot = self._feed.snapshot()
        self._number = snapshot.number
        target, place = snapshot.position, self._position
        # All that another file or another run has told is old, and all that this one has is new.
        same_file = place.journal == target.journal
        self._position = Position(
            journal=target.journal,
            seq=min(place.seq, target.seq) if same_file else 0,
            run=target.run,
            change=min(place.change, target.change) if place.run == target.run else 0,
        )
        yield from self._missed_entries(target.seq)
        self._position = replace(self._position, seq=target.seq)
        for change, view in snapshot.devices:
            if change > self._position.change:
                self._position = replace(self._position, change=change)
                yield self._kept([Event(EventType.DEVICE, view.id, view, self._position)])
        self._position = target

    def _missed_entries(self, last: int) -> Iterator[Sequence[Event]]:
        """From the journal, up to number `last`, in the order in which they were stored."""
        sources: list[Iterator[Event]] = []
        if self._wanted.takes_type(EventType.READING):
            sources.append(self._readings(self._position.seq, last))
        if self._wanted.takes_type(EventType.COMMAND):
            sources.append(self._commands(self._position.seq, last))
        events = heapq.merge(*sources, key=lambda event: event.position.seq)
        while found := list(islice(events, _BATCH)):
            self._position = found[-1].position
            yield self._kept(found)

    def _readings(self, after: int, last: int) -> Iterator[Event]:
        begun = self._position
        while found := self._reader.readings_after(after, _BATCH):
            for stored in found:
                if stored.seq > last:
                    return
                position = replace(begun, seq=stored.seq)
                yield Event(EventType.READING, stored.reading.device, stored, position)
            after = found[-1].seq

    def _commands(self, after: int, last: int) -> Iterator[Event]:
        begun = self._position
        while found := self._reader.commands_changed_since(after, _BATCH):
            for stored in found:
                if stored.seq > last:
                    return
                position = replace(begun, seq=stored.seq)
                yield Event(EventType.COMMAND, stored.record.device, stored, position)
            after = found[-1].seq

    def _kept(self, events: Sequence[Event]) -> Sequence[Event]:
        return [event for event in events if self._wanted.takes(event)]


class Events:
    """Opens streams. Any thread may use it."""

    def __init__(self, feed: EventFeed, reader: JournalReader) -> None:
        """Reads nothing yet."""
        self._feed = feed
        self._reader = reader

    def open(
        self,
        last_event_id: str | None,
        devices: frozenset[str] | None,
        types: frozenset[str] | None,
    ) -> EventStream:
        """A stream behind the event with that id, or from now on.

        Raises `ValueError` for an id that is none of a gateway's, `JournalError` when the journal cannot
        be read.
        """
        after = None if last_event_id is None else Position.parse(last_event_id)
        if not self._feed.primed:
            stats = self._reader.stats()
            self._feed.prime(stats.seq)
        return EventStream(self._feed, self._reader, Wanted(devices, types), after)

    def wake(self) -> None:
        """Have every stream look whether it shall end."""
        self._feed.wake()
