"""GET /devices/{id}/readings and /readings/latest."""

from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify

from api import examples
from api.context import ports
from api.devices import unknown_device
from api.paging import checking_cursor
from api.resource import Resource
from api.schemas.reading import LatestListSchema, ReadingListSchema, ReadingQuerySchema
from api.shapes.reading import latest_document, reading_document

resource = Resource("readings", "What the devices measured.")


@resource.get(
    "/devices/<id>/readings",
    query=ReadingQuerySchema,
    reply=ReadingListSchema,
    example={"readings": [examples.READING], "next": None},
    errors=["unknown_device"],
)
def list_readings(id: str, query: Mapping[str, Any]) -> Response:
    """List the stored readings of one device.

    Also of a device that is no longer there, as long as readings of it are stored.
    """
    with checking_cursor(query["cursor"]):
        page = ports().readings.page(
            id,
            since_ms=query["since"],
            until_ms=query["until"],
            limit=query["limit"],
            order=query["order"],
            cursor=query["cursor"],
        )
    if not page.readings and not _is_known(id):
        raise unknown_device(id)
    documents = [reading_document(stored) for stored in page.readings]
    return jsonify({"readings": documents, "next": page.next})


def _is_known(device: str) -> bool:
    gateway = ports()
    if gateway.devices.get(device) is not None:
        return True
    anything = gateway.readings.page(
        device, since_ms=None, until_ms=None, limit=1, order="desc", cursor=None
    )
    return bool(anything.readings)


@resource.get(
    "/readings/latest",
    reply=LatestListSchema,
    example={"readings": [{**examples.READING, "age_s": 0.412, "stale": False}], "next": None},
)
def latest_readings() -> Response:
    """Get the newest reading of every device."""
    gateway = ports()
    now_ms, now_mono = gateway.status.now_ms(), gateway.status.now_mono()
    documents = [
        latest_document(stored, gateway.devices.get(stored.reading.device), now_ms, now_mono)
        for stored in gateway.readings.latest()
    ]
    return jsonify({"readings": documents, "next": None})
