"""Schemas of the event stream."""

from marshmallow import Schema

from api.fields import Names
from gateway.live.feed import EventType


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
