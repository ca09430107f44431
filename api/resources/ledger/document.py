"""The documents of the loss ledger: schemas, builder, example."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema
from marshmallow.validate import Length, OneOf, Range

from api.documents import CURSOR_LENGTH_MAX, Reply
from api.fields import Count, Timestamp
from api.times import format_ms
from gateway.journal.types import LedgerHour
from gateway.model.reading import LossReason


class LedgerHourSchema(Reply):
    """One hour of one device: expected = stored + everything in `lost`."""

    device = fields.String(required=True)
    hour = Timestamp(required=True, metadata={"description": "When the hour began."})
    expected = fields.Integer(required=True, strict=True)
    stored = fields.Integer(required=True, strict=True)
    lost = fields.Dict(
        keys=fields.String(validate=OneOf([reason.value for reason in LossReason])),
        values=fields.Integer(strict=True),
        required=True,
        metadata={"description": "By reason."},
    )


class LedgerSchema(Reply):
    """One page of the ledger."""

    ledger = fields.List(fields.Nested(LedgerHourSchema), required=True)
    next = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Cursor of the following page; null at the end."},
    )


class LedgerQuerySchema(Schema):
    """Query of the ledger."""

    device = fields.String(validate=Length(1, 200), load_default=None)
    since = Timestamp(load_default=None, metadata={"description": "Hours that end later."})
    until = Timestamp(load_default=None, metadata={"description": "Hours that begin earlier."})
    limit = Count(validate=Range(1, 10_000), load_default=1000)
    cursor = fields.String(
        validate=Length(1, CURSOR_LENGTH_MAX),
        load_default=None,
        metadata={"description": "`next` of the page before, with the same other parameters."},
    )

    @validates_schema
    def _since_before_until(self, data: Mapping[str, Any], **_kwargs: object) -> None:
        since, until = data.get("since"), data.get("until")
        if since is not None and until is not None and since > until:
            raise ValidationError("must not be before since", "until")


def ledger_document(hour: LedgerHour) -> Mapping[str, Any]:
    """One hour."""
    return {
        "device": hour.device,
        "hour": format_ms(hour.hour_ms),
        "expected": hour.expected,
        "stored": hour.stored,
        "lost": {reason.value: count for reason, count in hour.lost.items()},
    }


LEDGER_HOUR: dict[str, Any] = {
    "device": "greenhouse",
    "hour": "2026-11-20T07:00:00.000Z",
    "expected": 3600,
    "stored": 3588,
    "lost": {
        "overwritten": 8,
        "device_absent": 4,
        "bus_error": 0,
        "clock_unknown": 0,
        "shed_by_bound": 0,
    },
}
