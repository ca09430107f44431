"""Everything the driver is asked to do: one client, one database, three collections.

Invariants:
- A call answers within its timeout, or raises; the driver's defaults would wait for ever.
- A reading is confirmed by a majority and by the server's own journal, unless the address says otherwise.
- The index is wanted, not needed: whatever hinders it is logged, and the delivery goes on.
"""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pymongo
from pymongo import MongoClient, ReplaceOne
from pymongo.collection import Collection
from pymongo.errors import (
    BulkWriteError,
    DocumentTooLarge,
    InvalidDocument,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)
from pymongo.monitoring import (
    ServerClosedEvent,
    ServerDescriptionChangedEvent,
    ServerListener,
    ServerOpeningEvent,
)
from pymongo.uri_parser import parse_uri

from gateway.reading import StoredReading
from gateway.sinks.base import CommandVersion, Heartbeat, Rejected, SinkUnavailable
from gateway.sinks.mongo_documents import (
    Document,
    command_document,
    fault_of,
    heartbeat_document,
    reading_document,
)
from gateway.sinks.mongo_errors import BatchVerdict, judge, judge_batch
from gateway.sinks.mongo_uri import problems_of

_log = logging.getLogger(__name__)

_CLOSE_TIMEOUT_S = 1.0
_ALL_STORED = BatchVerdict(0, ())

# Name of the driver's argument -> value, for what the address does not say itself.
_DEFAULTS: dict[str, Any] = {
    "timeoutMS": 5000,
    "serverSelectionTimeoutMS": 2000,
    "connectTimeoutMS": 2000,
    "w": "majority",
    "journal": True,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch: everything that is not rejected is stored."""

    duplicates: int
    rejected: tuple[Rejected, ...]


class _ServerWatch(ServerListener):
    """Notes that a server came (back): it may be another one, without our index."""

    def __init__(self) -> None:
        self.came = threading.Event()

    def opened(self, event: ServerOpeningEvent) -> None:
        self.came.set()

    def description_changed(self, event: ServerDescriptionChangedEvent) -> None:
        if event.previous_description.server_type_name == "Unknown":
            self.came.set()

    def closed(self, event: ServerClosedEvent) -> None:
        """Nothing to note: a server that goes shows in the calls."""


def open_target(uri: str, database: str, gateway_id: str) -> "MongoTarget":
    """Make the client; nothing is sent yet. Raises `SinkUnavailable` for an unusable address."""
    if problems := problems_of(uri):
        raise SinkUnavailable(f"MONGO_URI: {'; '.join(problems)}", misconfigured=True)
    watch = _ServerWatch()
    options = {name: value for name, value in _DEFAULTS.items() if not _says(uri, name)}
    try:
        client: MongoClient[Document] = MongoClient(
            uri,
            connect=False,
            tz_aware=True,
            appname=f"arduino-gateway {gateway_id}"[:100],
            event_listeners=[watch],
            **options,
        )
        return MongoTarget(client, client[database].readings, gateway_id, watch)
    except PyMongoError as error:
        raise judge(error) or error from error


def _says(uri: str, option: str) -> bool:
    names = {part.partition("=")[0].lower() for part in uri.partition("?")[2].split("&")}
    return option.lower() in names


class MongoTarget:
    """A client with its collections. One thread uses it."""

    def __init__(
        self,
        client: MongoClient[Document],
        readings: Collection[Document],
        gateway_id: str,
        watch: _ServerWatch,
    ) -> None:
        """`readings` names the database too: commands and heartbeats are its neighbours."""
        self._client = client
        self._readings = readings
        self._gateway_id = gateway_id
        self._watch = watch

    def insert_readings(
        self, readings: Sequence[StoredReading], timeout_s: float | None
    ) -> Outcome:
        """Insert by key. Raises `SinkUnavailable`, or what was not understood."""

        def write(documents: list[Document]) -> None:
            self._readings.insert_many(documents, ordered=False)

        documents = [reading_document(stored, self._gateway_id) for stored in readings]
        with self._calling(timeout_s):
            return _write_batch(readings, documents, write)

    def upsert_commands(
        self, commands: Sequence[CommandVersion], timeout_s: float | None
    ) -> Outcome:
        """Replace by id where the stored version is older. Raises as `insert_readings`."""
        collection = self._readings.database.commands

        def write(documents: list[Document]) -> None:
            # Where a newer version is stored the filter finds nothing, the upsert becomes an insert,
            # and that fails as a duplicate: which is what "is there already" looks like.
            collection.bulk_write(
                [
                    ReplaceOne(
                        {"_id": document["_id"], "version": {"$lt": document["version"]}},
                        document,
                        upsert=True,
                    )
                    for document in documents
                ],
                ordered=False,
            )

        documents = [command_document(command, self._gateway_id) for command in commands]
        with self._calling(timeout_s):
            return _write_batch(commands, documents, write)

    def replace_heartbeat(self, heartbeat: Heartbeat, timeout_s: float | None) -> None:
        """Store the sign of life. Raises as `insert_readings`."""
        document = heartbeat_document(heartbeat, self._gateway_id)
        with self._calling(timeout_s):
            self._readings.database.gateways.replace_one(
                {"_id": self._gateway_id}, document, upsert=True
            )

    def close(self) -> None:
        """Close the connections within about a second, even if the server hangs."""
        with pymongo.timeout(_CLOSE_TIMEOUT_S):
            self._client.close()

    @contextlib.contextmanager
    def _calling(self, timeout_s: float | None) -> Iterator[None]:
        """Bound a call, see to the index before it, and name its failure."""
        bound = contextlib.nullcontext() if timeout_s is None else pymongo.timeout(timeout_s)
        try:
            with bound:
                if self._watch.came.is_set():
                    self._watch.came.clear()
                    self._prepare()
                yield
        except SinkUnavailable:
            self._watch.came.set()
            raise
        except PyMongoError as error:
            self._watch.came.set()
            unavailable = judge(error)
            if unavailable is None:
                raise
            raise unavailable from error

    def _prepare(self) -> None:
        """See to the index, and that the collection is one that keeps keys unique."""
        try:
            self._refuse_special_collection()
            self._readings.create_index([("device", 1), ("time", -1)])
        except OperationFailure as error:
            _log.warning("sink=mongo the index of `readings` could not be made: %s", error)
        except ServerSelectionTimeoutError:
            raise
        except PyMongoError as error:
            if not error.timeout:
                raise
            # A large collection takes its time. If the server hangs, the write that follows says so.
            _log.warning("sink=mongo the index of `readings` was not made in time")

    def _refuse_special_collection(self) -> None:
        found = self._readings.database.list_collections(filter={"name": self._readings.name})
        kind = next((entry.get("type", "collection") for entry in found), "collection")
        if kind != "collection":
            raise SinkUnavailable(
                f"MongoDB: `{self._readings.full_name}` is a {kind}, which cannot keep a reading from "
                "being stored twice; rename it and let the gateway make an ordinary collection",
                misconfigured=True,
            )


def _write_batch(
    records: Sequence[StoredReading] | Sequence[CommandVersion],
    documents: list[Document],
    write: Callable[[list[Document]], None],
) -> Outcome:
    """Write all documents but those that the driver cannot encode or the server refuses for good."""
    try:
        verdict = _verdict(documents, write)
    except (InvalidDocument, DocumentTooLarge, OverflowError, ValueError, TypeError):
        faults = [fault_of(document) for document in documents]
        if not any(faults):
            raise
    else:
        rejected = [
            Rejected(records[failure.index].row, records[failure.index].key, failure.reason)
            for failure in verdict.failures
        ]
        return Outcome(verdict.duplicates, tuple(rejected))
    good = [index for index, fault in enumerate(faults) if fault is None]
    bad = tuple(
        Rejected(record.row, record.key, fault)
        for record, fault in zip(records, faults, strict=True)
        if fault is not None
    )
    rest = Outcome(0, ())
    if good:
        rest = _write_batch([records[i] for i in good], [documents[i] for i in good], write)
    return Outcome(rest.duplicates, bad + rest.rejected)


def _verdict(documents: list[Document], write: Callable[[list[Document]], None]) -> BatchVerdict:
    try:
        write(documents)
    except BulkWriteError as error:
        return judge_batch(error)
    return _ALL_STORED
