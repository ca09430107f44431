"""GET /status."""

from flask import Response, jsonify

from api.context import ports
from api.resource import Resource
from api.resources.status.document import STATUS, StatusSchema

resource = Resource("status", "The gateway about itself.")


@resource.get("/status", reply=StatusSchema, example=STATUS)
def get_status() -> Response:
    """Get the state of the gateway and its parts."""
    return jsonify(ports().status.status())
