"""GET /ledger: what should be stored, what is, and why the rest is not."""

from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify

from api import examples
from api.context import ports
from api.paging import checking_cursor
from api.resource import Resource
from api.schemas.ledger import LedgerQuerySchema, LedgerSchema
from gateway.journal.types import LedgerHour
from gateway.model.times import format_ms

resource = Resource("ledger", "The account of every sample.")


@resource.get(
    "/ledger",
    query=LedgerQuerySchema,
    reply=LedgerSchema,
    example={"ledger": [examples.LEDGER_HOUR], "next": None},
)
def get_ledger(query: Mapping[str, Any]) -> Response:
    """Get the loss ledger, by device and hour.

    Expected is stored and lost together, always. Newest hour first.
    """
    with checking_cursor(query["cursor"]):
        page = ports().ledger.ledger(
            query["device"],
            since_ms=query["since"],
            until_ms=query["until"],
            limit=query["limit"],
            cursor=query["cursor"],
        )
    return jsonify({"ledger": [_document(hour) for hour in page.hours], "next": page.next})


def _document(hour: LedgerHour) -> Mapping[str, Any]:
    return {
        "device": hour.device,
        "hour": format_ms(hour.hour_ms),
        "expected": hour.expected,
        "stored": hour.stored,
        "lost": {reason.value: count for reason, count in hour.lost.items()},
    }
