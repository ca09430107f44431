"""The documents of commands: schemas, builder, examples."""

from typing import Any

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf, Range

from api.documents import CURSOR_LENGTH_MAX, Reply
from api.fields import Count, Interval, Timestamp
from api.times import format_ms
from gateway.model.command import CommandRecord, CommandState

TIMEOUT_MAX_MS = 60_000
QUEUE_MAX_MS = 86_400_000


class CommandSchema(Reply):
    """A command and what became of it."""

    id = fields.String(required=True)
    device = fields.String(required=True)
    name = fields.String(required=True)
    arguments = fields.Dict(keys=fields.String(), required=True)
    state = fields.String(
        required=True,
        validate=OneOf([state.value for state in CommandState]),
        metadata={"description": "expired: never sent; unknown: sent and not answered."},
    )
    result = fields.Raw(required=True, allow_none=True)
    detail = fields.String(
        required=True, allow_none=True, metadata={"description": "Why it did not end as done."}
    )
    actor = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Name of the key it was sent with."},
    )
    requested_at = Timestamp(required=True)
    finished_at = Timestamp(required=True, allow_none=True)
    duration_ms = fields.Float(required=True, allow_none=True)


class CommandListSchema(Reply):
    """One page of the audit trail, newest first."""

    commands = fields.List(fields.Nested(CommandSchema), required=True)
    next = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Cursor of the following page; null at the end."},
    )


class CommandRequestSchema(Schema):
    """What a device shall do."""

    name = fields.String(required=True, validate=Length(1, 64))
    arguments = fields.Dict(
        keys=fields.String(),
        load_default=dict,
        metadata={"description": "By name; the device's own schema says which."},
    )


class SendQuerySchema(Schema):
    """How a command is to be sent."""

    wait = fields.String(
        validate=OneOf(["0", "1"]),
        load_default="1",
        metadata={"description": "0: answer 202 at once and not with the outcome."},
    )
    timeout = Interval(
        load_default=None,
        validate=Range(100, TIMEOUT_MAX_MS),
        metadata={
            "description": "How long the board may take, such as `5s`; 100ms to 60s, default 10s. "
            "What is not answered then is unknown."
        },
    )
    queue = Interval(
        load_default=None,
        validate=Range(1000, QUEUE_MAX_MS),
        metadata={
            "description": "How long to keep the command for a device that is away, such as `60s`; "
            "1s to 1d. If it does not come back in time, the command expires and is never sent. "
            "Answers 202 at once."
        },
    )


class CommandQuerySchema(Schema):
    """Query of the audit trail."""

    device = fields.String(validate=Length(1, 64), load_default=None)
    limit = Count(validate=Range(1, 10_000), load_default=100)
    cursor = fields.String(validate=Length(1, CURSOR_LENGTH_MAX), load_default=None)


def command_document(record: CommandRecord) -> dict[str, object]:
    """The audit record without what is between the gateway and the board, or private to the caller."""
    finished = record.finished_at_ms
    return {
        "id": record.id,
        "device": record.device,
        "name": record.name,
        "arguments": dict(record.arguments),
        "state": record.state.value,
        "result": record.result,
        "detail": record.detail,
        "actor": record.actor,
        "requested_at": format_ms(record.requested_at_ms),
        "finished_at": None if finished is None else format_ms(finished),
        "duration_ms": record.duration_ms,
    }


COMMAND_REQUEST: dict[str, Any] = {"name": "fan", "arguments": {"speed": 128}}

COMMAND: dict[str, Any] = {
    "id": "01JD3Y6Q8T",
    "device": "greenhouse",
    "name": "fan",
    "arguments": {"speed": 128},
    "state": "done",
    "result": None,
    "detail": None,
    "actor": None,
    "requested_at": "2026-11-20T07:00:00.123Z",
    "finished_at": "2026-11-20T07:00:00.131Z",
    "duration_ms": 7.4,
}

QUEUED: dict[str, Any] = {
    **COMMAND,
    "state": "queued",
    "finished_at": None,
    "duration_ms": None,
}
