"""The documents of devices: schemas, builder, examples."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Length, OneOf, Regexp

from api.documents import Reply
from api.fields import Timestamp
from api.times import format_ms
from arduino_iface.arguments import json_schema
from gateway.config.names import (
    METADATA_KEY,
    METADATA_KEYS_MAX,
    METADATA_VALUE_MAX,
    metadata_problem,
)
from gateway.model.learned import Learned
from gateway.model.limits import Limits
from gateway.model.registry import DeviceHealth, DeviceState, DeviceView

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
    minimum = fields.Float(
        metadata={"description": "As configured; a value below it is marked and enters no mean."}
    )
    maximum = fields.Float(metadata={"description": "The same for values above it."})


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


class LearnedChannelSchema(Reply):
    """A channel of printed lines, and the field that it is read from."""

    name = fields.String(required=True)
    field = fields.String(required=True)
    type = fields.String(required=True)
    unit = fields.String(required=True, allow_none=True)
    line = fields.Integer(
        required=True, strict=True, metadata={"description": "Its [[device.line]], from 0."}
    )


class UnreadLineSchema(Reply):
    """A line without a reading."""

    text = fields.String(required=True)
    reason = fields.String(required=True)


class LearnedSchema(Reply):
    """What was learned of a sketch from its lines, and what could not be read."""

    by_lines = fields.Boolean(
        required=True, metadata={"description": "Channels were learned and not configured."}
    )
    channels = fields.List(fields.Nested(LearnedChannelSchema), required=True)
    interval_s = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "null: configured, or not known yet."},
    )
    ignored = fields.Integer(
        required=True, strict=True, metadata={"description": "Lines without a reading."}
    )
    damaged = fields.Integer(
        required=True, strict=True, metadata={"description": "Lines whose reading is lost."}
    )
    unread = fields.List(
        fields.Nested(UnreadLineSchema),
        required=True,
        metadata={"description": "The last lines without a reading, three at most."},
    )


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
        required=True,
        allow_none=True,
        metadata={"description": "Why it is not online, or what is wrong although it is."},
    )
    last_seen = Timestamp(required=True, allow_none=True)
    stale = fields.Boolean(required=True)
    interval_s = fields.Float(required=True)
    simulated = fields.Boolean(required=True)
    metadata = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    channels = fields.List(fields.Nested(ChannelSchema), required=True)
    commands = fields.List(fields.Nested(CommandDescriptionSchema), required=True)
    health = fields.Nested(HealthSchema, required=True)
    learned = fields.Nested(
        LearnedSchema,
        required=True,
        allow_none=True,
        metadata={
            "description": "From printed lines; null for other drivers, and before the first."
        },
    )


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


def is_stale(view: DeviceView, now_mono: float) -> bool:
    """Whether the last valid exchange is too long ago, or never was."""
    seen = view.last_seen_mono
    return seen is None or now_mono - seen > view.stale_after_s


def device_document(view: DeviceView, now_mono: float) -> dict[str, object]:
    """One device; `now_mono` is of the clock that stamped the view."""
    schema = view.schema
    channels = schema.channels if schema else ()
    commands = schema.commands if schema else ()
    return {
        "id": view.id,
        "name": view.name or view.id,
        "bus": view.bus,
        "address": view.address,
        "driver": view.driver,
        "uid": view.uid,
        "boot": view.boot,
        "firmware": (schema.firmware or None) if schema else None,
        "state": view.state.value,
        "detail": view.detail,
        "last_seen": None if view.last_seen_ms is None else format_ms(view.last_seen_ms),
        "stale": is_stale(view, now_mono),
        "interval_s": view.interval_s,
        "simulated": view.simulated,
        "metadata": dict(view.metadata),
        "channels": [
            {
                "name": channel.name,
                "unit": channel.unit,
                "type": channel.type.word,
                **_limits_document(view.limits.get(channel.name, Limits())),
            }
            for channel in channels
        ],
        "commands": [
            {"name": command.name, "arguments": json_schema(command)} for command in commands
        ],
        "health": _health_document(view.health),
        "learned": None if view.learned is None else _learned_document(view.learned),
    }


def _learned_document(learned: Learned) -> dict[str, object]:
    return {
        "by_lines": learned.by_lines,
        "channels": [
            {
                "name": one.name,
                "field": one.field,
                "type": one.type,
                "unit": one.unit,
                "line": one.line,
            }
            for one in learned.channels
        ],
        "interval_s": learned.interval_s,
        "ignored": learned.ignored,
        "damaged": learned.damaged,
        "unread": [{"text": text, "reason": reason} for text, reason in learned.unread],
    }


def _limits_document(limits: Limits) -> dict[str, object]:
    """Only those that there are."""
    found = {"minimum": limits.minimum, "maximum": limits.maximum}
    return {end: limit for end, limit in found.items() if limit is not None}


def _health_document(health: DeviceHealth) -> dict[str, object]:
    return {
        "polls": health.polls,
        "missed": health.missed,
        "retries": health.retries,
        "crc_errors": health.crc_errors,
        "resets": health.resets,
        "lost": health.lost,
        "latency_ms": {"p50": health.latency_ms_p50, "p99": health.latency_ms_p99},
    }


DEVICE: dict[str, Any] = {
    "id": "greenhouse",
    "name": "greenhouse",
    "bus": "i2c1",
    "address": 18,
    "driver": "protocol",
    "uid": "0011223344556677",
    "boot": 5,
    "firmware": "1.4.0",
    "state": "online",
    "detail": None,
    "last_seen": "2026-11-20T07:00:00.123Z",
    "stale": False,
    "interval_s": 1.0,
    "simulated": False,
    "metadata": {"room": "A"},
    "channels": [{"name": "temperature", "unit": "Cel", "type": "i16"}],
    "commands": [
        {
            "name": "fan",
            "arguments": {
                "type": "object",
                "properties": {"speed": {"type": "integer", "minimum": 0, "maximum": 255}},
                "required": ["speed"],
                "additionalProperties": False,
            },
        }
    ],
    "health": {
        "polls": 86400,
        "missed": 0,
        "retries": 3,
        "crc_errors": 1,
        "resets": 0,
        "lost": 0,
        "latency_ms": {"p50": 2.4, "p99": 7.9},
    },
    "learned": None,
}

DEVICE_CHANGE: dict[str, Any] = {"name": "Greenhouse A", "metadata": {"room": "A"}}
