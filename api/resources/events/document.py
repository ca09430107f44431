"""The documents of the event stream: query, builder, example."""

from collections.abc import Callable

from marshmallow import Schema

from api.fields import Names
from api.resources.commands.document import command_document
from api.resources.devices.document import device_document
from api.resources.readings.document import reading_document
from gateway.journal.types import StoredCommand
from gateway.live.feed import Event, EventType
from gateway.model.reading import StoredReading


class EventQuerySchema(Schema):
    """Which events a client wants."""

    device = Names(
        load_default=None, metadata={"description": "Ids, separated by commas; default all."}
    )
    type = Names(
        load_default=None,
        words=[kind.value for kind in EventType],
        metadata={"description": "Separated by commas; default all. `alert` is reserved."},
    )


def event_document(event: Event, now_mono: Callable[[], float]) -> dict[str, object]:
    """What an event is about, as elsewhere in the API."""
    item = event.item
    if isinstance(item, StoredReading):
        return reading_document(item)
    if isinstance(item, StoredCommand):
        return command_document(item.record)
    return device_document(item, now_mono())


EVENT_STREAM = (
    "retry: 2000\nid: 2d690160a6c39acd.41.7.5e1f09ab.4\n\n"
    "id: 2d690160a6c39acd.42.7.5e1f09ab.4\nevent: reading\n"
    'data: {"key":"0011223344556677-5-42","device":"greenhouse",'
    '"time":"2026-11-20T07:00:00.123Z","seq":42,"boot":5,'
    '"values":{"temperature":21.5,"humidity":null},"quality":"partial","simulated":false}\n\n'
    ": heartbeat\n\n"
)
