"""Readings that MongoDB has and the journal keeps no longer.

Asked by request threads, so it answers within seconds, and not at all for a while after it has failed: a
database that is away must not hold up those who ask.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pymongo
from bson.codec_options import DatetimeConversion
from bson.datetime_ms import DatetimeMS
from bson.errors import BSONError
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from gateway.history.history import HistoryUnavailable
from gateway.log.condition import Condition
from gateway.model.reading import Quality, Reading, StoredReading

TIMEOUT_S = 2.0
REST_S = 10.0
"""How long it is left alone after a failure."""

_log = logging.getLogger(__name__)


class MongoHistory:
    """The `readings` of this gateway in a MongoDB database. Any thread; connects at the first question."""

    def __init__(
        self, uri: str, database: str, gateway_id: str, monotonic: Callable[[], float]
    ) -> None:
        """Connects to nothing."""
        self._uri = uri
        self._database = database
        self._gateway_id = gateway_id
        self._monotonic = monotonic
        self._lock = threading.Lock()  # guards the two below
        self._client: MongoClient[dict[str, Any]] | None = None
        self._rests_until = 0.0
        self._away = Condition(_log, "history in MongoDB is unavailable")

    def readings(
        self,
        device: str,
        since_ms: int | None,
        until_ms: int | None,
        *,
        limit: int,
        descending: bool,
        after: tuple[int, str] | None,
    ) -> Sequence[StoredReading]:
        """Readings with since <= time < until in the order of time and key, behind `after` (time, key).

        Their row is 0, for they have none. Raises `HistoryUnavailable`.
        """
        time: dict[str, DatetimeMS] = {}
        if since_ms is not None:
            time["$gte"] = DatetimeMS(since_ms)
        if until_ms is not None:
            time["$lt"] = DatetimeMS(until_ms)
        conditions: list[dict[str, Any]] = [{"device": device, "gateway": self._gateway_id}]
        if time:
            conditions.append({"time": time})
        if after is not None:
            beyond = "$lt" if descending else "$gt"
            moment = DatetimeMS(after[0])
            # The first part lets the index begin at the right place; the second is the rest of the order.
            conditions.append({"time": {f"{beyond}e": moment}})
            conditions.append({"$or": [{"time": {beyond: moment}}, {"_id": {beyond: after[1]}}]})
        direction = pymongo.DESCENDING if descending else pymongo.ASCENDING
        collection = self._open()[self._database].readings
        try:
            found = list(
                collection.find({"$and": conditions})
                .sort([("time", direction), ("_id", direction)])
                .limit(limit)
            )
        except (PyMongoError, BSONError, OverflowError) as error:
            self._rest(error)
            raise HistoryUnavailable(f"MongoDB does not answer: {error}") from error
        self._away.ok()
        return [_stored(document) for document in found]

    def close(self) -> None:
        """Close the connections; a later question makes new ones."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _open(self) -> MongoClient[dict[str, Any]]:
        with self._lock:
            if self._monotonic() < self._rests_until:
                raise HistoryUnavailable("MongoDB did not answer a moment ago")
            if self._client is None:
                try:
                    self._client = MongoClient(
                        self._uri,
                        connect=False,
                        timeoutMS=int(TIMEOUT_S * 1000),
                        serverSelectionTimeoutMS=int(TIMEOUT_S * 1000),
                        maxPoolSize=8,
                        datetime_conversion=DatetimeConversion.DATETIME_MS,
                    )
                except PyMongoError as error:
                    raise HistoryUnavailable(f"MONGO_URI cannot be used: {error}") from error
            return self._client

    def _rest(self, error: Exception) -> None:
        with self._lock:
            self._rests_until = self._monotonic() + REST_S
        self._away.failed(type(error).__name__)


def _stored(document: dict[str, Any]) -> StoredReading:
    reading = Reading(
        device=document["device"],
        time_ms=int(document["time"]),
        values=document["values"],
        quality=Quality(document["quality"]),
        uid=document["uid"],
        boot=document["boot"],
        seq=document["seq"],
        metadata=document["meta"],
        simulated=document["simulated"],
    )
    return StoredReading(row=0, key=document["_id"], reading=reading)
