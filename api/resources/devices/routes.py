"""GET /devices and /devices/{id}, and PATCH of a device's name and metadata."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Response, jsonify

from api.context import ports
from api.negotiation import JSON, json_as, negotiated
from api.problems import Problem, unknown_device
from api.resource import Resource
from api.resources.devices.document import (
    DEVICE,
    DEVICE_CHANGE,
    DeviceChangeSchema,
    DeviceListSchema,
    DeviceSchema,
    device_document,
)
from api.thing_description import CONTENT_TYPE as THING_CONTENT_TYPE
from api.thing_description import THING, describe
from gateway.access.keys import Scope
from gateway.devices.labels import NotStored

resource = Resource("devices", "What is on the buses, and how it is.")


@resource.get("/devices", reply=DeviceListSchema, example={"devices": [DEVICE], "next": None})
def list_devices() -> Response:
    """List every device."""
    gateway = ports()
    now = gateway.status.now_mono()
    documents = [device_document(view, now) for view in gateway.devices.all()]
    return jsonify({"devices": documents, "next": None})


@resource.get(
    "/devices/<id>",
    reply=DeviceSchema,
    example=DEVICE,
    media={THING_CONTENT_TYPE: {"schema": {"type": "object"}, "example": THING}},
    errors=["unknown_device", "not_acceptable"],
)
def get_device(id: str) -> Response:
    """Get one device, as JSON or as a W3C WoT Thing Description."""
    gateway = ports()
    view = gateway.devices.get(id)
    if view is None:
        raise unknown_device(id)
    content_type = negotiated([JSON, THING_CONTENT_TYPE])
    if content_type == JSON:
        response = jsonify(device_document(view, gateway.status.now_mono()))
    else:
        response = json_as(content_type, describe(view))
    response.vary.add("Accept")
    return response


@resource.post(
    "/devices/<id>",
    method="PATCH",
    body=DeviceChangeSchema,
    body_example=DEVICE_CHANGE,
    reply=DeviceSchema,
    example=DEVICE,
    headers={},
    scope=Scope.ADMIN,
    errors=["unknown_device", "journal_unavailable"],
)
def change_device(id: str, body: Mapping[str, Any]) -> Response:
    """Change the name or the metadata of a device.

    What is left out stays. `metadata` replaces all there was, and is stamped on readings from then on; null
    goes back to what the board or the configuration says. The change is kept over restarts.
    """
    gateway = ports()
    try:
        view = gateway.devices.change(id, lambda label: replace(label, **body))
    except NotStored as error:
        raise Problem(
            "journal_unavailable", f"not stored: {error}", headers={"Retry-After": "5"}
        ) from error
    if view is None:
        raise unknown_device(id)
    return jsonify(device_document(view, gateway.status.now_mono()))
