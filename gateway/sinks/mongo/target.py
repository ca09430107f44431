"""Everything the driver is asked to do: one client, one database, three collections.

Invariants:
- A call answers within its timeout, or raises; the driver's defaults would wait for ever.
- A reading is confirmed by a majority and by the server's own journal, unless the address says
  otherwise.
- The index is wanted, not needed: whatever hinders it is logged, and the delivery goes on.
"""

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pymongo
from bson.errors import InvalidDocument
from pymongo import MongoClient, ReplaceOne
from pymongo.collection import Collection
from pymongo.errors import (
    BulkWriteError,
    DocumentTooLarge,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from gateway.journal.types import StoredCommand
from gateway.model.reading import StoredReading
from gateway.sinks.base import Heartbeat, Rejected, SinkUnavailable
from gateway.sinks.mongo.documents import (
    Document,
    command_document,
    fault_of,
    heartbeat_document,
    names_of,
    reading_documents,
)
from gateway.sinks.mongo.errors import BatchVerdict, judge, judge_batch
from gateway.sinks.mongo.uri import problems_of

_log = logging.getLogger(__name__)

_CLOSE_TIMEOUT_S = 1.0
_UNAUTHORIZED = 13
_ALL_STORED = BatchVerdict(0, ())
# What the driver, or the server for a document over 16 MB, says of a whole batch with a bad one in it.
_MAYBE_POISON = (
    DocumentTooLarge,
    InvalidDocument,
    OperationFailure,
    OverflowError,
    TypeError,
    ValueError,
)

Name = tuple[int, str]
"""Row (or version) and key (or id) of a record."""

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


class _ConnectionWatch(CommandListener):
    """Notes a new connection: the server behind it may be another one, without our index.

    Called by the driver in our own thread, for each command.
    """

    def __init__(self) -> None:
        self.is_new = True
        self._connection: tuple[object, ...] = ()

    def started(self, event: CommandStartedEvent) -> None:
        connection = (event.connection_id, event.server_connection_id)
        if connection != self._connection:
            self._connection = connection
            self.is_new = True

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Note nothing."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Note nothing: failures come as exceptions."""


def open_target(uri: str, database: str, gateway_id: str) -> "MongoTarget":
    """Make the client; nothing is sent yet. Raises `SinkUnavailable` for an unusable address."""
    if problems := problems_of(uri):
        raise SinkUnavailable(f"MONGO_URI: {'; '.join(problems)}", misconfigured=True)
    watch = _ConnectionWatch()
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
        watch: _ConnectionWatch,
    ) -> None:
        """`readings` names the database too: commands and heartbeats are its neighbours."""
        self._client = client
        self._readings = readings
        self._gateway_id = gateway_id
        self._watch = watch
        self._problem: str | None = None

    def insert_readings(
        self, readings: Sequence[StoredReading], timeout_s: float | None
    ) -> Outcome:
        """Insert by key. Raises `SinkUnavailable`, or what was not understood."""
        names = names_of(readings)
        documents = reading_documents(readings, self._gateway_id)
        with self._calling(timeout_s):
            return _write_batch(names, documents, self._insert)

    def _insert(self, documents: Sequence[Document]) -> None:
        """As `insert_many`, unordered, without what that does in Python for each document.

        A third of its time, which a backlog would have to wait for. It splits what one command cannot hold,
        which is seldom, so then it is asked.
        """
        collection = self._readings
        try:
            reply = collection.database.command(
                "insert",
                collection.name,
                documents=documents,
                ordered=False,
                writeConcern=collection.write_concern.document,
            )
        except DocumentTooLarge:
            collection.insert_many(documents, ordered=False)
            return
        errors = reply.get("writeErrors", [])
        unsure = [reply["writeConcernError"]] if "writeConcernError" in reply else []
        if errors or unsure:
            raise BulkWriteError({**reply, "writeErrors": errors, "writeConcernErrors": unsure})

    def upsert_commands(
        self, commands: Sequence[StoredCommand], timeout_s: float | None
    ) -> Outcome:
        """Replace by id where the stored version is older. Raises as `insert_readings`."""
        collection = self._readings.database.commands

        def write(documents: Sequence[Document]) -> None:
            # Where a newer version is stored the filter finds nothing, the upsert becomes an
            # insert, and that fails as a duplicate, as one that is there already should.
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

        names = [(command.version, command.record.id) for command in commands]
        documents = [command_document(command, self._gateway_id) for command in commands]
        with self._calling(timeout_s):
            return _write_batch(names, documents, write)

    def replace_heartbeat(self, heartbeat: Heartbeat, timeout_s: float | None) -> None:
        """Store the sign of life. Raises as `insert_readings`."""
        document = heartbeat_document(heartbeat, self._gateway_id)
        with self._calling(timeout_s):
            self._readings.database.gateways.replace_one(
                {"_id": self._gateway_id}, document, upsert=True
            )

    def ping(self, timeout_s: float) -> None:
        """Ask whether the server is there and takes the log-in. Raises `SinkUnavailable`."""
        try:
            # As below: a timeout for the call would replace the one for finding a server.
            selection_s = self._client.options.server_selection_timeout
            with pymongo.timeout(min(timeout_s, selection_s)):
                # Any command of the database needs the log-in, which a ping does not.
                self._readings.database.command("ping")
                self._readings.find_one({}, {"_id": 1})
        except PyMongoError as error:
            unavailable = self._cause_of(error)
            raise unavailable or SinkUnavailable(f"MongoDB: {error}") from error

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
                if self._watch.is_new:
                    self._prepare()
                    self._watch.is_new = False
                yield
        except SinkUnavailable:
            self._watch.is_new = True
            raise
        except PyMongoError as error:
            self._watch.is_new = True
            unavailable = self._cause_of(error)
            if unavailable is None:
                raise
            raise unavailable from error

    def _cause_of(self, error: PyMongoError) -> SinkUnavailable | None:
        """Judge an error. A server that refuses the log-in soon looks as if it were absent."""
        if isinstance(error, ServerSelectionTimeoutError):
            for server in self._client.topology_description.server_descriptions().values():
                if isinstance(server.error, OperationFailure):
                    return judge(server.error) or judge(error)
        return judge(error)

    def _prepare(self) -> None:
        """See that a server is there, to the index, and that the collection keeps keys unique."""
        # The driver forgets its selection timeout when a call has a timeout of its own; so a short
        # call first, lest every attempt at an absent server take as long as a slow write may.
        with pymongo.timeout(self._client.options.server_selection_timeout):
            self._client.admin.command("ping")
        self._refuse_special_collection()
        problem = self._index_problem()
        if problem is not None and problem != self._problem:
            _log.warning("MongoDB: %s", problem)
        self._problem = problem

    def _refuse_special_collection(self) -> None:
        try:
            found = list(
                self._readings.database.list_collections(filter={"name": self._readings.name})
            )
        except OperationFailure as error:
            _raise_unless_forbidden(error)
            return  # then it is his who made the collection
        kind = next((entry.get("type", "collection") for entry in found), "collection")
        if kind != "collection":
            raise SinkUnavailable(
                f"MongoDB: `{self._readings.full_name}` is a {kind}, which cannot keep a reading "
                "from being stored twice; rename it, and an ordinary collection will be made",
                misconfigured=True,
            )

    def _index_problem(self) -> str | None:
        try:
            self._readings.create_index([("device", 1), ("time", -1)])
        except OperationFailure as error:
            _raise_unless_forbidden(error)
            return f"the index of `readings` could not be made: {error}"
        except PyMongoError as error:
            if not error.timeout:
                raise
            # A large collection takes its time. If the server hangs, the write that follows tells.
            return "the index of `readings` was not made in time"
        return None


def _raise_unless_forbidden(error: OperationFailure) -> None:
    """Go on where only this is not allowed or not possible; whoever cannot log in gets no further."""
    unavailable = judge(error)
    if unavailable is not None and error.code != _UNAUTHORIZED:
        raise unavailable from error


def _write_batch(
    names: Sequence[Name],
    documents: Sequence[Document],
    write: Callable[[Sequence[Document]], None],
) -> Outcome:
    """Write all but what the driver cannot encode or the server refuses for good."""
    try:
        verdict = _verdict(documents, write)
    except _MAYBE_POISON as error:
        if isinstance(error, OperationFailure) and judge(error) is not None:
            raise
        faults = [fault_of(document) for document in documents]
        if not any(faults):
            raise
    else:
        refused = (Rejected(*names[failure.index], failure.reason) for failure in verdict.failures)
        return Outcome(verdict.duplicates, tuple(refused))
    bad = tuple(Rejected(*name, fault) for name, fault in zip(names, faults, strict=True) if fault)
    good = [index for index, fault in enumerate(faults) if fault is None]
    if not good:
        return Outcome(0, bad)
    rest = _write_batch([names[i] for i in good], [documents[i] for i in good], write)
    return Outcome(rest.duplicates, bad + rest.rejected)


def _verdict(
    documents: Sequence[Document], write: Callable[[Sequence[Document]], None]
) -> BatchVerdict:
    try:
        write(documents)
    except BulkWriteError as error:
        return judge_batch(error)
    return _ALL_STORED
