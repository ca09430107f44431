"""The devices as W3C WoT Things: what their descriptions point to."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, current_app, jsonify

from api.context import ports
from api.negotiation import JSON, json_as, negotiated
from api.problems import Problem, unknown_device
from api.resource import Resource
from api.resources.commands.document import COMMAND, COMMAND_REQUEST, CommandSchema, SendQuerySchema
from api.resources.commands.routes import COMMAND_ERRORS, IDEMPOTENCY_HEADER, QUEUED_REPLY, send
from api.resources.events.document import event_document
from api.resources.events.routes import CONTENT_TYPE as SSE
from api.resources.events.routes import follow
from api.resources.things.document import PROPERTY_STREAM
from api.thing_description import CONTENT_TYPE, THING, describe
from gateway.access.keys import Scope
from gateway.live.feed import Event, EventType
from gateway.model.reading import ReadingValue, StoredReading
from gateway.model.registry import DeviceView

resource = Resource("things", "The devices as W3C Web of Things (Thing Description 1.1).")

_EVENT_TYPES = {
    "reading": EventType.READING,
    "state": EventType.DEVICE,
    "command": EventType.COMMAND,
}
_STREAM = {SSE: {"schema": {"type": "string"}, "example": PROPERTY_STREAM}}


@resource.get(
    "/things",
    media={
        "application/ld+json": {
            "schema": {"type": "array", "items": {"type": "object"}},
            "example": [THING],
        }
    },
)
def list_things() -> Response:
    """Get the Thing Descriptions of all devices."""
    return json_as("application/ld+json", [describe(view) for view in ports().devices.all()])


@resource.get(
    "/things/<id>",
    media={CONTENT_TYPE: {"schema": {"type": "object"}, "example": THING}},
    errors=["unknown_device"],
)
def get_thing(id: str) -> Response:
    """Get the Thing Description of one device.

    The same as `/devices/{id}` gives for `Accept: application/td+json`, for clients that do not say so.
    """
    return json_as(CONTENT_TYPE, describe(_device(id)))


@resource.get(
    "/devices/<id>/properties/<channel>",
    media={
        JSON: {
            "schema": {"type": ["number", "boolean", "string", "null"]},
            "example": 21.5,
        },
        **_STREAM,
    },
    errors=["unknown_device", "not_found", "not_acceptable", "too_many_streams"],
)
def get_property(id: str, channel: str) -> Response:
    """Get the newest value of a channel, or as `text/event-stream` each new one as it comes.

    The value stands alone; null is a missing one.
    """
    view = _device(id)
    values = _newest_values(id)
    described = view.schema is not None and any(one.name == channel for one in view.schema.channels)
    if not described and channel not in values:
        raise Problem("not_found", f"{id} has no channel {channel!r}")
    if negotiated([JSON, SSE]) == JSON:
        response = jsonify(values.get(channel))
    else:
        response = follow(frozenset([id]), frozenset([EventType.READING]), _value_of(channel))
    response.vary.add("Accept")
    return response


@resource.get(
    "/devices/<id>/events/<name>",
    media=_STREAM,
    errors=["unknown_device", "not_found", "too_many_streams"],
)
def follow_device(id: str, name: str) -> Response:
    """Follow one kind of event of a device: `reading`, `state` or `command`.

    As `/events`, but every event is a plain message, as Web of Things clients want them.
    """
    _device(id)
    kind = _EVENT_TYPES.get(name)
    if kind is None:
        raise Problem("not_found", f"there is no event {name!r}; {', '.join(_EVENT_TYPES)} exist")
    dumps, now_mono = current_app.json.dumps, ports().status.now_mono

    def message(event: Event) -> bytes:
        return _message(event, dumps(event_document(event, now_mono)))

    return follow(frozenset([id]), frozenset([kind]), message)


@resource.post(
    "/devices/<id>/actions/<name>",
    query=SendQuerySchema,
    body=None,
    body_example=COMMAND_REQUEST["arguments"],
    reply=CommandSchema,
    example=COMMAND,
    headers=IDEMPOTENCY_HEADER,
    replies=QUEUED_REPLY,
    scope=Scope.COMMAND,
    errors=COMMAND_ERRORS,
)
def invoke_action(
    id: str, name: str, query: Mapping[str, Any], body: Mapping[str, Any]
) -> Response:
    """Send a command whose arguments are the body. Otherwise as `POST /devices/{id}/commands`."""
    return send(id, name, body, query)


def _device(device: str) -> DeviceView:
    view = ports().devices.get(device)
    if view is None:
        raise unknown_device(device)
    return view


def _newest_values(device: str) -> Mapping[str, ReadingValue]:
    for stored in ports().latest.latest():
        if stored.reading.device == device:
            return stored.reading.values
    return {}


def _value_of(channel: str) -> Callable[[Event], bytes]:
    dumps = current_app.json.dumps

    def message(event: Event) -> bytes:
        item = event.item
        if not isinstance(item, StoredReading) or channel not in item.reading.values:
            return b""
        return _message(event, dumps(item.reading.values[channel]))

    return message


def _message(event: Event, data: str) -> bytes:
    return f"id: {event.position}\ndata: {data}\n\n".encode()
