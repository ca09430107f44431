"""What MongoDB gets: readings, commands and a sign of life, by three consumers over one client.

Three, so that a collection which refuses its writes holds up only itself.
"""

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

from gateway.delivery.consumer import Consumer, Entry, Kind, Rejected
from gateway.journal.batch import RowBatch
from gateway.journal.types import StoredCommand
from gateway.model.heartbeat import Heartbeat
from gateway.model.reading import StoredReading
from gateway.sinks.mongo.documents import reading_documents
from gateway.sinks.mongo.target import MongoTarget

T = TypeVar("T")
HEARTBEAT_S = 10.0


def make(
    uri: str,
    database: str,
    gateway_id: str,
    describe: Callable[[], Heartbeat],
    *,
    name: str = "mongo",
) -> list[Consumer]:
    """The consumers of one database; nothing is connected yet.

    `gateway_id` is written into every document, `describe` gives the heartbeat of the moment, and `name` is
    what the names of the cursors begin with.
    """
    target = MongoTarget(uri, database, gateway_id)
    return [
        MongoReadings(target, name),
        MongoCommands(target, f"{name}-commands"),
        MongoHeartbeat(target, f"{name}-heartbeat", describe),
    ]


class MongoReadings:
    """Collection `readings`: what is there already counts as delivered."""

    kinds = frozenset({Kind.READING.value})

    def __init__(self, target: MongoTarget, name: str) -> None:
        self.name = name
        self.duplicates = 0
        self._target = target

    def prepare(self, entries: Sequence[Entry]) -> None:
        """Make the documents. Any thread."""
        if isinstance(entries, RowBatch):
            entries.ready = reading_documents(entries, self._target.gateway_id)

    def take(self, entries: Sequence[Entry], deadline: float) -> Sequence[Rejected]:
        """Insert readings.

        Raises `SinkUnavailable`; other exceptions mean that the server's answer was not understood.
        """
        readings = entries if isinstance(entries, RowBatch) else _only(StoredReading, entries)
        outcome = self._target.insert_readings(readings, deadline)
        self.duplicates += outcome.duplicates
        return outcome.rejected

    def idle(self, now: float) -> float:  # noqa: ARG002 - it has nothing to do
        """Nothing; the heartbeat shows whether the server is there."""
        return math.inf

    def hasten(self, timeout_s: float) -> None:
        """Let no later call of any consumer take longer than this. Any thread."""
        self._target.hasten(timeout_s)

    def close(self) -> None:
        """Close the connections of all consumers; a later call would make new ones."""
        self._target.close()


class MongoCommands:
    """Collection `commands`: each id in its newest version."""

    kinds = frozenset({Kind.COMMAND.value})

    def __init__(self, target: MongoTarget, name: str) -> None:
        self.name = name
        self._target = target

    def take(self, entries: Sequence[Entry], deadline: float) -> Sequence[Rejected]:
        """Store command records. Raises as `MongoReadings.take`."""
        return self._target.upsert_commands(_only(StoredCommand, entries), deadline).rejected

    def idle(self, now: float) -> float:  # noqa: ARG002 - it has nothing to do
        """Nothing."""
        return math.inf


class MongoHeartbeat:
    """Collection `gateways`: this gateway's document, replaced every ten seconds."""

    kinds: frozenset[str] = frozenset()

    def __init__(self, target: MongoTarget, name: str, describe: Callable[[], Heartbeat]) -> None:
        self.name = name
        self._target = target
        self._describe = describe

    def take(self, entries: Sequence[Entry], deadline: float) -> Sequence[Rejected]:  # noqa: ARG002
        """Nothing is followed."""
        return ()

    def idle(self, now: float) -> float:  # noqa: ARG002 - its time is kept by the caller
        """Store the sign of life. Raises as `MongoReadings.take`."""
        self._target.replace_heartbeat(self._describe())
        return HEARTBEAT_S


def _only(kind: type[T], entries: Sequence[Entry]) -> list[T]:
    return [entry for entry in entries if isinstance(entry, kind)]
