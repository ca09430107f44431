"""GET /status."""

from flask import Response, jsonify

from api import examples
from api.context import ports
from api.resource import Resource
from api.schemas.status import StatusSchema

resource = Resource("status", "The gateway about itself.")


@resource.get("/status", reply=StatusSchema, example=examples.STATUS)
def get_status() -> Response:
    """Get the state of the gateway and its parts."""
    return jsonify(ports().status.status())
