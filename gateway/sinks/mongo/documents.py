"""The documents of the database, exactly as the contract describes them."""

import functools
from collections.abc import Sequence
from typing import Any

from bson import CodecOptions, encode
from bson.datetime_ms import DatetimeMS
from bson.errors import BSONError

from gateway.journal.batch import RowBatch, metadata_of
from gateway.journal.types import StoredCommand
from gateway.model.heartbeat import Heartbeat
from gateway.model.reading import StoredReading

Document = dict[str, Any]

_CODEC: CodecOptions[Document] = CodecOptions(tz_aware=True)
# A limit of BSON in every server there is.
MAX_DOCUMENT_BYTES = 16 * 1024 * 1024


def reading_document(stored: StoredReading, gateway: str) -> Document:
    """Return the document of collection `readings`; what cannot be stored shows when it is sent."""
    reading = stored.reading
    return {
        "_id": stored.key,
        "gateway": gateway,
        "device": reading.device,
        "uid": reading.uid,
        "boot": reading.boot,
        "seq": reading.seq,
        # Not a datetime: that type ends with the year 9999, and a board's clock need not.
        "time": DatetimeMS(reading.time_ms),
        "values": dict(reading.values),
        "quality": str(reading.quality),
        "meta": dict(reading.metadata),
        "simulated": reading.simulated,
    }


def reading_documents(readings: Sequence[StoredReading], gateway: str) -> list[Document]:
    """Return the documents of many readings; those of a `RowBatch` without making each a `Reading`."""
    if not isinstance(readings, RowBatch):
        return [reading_document(stored, gateway) for stored in readings]
    if readings.ready is not None:
        return readings.ready
    return [
        {
            "_id": row[1],
            "gateway": gateway,
            "device": row[2],
            "uid": row[4],
            "boot": row[5],
            "seq": row[6],
            "time": DatetimeMS(row[3]),
            "values": row[11],
            "quality": row[9],
            "meta": _plain(row[12]),
            "simulated": row[10] == 1,
        }
        for row in readings.columns
    ]


@functools.lru_cache(maxsize=256)
def _plain(metadata: str) -> dict[str, str]:
    """Metadata as the driver takes it; shared by many documents, which are never changed."""
    return dict(metadata_of(metadata))


def names_of(readings: Sequence[StoredReading]) -> list[tuple[int, str]]:
    """Return row and key of each."""
    if isinstance(readings, RowBatch):
        return [(row[0], row[1]) for row in readings.columns]
    return [(stored.row, stored.key) for stored in readings]


def command_document(command: StoredCommand, gateway: str) -> Document:
    """Return the document of collection `commands`: the contract's command, with its actor.

    The caller's idempotency key stays at home: it is between him and this gateway.
    """
    record = command.record
    return {
        "_id": record.id,
        "gateway": gateway,
        "device": record.device,
        "name": record.name,
        "arguments": dict(record.arguments),
        "state": str(record.state),
        "result": record.result,
        "requested_at": DatetimeMS(record.requested_at_ms),
        "finished_at": None if record.finished_at_ms is None else DatetimeMS(record.finished_at_ms),
        "duration_ms": record.duration_ms,
        "error": record.error,
        "detail": record.detail,
        "actor": record.actor,
        "version": command.version,
    }


def heartbeat_document(heartbeat: Heartbeat, gateway: str) -> Document:
    """Return the document of collection `gateways`."""
    return {
        "_id": gateway,
        "version": heartbeat.version,
        "address": heartbeat.address,
        "devices": list(heartbeat.devices),
        "seen_at": DatetimeMS(heartbeat.seen_at_ms),
    }


def fault_of(document: Document) -> str | None:
    """Why the driver cannot send this document to any server, or None."""
    try:
        size = len(encode(document, codec_options=_CODEC))
    except (BSONError, OverflowError, ValueError, TypeError, RecursionError) as error:
        return f"cannot be stored in MongoDB: {error}"
    if size > MAX_DOCUMENT_BYTES:
        return f"too large for MongoDB: {size} bytes, at most {MAX_DOCUMENT_BYTES} are possible"
    return None
