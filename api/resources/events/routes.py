"""GET /events: what happens, as Server-Sent Events."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import Response, current_app, request

from api.context import ports
from api.problems import Problem
from api.resource import Resource
from api.resources.events.document import EVENT_STREAM, EventQuerySchema, event_document
from api.streams import stream_response, streams
from gateway.journal.errors import JournalError
from gateway.live.feed import Event
from gateway.live.stream import EventStream

resource = Resource("events", "What happens, live.")

CONTENT_TYPE = "text/event-stream"
EVENT_SCHEMA = {
    "type": "object",
    "description": "One event; `data` is JSON.",
    "properties": {name: {"type": "string"} for name in ("id", "event", "data")},
}
HEARTBEAT_S = 15.0
"""Silence after which a comment is sent, so that both ends notice a dead connection."""

_LOOK_S = 2.0
"""How often a silent stream looks whether its client is still there."""
_RECONNECT_MS = 2000

_LOG = logging.getLogger(__name__)


@resource.get(
    "/events",
    query=EventQuerySchema,
    media={CONTENT_TYPE: {"schema": EVENT_SCHEMA, "example": EVENT_STREAM}},
    headers={
        "Last-Event-ID": {
            "description": "The `id` of the last event that arrived: the stream goes on behind it, "
            "also after a restart of the gateway, as far back as the journal reaches.",
            "schema": {"type": "string", "maxLength": 120},
        }
    },
    errors=["too_many_streams"],
)
def stream_events(query: Mapping[str, Any]) -> Response:
    """Follow readings, devices and commands as they change.

    Server-Sent Events. `event` is the type; `data` is the reading, device or command as elsewhere in this
    API. Without `Last-Event-ID` it begins now. A comment comes after 15 s of silence.
    """
    dumps, now_mono = current_app.json.dumps, ports().status.now_mono

    def encode(event: Event) -> bytes:
        return _encoded(event, dumps, now_mono)

    return follow(_set(query["device"]), _set(query["type"]), encode)


def follow(
    devices: frozenset[str] | None,
    types: frozenset[str] | None,
    encode: Callable[[Event], bytes],
) -> Response:
    """Stream events behind `Last-Event-ID`, or from now on; `encode` gives nothing for one to leave out."""
    gateway = ports()
    try:
        source = gateway.events.open(request.headers.get("Last-Event-ID") or None, devices, types)
    except ValueError as error:
        sentence = "is not the id of an event of this gateway"
        raise Problem(
            "invalid_parameter",
            f"Last-Event-ID: {sentence}",
            problems={"Last-Event-ID": sentence},
        ) from error
    if request.method == "HEAD":
        return stream_response(iter(()), CONTENT_TYPE, None)
    gone = request.environ.get("waitress.client_disconnected", lambda: False)
    listening = _Listening(source, streams().ending, gone, gateway.status.now_mono, encode)
    return stream_response(listening.frames(), CONTENT_TYPE, streams().take())


def _set(names: Sequence[str] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)


@dataclass(frozen=True, slots=True)
class _Listening:
    """One client. Its frames are made outside of the request, so everything they need is here."""

    source: EventStream
    ending: Callable[[], bool]
    gone: Callable[[], bool]
    now_mono: Callable[[], float]
    encode: Callable[[Event], bytes]

    def frames(self) -> Iterator[bytes]:
        told = self.source.position
        spoke_mono = self.now_mono()
        yield f"retry: {_RECONNECT_MS}\nid: {told}\n\n".encode()
        while not self.ending() and not self.gone():
            try:
                events = self.source.take(_LOOK_S, self.ending)
            except JournalError as error:
                # The client comes back with the id of its last event, and nothing is left out.
                _LOG.warning("an event stream ends, the journal cannot be read: %s", error)
                return
            now_mono = self.now_mono()
            frames = b"".join([self.encode(event) for event in events])
            if frames:
                told = events[-1].position
                yield frames
                spoke_mono = now_mono
            elif now_mono - spoke_mono >= HEARTBEAT_S:
                # An id alone tells how far others have come, so that a return is not a long way.
                moved = f"id: {self.source.position}\n" if self.source.position != told else ""
                told = self.source.position
                yield f": heartbeat\n{moved}\n".encode()
                spoke_mono = now_mono


@lru_cache(maxsize=1024)
def _encoded(event: Event, dumps: Callable[[object], str], now_mono: Callable[[], float]) -> bytes:
    """An event on the wire; made once for all who listen."""
    document = event_document(event, now_mono)
    return f"id: {event.position}\nevent: {event.type}\ndata: {dumps(document)}\n\n".encode()
