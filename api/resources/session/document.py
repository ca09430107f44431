"""The documents of browser sessions: schemas, builder, examples."""

from typing import Any

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf

from api.documents import Reply
from api.fields import Timestamp
from gateway.access.keys import SECRET_LENGTH_MAX, Scope


class SessionRequestSchema(Schema):
    """What a session is opened with."""

    key = fields.String(
        required=True,
        validate=Length(1, SECRET_LENGTH_MAX),
        metadata={"description": "As `gateway keys create` showed it."},
    )


class SessionSchema(Reply):
    """Who you are for the gateway."""

    name = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Name of the key; null when none is needed."},
    )
    scope = fields.String(required=True, validate=OneOf([scope.value for scope in Scope]))
    expires_at = Timestamp(
        required=True, allow_none=True, metadata={"description": "null without a session."}
    )


SESSION_REQUEST: dict[str, Any] = {"key": "gwk_the-rest-of-the-key"}

SESSION: dict[str, Any] = {
    "name": "dashboard",
    "scope": "command",
    "expires_at": "2026-11-20T19:00:00.123Z",
}
