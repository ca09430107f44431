"""Everything the driver is asked to do for delivery: one client, one database, three collections.

Invariants:
- A call answers within its timeout, or raises; the driver's defaults have no bound.
- A reading is confirmed by a majority and by the server's own journal, unless the address says
  otherwise.
- The index is wanted, not needed: whatever hinders it is logged, and the delivery goes on.
"""

import contextlib
import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import pymongo
from pymongo import MongoClient, ReplaceOne
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import (
    BulkWriteError,
    DocumentTooLarge,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from gateway.delivery.consumer import SinkUnavailable
from gateway.journal.types import StoredCommand
from gateway.model.heartbeat import Heartbeat
from gateway.model.reading import StoredReading
from gateway.sinks.mongo.client import ConnectionWatch, open_client
from gateway.sinks.mongo.documents import (
    Document,
    command_document,
    heartbeat_document,
    names_of,
    reading_documents,
)
from gateway.sinks.mongo.errors import judge
from gateway.sinks.mongo.writing import BatchOutcome, write_batch

_log = logging.getLogger(__name__)

_CLOSE_TIMEOUT_S = 1.0
_SHORTEST_S = 0.01
_UNAUTHORIZED = 13


def probe(uri: str, database: str, timeout_s: float) -> str | None:
    """Ask the server whether it is there; what is wrong, in a sentence without secrets, or None.

    Writes nothing. Waits `timeout_s` at most, DNS aside.
    """
    try:
        with contextlib.closing(MongoTarget(uri, database, "check")) as target:
            target.ping(timeout_s)
    except SinkUnavailable as error:
        return str(error)
    return None


class MongoTarget:
    """A client with its collections, made by the first call. One thread uses it, but for `hasten`."""

    def __init__(
        self,
        uri: str,
        database: str,
        gateway_id: str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`gateway_id` is written into every document. Connects to nothing."""
        self.gateway_id = gateway_id
        self._uri = uri
        self._name = database
        self._monotonic = monotonic
        self._watch = ConnectionWatch()
        self._client: MongoClient[Document] | None = None
        self._timeout_s: float | None = None
        self._problem: str | None = None

    def insert_readings(self, readings: Sequence[StoredReading], deadline: float) -> BatchOutcome:
        """Insert by key, until `deadline` (monotonic seconds).

        Raises `SinkUnavailable`, or what was not understood.
        """
        names = names_of(readings)
        documents = reading_documents(readings, self.gateway_id)
        with self._calling(deadline) as database:
            return write_batch(names, documents, partial(_insert, database.readings))

    def upsert_commands(self, commands: Sequence[StoredCommand], deadline: float) -> BatchOutcome:
        """Replace by id where the stored version is older. Raises as `insert_readings`."""
        names = [(command.version, command.record.id) for command in commands]
        documents = [command_document(command, self.gateway_id) for command in commands]
        with self._calling(deadline) as database:
            return write_batch(names, documents, partial(_upsert, database.commands))

    def replace_heartbeat(self, heartbeat: Heartbeat) -> None:
        """Store the sign of life. Raises as `insert_readings`."""
        document = heartbeat_document(heartbeat, self.gateway_id)
        with self._calling() as database:
            database.gateways.replace_one({"_id": self.gateway_id}, document, upsert=True)

    def ping(self, timeout_s: float) -> None:
        """Ask whether the server is there and takes the log-in. Raises `SinkUnavailable`."""
        try:
            # As below: a timeout for the call would replace the one for finding a server.
            client = self._open()
            with pymongo.timeout(min(timeout_s, client.options.server_selection_timeout)):
                # Any command of the database needs the log-in, which a ping does not.
                client[self._name].command("ping")
                client[self._name].readings.find_one({}, {"_id": 1})
        except PyMongoError as error:
            unavailable = self._cause_of(error)
            raise unavailable or SinkUnavailable(f"MongoDB: {error}") from error

    def hasten(self, timeout_s: float) -> None:
        """Let no later call take longer than this. Any thread."""
        self._timeout_s = timeout_s

    def close(self) -> None:
        """Close the connections within about a second, even if the server hangs; a call makes new ones."""
        client, self._client = self._client, None
        if client is not None:
            with pymongo.timeout(_CLOSE_TIMEOUT_S):
                client.close()

    def _open(self) -> MongoClient[Document]:
        if self._client is None:
            self._watch.is_new = True
            self._client = open_client(self._uri, self.gateway_id, self._watch)
        return self._client

    @contextlib.contextmanager
    def _calling(self, deadline: float = math.inf) -> Iterator[Database[Document]]:
        """Bound a call, see to the index before it, and name its failure."""
        client = self._open()
        try:
            with self._bound(client, deadline):
                if self._watch.is_new:
                    self._prepare(client)
                    self._watch.is_new = False
                yield client[self._name]
        except SinkUnavailable:
            self._watch.is_new = True
            raise
        except PyMongoError as error:
            self._watch.is_new = True
            unavailable = self._cause_of(error)
            if unavailable is None:
                raise
            raise unavailable from error

    def _bound(
        self, client: MongoClient[Document], deadline: float
    ) -> contextlib.AbstractContextManager[object]:
        """Nothing where the client's own timeout ends the call soon enough."""
        left_s = deadline - self._monotonic()
        if self._timeout_s is not None:
            left_s = min(left_s, self._timeout_s)
        if left_s >= (client.options.timeout or math.inf):
            return contextlib.nullcontext()
        return pymongo.timeout(max(left_s, _SHORTEST_S))

    def _cause_of(self, error: PyMongoError) -> SinkUnavailable | None:
        """Judge an error. A server that refuses the log-in soon looks as if it were absent."""
        if isinstance(error, ServerSelectionTimeoutError) and self._client is not None:
            for server in self._client.topology_description.server_descriptions().values():
                if isinstance(server.error, OperationFailure):
                    return judge(server.error) or judge(error)
        return judge(error)

    def _prepare(self, client: MongoClient[Document]) -> None:
        """See that a server is there, to the index, and that the collection keeps keys unique."""
        # The driver forgets its selection timeout when a call has a timeout of its own; so a short
        # call first: otherwise every attempt at an absent server takes as long as a slow write may.
        with pymongo.timeout(client.options.server_selection_timeout):
            client.admin.command("ping")
        _refuse_special_collection(client[self._name].readings)
        problem = _index_problem(client[self._name].readings)
        if problem is not None and problem != self._problem:
            _log.warning("MongoDB: %s", problem)
        self._problem = problem


def _insert(collection: Collection[Document], documents: Sequence[Document]) -> None:
    """As `insert_many`, unordered, without what that does in Python for each document.

    A third of its time, which a backlog would have to wait for. It splits what one command cannot hold,
    which is seldom, so then it is asked.
    """
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


def _upsert(collection: Collection[Document], documents: Sequence[Document]) -> None:
    # Where a newer version is stored the filter finds nothing, the upsert becomes an insert, and that fails
    # as a duplicate, as one that is there already should.
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


def _refuse_special_collection(readings: Collection[Document]) -> None:
    try:
        found = list(readings.database.list_collections(filter={"name": readings.name}))
    except OperationFailure as error:
        _raise_unless_forbidden(error)
        return  # the database's owner made the collection
    kind = next((entry.get("type", "collection") for entry in found), "collection")
    if kind != "collection":
        raise SinkUnavailable(
            f"MongoDB: `{readings.full_name}` is a {kind}, which cannot keep a reading "
            "from being stored twice; rename it, and an ordinary collection will be made",
            misconfigured=True,
        )


def _index_problem(readings: Collection[Document]) -> str | None:
    try:
        readings.create_index([("device", 1), ("time", -1)])
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
    """Go on where only this is not allowed or not possible; a refused log-in is raised."""
    unavailable = judge(error)
    if unavailable is not None and error.code != _UNAUTHORIZED:
        raise unavailable from error
