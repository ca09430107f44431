"""GET /api/v1/jsonlines: how many lines were written."""

from flask import Response, jsonify
from marshmallow import fields

from api.context import ports
from api.documents import Reply
from api.resource import Resource
from tests.parts.jsonlines.part import JsonLinesSink

resource = Resource("jsonlines", "The file of JSON lines.")


class JsonLinesSchema(Reply):
    """Lines since the start."""

    written = fields.Integer(required=True)


@resource.get("/jsonlines", reply=JsonLinesSchema, example={"written": 42})
def get_json_lines() -> Response:
    """Get the number of lines since the start."""
    sink = ports().parts["jsonlines"]
    assert isinstance(sink, JsonLinesSink)
    return jsonify({"written": sink.written})
