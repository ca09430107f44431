"""GET /weather: what a part brings beside the built-in resources."""

from flask import Response, jsonify
from marshmallow import fields

from api.context import ports
from api.documents import Reply
from api.resource import Resource

resource = Resource("weather", "The weather.")


class WeatherSchema(Reply):
    """The weather."""

    sky = fields.String(required=True)


@resource.get("/weather", reply=WeatherSchema, example={"sky": "clear"})
def get_weather() -> Response:
    """Get the weather."""
    return jsonify({"sky": ports().parts["weather"]})
