"""Schemas of commands."""

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf, Range

from api.fields import Count, Interval, Timestamp
from api.schemas.base import Reply
from gateway.model.command import CommandState

CURSOR_LENGTH_MAX = 512
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
