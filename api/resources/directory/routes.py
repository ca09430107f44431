"""GET /.well-known/wot: the gateway as a directory of Things."""

from flask import Response

from api.negotiation import json_as
from api.resource import Resource
from api.thing_description import CONTENT_TYPE, DIRECTORY, describe_all

resource = Resource("directory", "Where Web of Things clients begin.", prefix="/.well-known")


@resource.get(
    "/wot",
    media={CONTENT_TYPE: {"schema": {"type": "object"}, "example": DIRECTORY}},
)
def get_directory() -> Response:
    """Get the description of the gateway as a directory of Things."""
    return json_as(CONTENT_TYPE, describe_all())
