"""A database in memory that outlives the gateway, with the ways in which databases disappoint."""

import random
from collections.abc import Callable, Sequence
from zlib import crc32

from gateway.delivery.consumer import Consumer, Rejected, SinkUnavailable
from gateway.journal.types import StoredCommand
from gateway.model.heartbeat import Heartbeat
from gateway.model.reading import StoredReading
from tests.delivery.fake_sink import FakeCommands, FakeHeartbeat, FakeReadings
from tests.simulation.errors import Violation

NAME = "sim"


class SimSink:
    """Stores by key. `mode` says how it behaves; it checks what it is given.

    "down": nothing is stored. "slow": works, after seconds. "ambiguous": stores and says that it did not.
    "partial": stores a part and fails. "refuse": some readings will never be taken. "poison": fails in an
    unknown way while certain readings are among those given. "misconfigured": a person has to act.
    """

    name = NAME

    def __init__(
        self,
        rng: random.Random,
        sleep: Callable[[float], None],
        check: Callable[[Sequence[StoredReading]], None],
    ) -> None:
        self.mode = ""
        self.readings: dict[str, StoredReading] = {}
        self.commands: dict[str, StoredCommand] = {}
        self.duplicates = 0
        self.calls = 0
        self._rng = rng
        self._sleep = sleep
        self._check = check
        self.hated: set[str] = set()

    def consumers(self, describe: Callable[[], Heartbeat]) -> list[Consumer]:
        """As a database has them: readings, commands and a heartbeat."""
        return [FakeReadings(self), FakeCommands(self), FakeHeartbeat(self, describe)]

    def deliver(self, readings: Sequence[StoredReading]) -> Sequence[Rejected]:
        self.calls += 1
        rows = [one.row for one in readings]
        if not rows or rows != sorted(set(rows)):
            raise Violation(f"an empty batch, or rows out of order: {rows}")
        self._check(readings)
        self._before()
        rejected = [
            Rejected(one.seq, one.key, "hated")
            for one in readings
            if self.mode == "refuse" and self._hates(one)
        ]
        if self.mode == "poison" and any(self._hates(one) for one in readings):
            raise RuntimeError("cannot digest this")
        refused = {one.seq for one in rejected}
        for place, one in enumerate(readings):
            if self.mode == "partial" and place == len(readings) // 2:
                raise SinkUnavailable("broke off in the middle")
            if one.row not in refused:
                self._store(one)
        if self.mode == "ambiguous":
            raise SinkUnavailable("timed out")
        return rejected

    def deliver_commands(self, commands: Sequence[StoredCommand]) -> Sequence[Rejected]:
        self._before()
        for one in commands:
            known = self.commands.get(one.record.id)
            if known is None or known.version < one.version:
                self.commands[one.record.id] = one
        if self.mode == "ambiguous":
            raise SinkUnavailable("timed out")
        return ()

    def heartbeat(self, heartbeat: Heartbeat) -> None:
        self._before()

    def hasten(self, timeout_s: float) -> None:
        """Nothing takes longer here."""

    def close(self) -> None:
        """The database goes on."""

    def _before(self) -> None:
        if self.mode == "down":
            self._sleep(self._rng.choice((0.0, 0.0, 5.0)))
            raise SinkUnavailable("nobody answers")
        if self.mode == "misconfigured":
            raise SinkUnavailable("not permitted", misconfigured=True)
        self._sleep(self._rng.uniform(1.0, 6.0) if self.mode == "slow" else 0.003)

    def _hates(self, one: StoredReading) -> bool:
        # What it has already it recognises by its key, before it looks any closer.
        hated = one.key not in self.readings and crc32(one.key.encode()) % 7 == 0
        if hated:
            self.hated.add(one.key)
        return hated

    def _store(self, one: StoredReading) -> None:
        known = self.readings.get(one.key)
        if known is not None:
            self.duplicates += 1
            if known != one:
                raise Violation(f"{one.key} is stored and came again, and not alike")
        self.readings[one.key] = one
