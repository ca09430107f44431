"""GET /ledger: what should be stored, what is, and why the rest is not."""

from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify

from api.context import ports
from api.paging import checking_cursor
from api.resource import Resource
from api.resources.ledger.document import (
    LEDGER_HOUR,
    LedgerQuerySchema,
    LedgerSchema,
    ledger_document,
)

resource = Resource("ledger", "The account of every sample.")


@resource.get(
    "/ledger",
    query=LedgerQuerySchema,
    reply=LedgerSchema,
    example={"ledger": [LEDGER_HOUR], "next": None},
)
def get_ledger(query: Mapping[str, Any]) -> Response:
    """Get the loss ledger, by device and hour.

    Expected is stored and lost together, always. Newest hour first.
    """
    with checking_cursor(query["cursor"]):
        page = ports().reader.ledger(
            query["device"],
            since_ms=query["since"],
            until_ms=query["until"],
            limit=query["limit"],
            cursor=query["cursor"],
        )
    return jsonify({"ledger": [ledger_document(hour) for hour in page.hours], "next": page.next})
