"""What documents of several resources share: the base of all that is sent, the cursor, and the problem."""

from marshmallow import EXCLUDE, Schema, fields
from marshmallow.validate import OneOf

from api.problems import KINDS

CURSOR_LENGTH_MAX = 512


class Reply(Schema):
    """A document that the API sends. Members may be added, so readers must not refuse unknown ones."""

    class Meta:
        """Leaves `additionalProperties` out of the OpenAPI document."""

        unknown = EXCLUDE


class ProblemSchema(Reply):
    """RFC 9457 with a stable `code`."""

    type = fields.String(required=True, metadata={"example": "about:blank"})
    title = fields.String(required=True, metadata={"description": "The status in words."})
    status = fields.Integer(required=True, strict=True)
    code = fields.String(
        required=True,
        validate=OneOf(list(KINDS)),
        metadata={
            "description": "Stable; decide by this.\n\n"
            + "\n".join(
                f"- `{kind.code}` ({kind.status}): {kind.meaning}" for kind in KINDS.values()
            )
        },
    )
    detail = fields.String(required=True, metadata={"description": "A sentence for people."})
    instance = fields.String(required=True, metadata={"description": "Path of the request."})
    problems = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        metadata={"description": "What is wrong, per parameter, field or argument."},
    )
    # By name: what every endpoint needs imports no resource.
    command = fields.Nested(
        "CommandSchema", metadata={"description": "The command that did not end as done."}
    )
    reasons = fields.List(
        fields.String(), metadata={"description": "Why the gateway is not ready."}
    )
