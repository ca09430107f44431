"""The documents of readings and windows: schemas, builders, examples."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema
from marshmallow.validate import Length, OneOf, Range

from api.documents import CURSOR_LENGTH_MAX, Reply
from api.fields import Count, Interval, Names, Timestamp
from api.resources.devices.document import is_stale
from api.times import format_ms
from gateway.model.reading import Quality, StoredReading
from gateway.model.registry import DeviceView
from gateway.model.windows import Aggregate, Window

_AGGREGATES = [aggregate.value for aggregate in Aggregate]
_COMPLETE = "False when older readings are in MongoDB, which does not answer now."
_VALUE_TYPES = ["number", "boolean", "string"]  # and null


class ReadingSchema(Reply):
    """One sample of one device."""

    key = fields.String(required=True, metadata={"description": "Identity, also in MongoDB."})
    device = fields.String(required=True)
    time = Timestamp(required=True)
    seq = fields.Integer(required=True, strict=True, allow_none=True)
    boot = fields.Integer(required=True, strict=True, allow_none=True)
    values = fields.Dict(
        keys=fields.String(),
        values=fields.Raw(allow_none=True, metadata={"type": _VALUE_TYPES}),
        required=True,
        metadata={"description": "By channel; null is a missing value."},
    )
    quality = fields.String(required=True, validate=OneOf([quality.value for quality in Quality]))
    simulated = fields.Boolean(required=True)


class ReadingListSchema(Reply):
    """One page of history."""

    readings = fields.List(fields.Nested(ReadingSchema), required=True)
    next = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Cursor of the following page; null at the end."},
    )
    complete = fields.Boolean(required=True, metadata={"description": _COMPLETE})


class WindowSchema(Reply):
    """Readings summed up over one window of time."""

    time = Timestamp(required=True, metadata={"description": "Where the window begins."})
    values = fields.Dict(
        keys=fields.String(),
        values=fields.Dict(
            keys=fields.String(validate=OneOf(_AGGREGATES)),
            values=fields.Raw(allow_none=True, metadata={"type": _VALUE_TYPES}),
        ),
        required=True,
        metadata={"description": "By channel and aggregate; null where no value was there."},
    )


class WindowListSchema(Reply):
    """One page of windows; those without a reading are left out."""

    windows = fields.List(fields.Nested(WindowSchema), required=True)
    every_s = fields.Float(required=True)
    next = fields.String(required=True, allow_none=True)
    complete = fields.Boolean(required=True, metadata={"description": _COMPLETE})


class LatestReadingSchema(ReadingSchema):
    """The newest reading of a device."""

    age_s = fields.Float(required=True)
    stale = fields.Boolean(required=True, metadata={"description": "Too old to be relied on."})


class LatestListSchema(Reply):
    """The newest reading of every device."""

    readings = fields.List(fields.Nested(LatestReadingSchema), required=True)
    next = fields.String(
        required=True, allow_none=True, metadata={"description": "Always null: all are here."}
    )


class ReadingQuerySchema(Schema):
    """Query of a device's history."""

    since = Timestamp(load_default=None, metadata={"description": "Inclusive."})
    until = Timestamp(load_default=None, metadata={"description": "Exclusive."})
    limit = Count(
        validate=Range(1, 10_000),
        load_default=None,
        metadata={"description": "Default 100 as JSON; all of them in the other forms."},
    )
    order = fields.String(
        validate=OneOf(["asc", "desc"]), load_default="desc", metadata={"description": "By time."}
    )
    cursor = fields.String(
        validate=Length(1, CURSOR_LENGTH_MAX),
        load_default=None,
        metadata={"description": "`next` of the page before, with the same other parameters."},
    )
    channels = Names(
        load_default=None,
        metadata={"description": "Only these, separated by commas; default all."},
    )
    every = Interval(
        load_default=None,
        metadata={
            "description": "Length of the windows to sum the readings up in, such as `60s`; "
            "units ms, s, min, h, d, w. They begin at whole multiples since 1970 (UTC)."
        },
    )
    agg = Names(
        load_default=None,
        words=_AGGREGATES,
        metadata={
            "description": f"What to tell of a window: {', '.join(_AGGREGATES)}, separated by commas; "
            "default mean.",
        },
    )

    @validates_schema
    def _since_before_until(self, data: Mapping[str, Any], **_kwargs: object) -> None:
        since, until = data.get("since"), data.get("until")
        if since is not None and until is not None and since > until:
            raise ValidationError("must not be before since", "until")

    @validates_schema
    def _agg_of_windows(self, data: Mapping[str, Any], **_kwargs: object) -> None:
        if data.get("agg") and not data.get("every"):
            raise ValidationError("needs every, the length of the windows", "agg")


def reading_document(stored: StoredReading) -> dict[str, object]:
    """One stored reading."""
    reading = stored.reading
    return {
        "key": stored.key,
        "device": reading.device,
        "time": format_ms(reading.time_ms),
        "seq": reading.seq,
        "boot": reading.boot,
        "values": dict(reading.values),
        "quality": reading.quality.value,
        "simulated": reading.simulated,
    }


def latest_document(
    stored: StoredReading, device: DeviceView | None, now_ms: int, now_mono: float
) -> dict[str, object]:
    """A newest reading with its age.

    It is stale when it is old for its device, when the device has fallen silent (on the clock that is
    never set), when it comes from the future because the wall clock went back, or when the device is no
    longer known.
    """
    age_s = (now_ms - stored.reading.time_ms) / 1000
    stale = device is None or abs(age_s) > device.stale_after_s or is_stale(device, now_mono)
    return {**reading_document(stored), "age_s": age_s, "stale": stale}


def window_document(window: Window) -> dict[str, object]:
    """One window; aggregates by channel."""
    return {
        "time": format_ms(window.start_ms),
        "values": {
            channel: {aggregate.value: value for aggregate, value in summary.items()}
            for channel, summary in window.values.items()
        },
    }


READING: dict[str, Any] = {
    "key": "0011223344556677-5-42",
    "device": "greenhouse",
    "time": "2026-11-20T07:00:00.123Z",
    "seq": 42,
    "boot": 5,
    "values": {"temperature": 21.5, "humidity": None},
    "quality": "partial",
    "simulated": False,
}

READING_LIST: dict[str, Any] = {"readings": [READING], "next": None, "complete": True}

WINDOW_LIST: dict[str, Any] = {
    "windows": [
        {
            "time": "2026-11-20T07:00:00.000Z",
            "values": {"temperature": {"mean": 21.48, "count": 60}},
        }
    ],
    "every_s": 60.0,
    "next": None,
    "complete": True,
}

CSV = (
    "time,key,quality,temperature,humidity\r\n"
    "2026-11-20T07:00:00.123Z,0011223344556677-5-42,partial,21.5,\r\n"
)

SENML: list[dict[str, Any]] = [
    {"bn": "greenhouse/", "bt": 1795158000.123, "n": "temperature", "u": "Cel", "v": 21.5}
]
