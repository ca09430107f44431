"""A sink in memory that behaves like a database and refuses wrong use."""

from collections.abc import Callable, Sequence

from gateway.journal import StoredCommand
from gateway.model.reading import StoredReading
from gateway.sinks.base import Heartbeat, Rejected

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

    def deliver(self, readings: Sequence[StoredReading]) -> Sequence[Rejected]:
        assert not self.closed, "used after close"
        assert readings, "an empty batch"
        rows = [one.row for one in readings]
        assert rows == sorted(set(rows)), "rows out of order"
        self.calls.append(len(readings))
        rejected = tuple(self.before(readings) or ())
        refused = {one.row for one in rejected}
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
