"""The documents of the log: schemas, builder, example."""

from typing import Any

from marshmallow import Schema, fields
from marshmallow.validate import OneOf, Range

from api.documents import Reply
from api.fields import Count, Timestamp
from api.times import format_ms
from gateway.log.entry import LogEntry

LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR"]
LINES_MAX = 500


class LogLineSchema(Reply):
    """One record."""

    time = Timestamp(required=True)
    level = fields.String(required=True)
    thread = fields.String(required=True)
    logger = fields.String(required=True)
    message = fields.String(required=True)
    extra = fields.Dict(
        keys=fields.String(), required=True, metadata={"description": "Such as device and bus."}
    )
    exception = fields.String(required=True, allow_none=True)


class LogListSchema(Reply):
    """The newest records, newest first."""

    logs = fields.List(fields.Nested(LogLineSchema), required=True)
    next = fields.String(
        required=True, allow_none=True, metadata={"description": "Always null: the files have all."}
    )


class LogQuerySchema(Schema):
    """Query of the log."""

    level = fields.String(
        validate=OneOf(LEVELS), load_default="INFO", metadata={"description": "And above."}
    )
    limit = Count(validate=Range(1, LINES_MAX), load_default=100)


class LoggingSchema(Schema):
    """What is logged."""

    level = fields.String(
        required=True, validate=OneOf(LEVELS), metadata={"description": "Until the next start."}
    )


def log_document(entry: LogEntry) -> dict[str, object]:
    """One line."""
    return {
        "time": format_ms(entry.time_ms),
        "level": entry.level_name,
        "thread": entry.thread,
        "logger": entry.logger,
        "message": entry.message,
        "extra": dict(entry.extra),
        "exception": entry.exception,
    }


LOG_LINE: dict[str, Any] = {
    "time": "2026-11-20T07:00:00.123Z",
    "level": "WARNING",
    "thread": "collection",
    "logger": "gateway.collection.poller",
    "message": "device does not answer: no valid reply",
    "extra": {"device": "greenhouse", "bus": "i2c1"},
    "exception": None,
}
