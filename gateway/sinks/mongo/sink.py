"""Delivery to MongoDB.

Importing this file and making a sink cost nothing: the driver is loaded, and the client made, by
the first call, which is the delivery thread's. What the driver is asked stands in `mongo_target`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gateway.journal.batch import RowBatch
from gateway.journal.types import StoredCommand
from gateway.model.reading import StoredReading
from gateway.sinks.base import Heartbeat, Rejected, SinkUnavailable

if TYPE_CHECKING:
    from gateway.sinks.mongo.target import MongoTarget


def check_uri(uri: str) -> list[str]:
    """Say what is wrong with a `MONGO_URI`, one sentence each, none with a secret; empty when good.

    Loads the driver; asks neither a server nor DNS.
    """
    from gateway.sinks.mongo.uri import problems_of

    return problems_of(uri)


def probe(uri: str, database: str, timeout_s: float) -> str | None:
    """Ask the server whether it is there; what is wrong, in a sentence without secrets, or None.

    Writes nothing. Waits `timeout_s` at most, DNS aside.
    """
    from gateway.sinks.mongo.target import open_target

    try:
        with contextlib.closing(open_target(uri, database, "check")) as target:
            target.ping(timeout_s)
    except SinkUnavailable as error:
        return str(error)
    return None


class MongoSink:
    """A `Sink` in a MongoDB database. Used by one thread, but for `hasten` and `duplicates`."""

    def __init__(self, uri: str, database: str, gateway_id: str, *, name: str = "mongo") -> None:
        """`gateway_id` is written into every document. Nothing is connected yet."""
        self._uri = uri
        self._database = database
        self._gateway_id = gateway_id
        self._name = name
        self._timeout_s: float | None = None
        self._duplicates = 0
        self._target: MongoTarget | None = None

    @property
    def name(self) -> str:
        """The name of the cursor, in the log and in the status."""
        return self._name

    @property
    def duplicates(self) -> int:
        """Readings that were there already, since the start."""
        return self._duplicates

    def prepare(self, readings: Sequence[StoredReading]) -> None:
        """Make the documents. Any thread."""
        if isinstance(readings, RowBatch):
            from gateway.sinks.mongo.documents import reading_documents

            readings.ready = reading_documents(readings, self._gateway_id)

    def deliver(self, readings: Sequence[StoredReading]) -> Sequence[Rejected]:
        """Insert readings; what is there already counts as delivered.

        Raises `SinkUnavailable`; other exceptions mean that the server's answer was not understood.
        """
        outcome = self._open().insert_readings(readings, self._timeout_s)
        self._duplicates += outcome.duplicates
        return outcome.rejected

    def deliver_commands(self, commands: Sequence[StoredCommand]) -> Sequence[Rejected]:
        """Store command records, each id in its newest version. Raises as `deliver`."""
        return self._open().upsert_commands(commands, self._timeout_s).rejected

    def heartbeat(self, heartbeat: Heartbeat) -> None:
        """Replace this gateway's document in `gateways`. Raises as `deliver`."""
        self._open().replace_heartbeat(heartbeat, self._timeout_s)

    def hasten(self, timeout_s: float) -> None:
        """Let no later call take longer than this. Any thread."""
        self._timeout_s = timeout_s

    def close(self) -> None:
        """Close the connections; a later call would make new ones."""
        target, self._target = self._target, None
        if target is not None:
            target.close()

    def _open(self) -> MongoTarget:
        if self._target is None:
            from gateway.sinks.mongo.target import open_target

            self._target = open_target(self._uri, self._database, self._gateway_id)
        return self._target
