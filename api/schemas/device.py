"""Schemas of devices."""

from collections.abc import Mapping

from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Length, OneOf, Regexp

from api.fields import Timestamp
from api.schemas.base import Reply
from gateway.config.names import (
    METADATA_KEY,
    METADATA_KEYS_MAX,
    METADATA_VALUE_MAX,
    metadata_problem,
)
from gateway.model.registry import DeviceState

DEVICE_NAME_MAX = 100

_NO_CONTROLS = "^[^\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]*$"
"""Also as JavaScript reads it, for the document."""


def _require_printable(name: str) -> None:
    # A name is shown to people and written to logs; to a regular expression, `$` may precede a line's end.
    if name.endswith("\n"):
        raise ValidationError("has control characters")


def _require_metadata(metadata: Mapping[str, str]) -> None:
    for key, value in metadata.items():
        problem = metadata_problem(key, value)
        if problem is not None:
            raise ValidationError(problem)


class ChannelSchema(Reply):
    """One measured quantity."""

    name = fields.String(required=True)
    unit = fields.String(required=True, allow_none=True, metadata={"description": "RFC 8428."})
    type = fields.String(required=True)


class CommandDescriptionSchema(Reply):
    """What a device can be told to do."""

    name = fields.String(required=True)
    arguments = fields.Dict(
        keys=fields.String(), required=True, metadata={"description": "JSON Schema (2020-12)."}
    )


class LatencySchema(Reply):
    """Of one request with its reply."""

    p50 = fields.Float(required=True, allow_none=True)
    p99 = fields.Float(required=True, allow_none=True)


class HealthSchema(Reply):
    """Counters since the gateway started."""

    polls = fields.Integer(required=True, strict=True)
    missed = fields.Integer(required=True, strict=True)
    retries = fields.Integer(required=True, strict=True)
    crc_errors = fields.Integer(required=True, strict=True)
    resets = fields.Integer(required=True, strict=True)
    lost = fields.Integer(required=True, strict=True)
    latency_ms = fields.Nested(LatencySchema, required=True)


class DeviceSchema(Reply):
    """One device at one moment."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    bus = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "null for a device that sends its readings over a network."},
    )
    address = fields.Integer(
        required=True, strict=True, allow_none=True, metadata={"description": "null except on I2C."}
    )
    driver = fields.String(required=True)
    uid = fields.String(required=True, allow_none=True)
    boot = fields.Integer(required=True, strict=True, allow_none=True)
    firmware = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, validate=OneOf([state.value for state in DeviceState]))
    detail = fields.String(
        required=True, allow_none=True, metadata={"description": "Why it is not online."}
    )
    last_seen = Timestamp(required=True, allow_none=True)
    stale = fields.Boolean(required=True)
    interval_s = fields.Float(required=True)
    simulated = fields.Boolean(required=True)
    metadata = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    channels = fields.List(fields.Nested(ChannelSchema), required=True)
    commands = fields.List(fields.Nested(CommandDescriptionSchema), required=True)
    health = fields.Nested(HealthSchema, required=True)


class DeviceListSchema(Reply):
    """Every device."""

    devices = fields.List(fields.Nested(DeviceSchema), required=True)
    next = fields.String(
        required=True, allow_none=True, metadata={"description": "Always null: all are here."}
    )


class DeviceChangeSchema(Schema):
    """What can be changed of a device; what is left out stays."""

    name = fields.String(
        allow_none=True,
        validate=[Length(1, DEVICE_NAME_MAX), Regexp(_NO_CONTROLS), _require_printable],
        metadata={"description": "For people; null: as the board calls itself."},
    )
    metadata = fields.Dict(
        keys=fields.String(),
        values=fields.String(validate=Length(max=METADATA_VALUE_MAX)),
        allow_none=True,
        validate=[Length(max=METADATA_KEYS_MAX), _require_metadata],
        metadata={
            "description": "Your own words, stamped on readings; null: as configured.",
            "maxProperties": METADATA_KEYS_MAX,
            "propertyNames": {"pattern": f"^{METADATA_KEY.pattern}$"},
        },
    )
