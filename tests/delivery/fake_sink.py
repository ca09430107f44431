"""A sink in memory that behaves like a database and refuses wrong use."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from gateway.delivery.consumer import Consumer, Entry, Kind, Rejected
from gateway.journal import StoredCommand
from gateway.model.heartbeat import Heartbeat
from gateway.model.reading import StoredReading

Trouble = Callable[[Sequence[StoredReading]], Sequence[Rejected] | None]


class FakeSink:
    """Stores by key. `before` and `after` may raise: nothing stored, or stored but never confirmed.

    `before` may return what it rejects, which is then not stored.
    """

    name = "fake"

    def __init__(self) -> None:
        self.readings: dict[str, StoredReading] = {}
        self.commands: dict[str, StoredCommand] = {}
        self.heartbeats: list[Heartbeat] = []
        self.calls: list[int] = []
        self.duplicates = 0
        self.timeout_s: float | None = None
        self.closed = False
        self.before: Trouble = lambda batch: None
        self.after: Trouble = lambda batch: None
        self.beat: Callable[[], None] = lambda: None

    def consumers(self, describe: Callable[[], Heartbeat]) -> list[Consumer]:
        """As a database has them: readings, commands and a heartbeat."""
        return [FakeReadings(self), FakeCommands(self), FakeHeartbeat(self, describe)]

    def deliver(self, readings: Sequence[StoredReading]) -> Sequence[Rejected]:
        assert not self.closed, "used after close"
        assert readings, "an empty batch"
        rows = [one.row for one in readings]
        assert rows == sorted(set(rows)), "rows out of order"
        self.calls.append(len(readings))
        rejected = tuple(self.before(readings) or ())
        refused = {one.seq for one in rejected}
        for one in readings:
            if one.row not in refused:
                self.duplicates += one.key in self.readings
                self.readings[one.key] = one
        self.after(readings)
        return rejected

    def deliver_commands(self, commands: Sequence[StoredCommand]) -> Sequence[Rejected]:
        assert not self.closed, "used after close"
        assert commands, "an empty batch"
        for one in commands:
            known = self.commands.get(one.record.id)
            if known is None or known.version < one.version:
                self.commands[one.record.id] = one
        return ()

    def heartbeat(self, heartbeat: Heartbeat) -> None:
        assert not self.closed, "used after close"
        self.beat()
        self.heartbeats.append(heartbeat)

    def hasten(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s

    def close(self) -> None:
        self.closed = True


class FakeReadings:
    """The consumer of readings of a sink that has `deliver`, `duplicates`, `hasten` and `close`."""

    kinds = frozenset({Kind.READING})

    def __init__(self, sink: Any) -> None:
        self.name = sink.name
        self._sink = sink

    @property
    def duplicates(self) -> int:
        return self._sink.duplicates

    def take(self, entries: Sequence[Entry], deadline: float) -> Sequence[Rejected]:
        return self._sink.deliver(entries)

    def idle(self, now: float) -> float:
        return math.inf

    def hasten(self, timeout_s: float) -> None:
        self._sink.hasten(timeout_s)

    def close(self) -> None:
        self._sink.close()


class FakeCommands:
    """The consumer of commands of a sink that has `deliver_commands`."""

    kinds = frozenset({Kind.COMMAND})

    def __init__(self, sink: Any) -> None:
        self.name = f"{sink.name}-commands"
        self._sink = sink

    def take(self, entries: Sequence[Entry], deadline: float) -> Sequence[Rejected]:
        return self._sink.deliver_commands(entries)

    def idle(self, now: float) -> float:
        return math.inf


class FakeHeartbeat:
    """What a sink that has `heartbeat` does every ten seconds."""

    kinds: frozenset[str] = frozenset()

    def __init__(self, sink: Any, describe: Callable[[], Heartbeat]) -> None:
        self.name = f"{sink.name}-heartbeat"
        self._sink = sink
        self._describe = describe

    def take(self, entries: Sequence[Entry], deadline: float) -> Sequence[Rejected]:
        raise AssertionError("it follows nothing")

    def idle(self, now: float) -> float:
        self._sink.heartbeat(self._describe())
        return 10.0
