"""Schemas of the event stream."""

from marshmallow import Schema
from marshmallow.validate import ContainsOnly

from api.fields import Names, pattern_of
from gateway.events import EventType


class EventQuerySchema(Schema):
    """Which events a client wants."""

    device = Names(
        load_default=None, metadata={"description": "Ids, separated by commas; default all."}
    )
    type = Names(
        load_default=None,
        validate=ContainsOnly([kind.value for kind in EventType]),
        metadata={
            "description": "Separated by commas; default all. `alert` is reserved.",
            "pattern": pattern_of(kind.value for kind in EventType),
        },
    )
