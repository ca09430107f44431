"""GET /devices and /devices/{id}."""

from flask import Response, jsonify

from api import examples
from api.context import ports
from api.describing import describe
from api.negotiation import JSON, negotiated
from api.problems import Problem
from api.resource import Resource
from api.schemas.device import DeviceListSchema, DeviceSchema
from api.shapes import thing
from api.shapes.device import device_document

resource = Resource("devices", "What is on the buses, and how it is.")


@resource.get(
    "/devices", reply=DeviceListSchema, example={"devices": [examples.DEVICE], "next": None}
)
def list_devices() -> Response:
    """List every device."""
    gateway = ports()
    now = gateway.status.now_mono()
    documents = [device_document(view, now) for view in gateway.devices.all()]
    return jsonify({"devices": documents, "next": None})


@resource.get(
    "/devices/<id>",
    reply=DeviceSchema,
    example=examples.DEVICE,
    media={thing.CONTENT_TYPE: {"schema": {"type": "object"}, "example": examples.THING}},
    errors=["unknown_device", "not_acceptable"],
)
def get_device(id: str) -> Response:
    """Get one device, as JSON or as a W3C WoT Thing Description."""
    gateway = ports()
    view = gateway.devices.get(id)
    if view is None:
        raise unknown_device(id)
    content_type = negotiated([JSON, thing.CONTENT_TYPE])
    if content_type == JSON:
        response = jsonify(device_document(view, gateway.status.now_mono()))
    else:
        response = jsonify(describe(view))
        response.content_type = content_type
    response.vary.add("Accept")
    return response


def unknown_device(device: str) -> Problem:
    """The problem of a device nobody knows."""
    return Problem("unknown_device", f"no device has the id {device!r}")
