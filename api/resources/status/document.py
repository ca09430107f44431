"""The document of the gateway's own state: schema and example."""

from typing import Any

from marshmallow import fields

from api.documents import Reply


class PartViewSchema(Reply):
    """A view of the page that a part of the gateway brings."""

    name = fields.String(required=True, metadata={"description": "In its address, `#/name`."})
    title = fields.String(required=True, metadata={"description": "In the navigation."})
    module = fields.String(required=True, metadata={"description": "Address of its JavaScript."})


class StatusSchema(Reply):
    """The gateway about itself. Members may be added."""

    gateway = fields.String(required=True, metadata={"description": "Id of this gateway."})
    version = fields.String(required=True)
    uptime_s = fields.Float(required=True)
    simulated = fields.Boolean(required=True)
    clock = fields.Dict(keys=fields.String(), required=True)
    workers = fields.List(fields.Dict(keys=fields.String()), required=True)
    journal = fields.Dict(keys=fields.String(), required=True)
    sinks = fields.List(fields.Dict(keys=fields.String()), required=True)
    buses = fields.List(fields.Dict(keys=fields.String()), required=True)
    parts = fields.Dict(
        keys=fields.String(),
        values=fields.Dict(keys=fields.String()),
        required=True,
        metadata={"description": "What the parts that are in use say of themselves, by part."},
    )
    views = fields.List(fields.Nested(PartViewSchema), required=True)


STATUS: dict[str, Any] = {
    "gateway": "pi-greenhouse",
    "version": "0.1.0",
    "uptime_s": 3600.5,
    "simulated": False,
    "clock": {"synchronised": True},
    "workers": [{"name": "collection", "state": "running", "restarts": 0}],
    "journal": {"status": "ok", "rows": 86400},
    "sinks": [{"name": "mongo", "lag": 0}],
    "buses": [{"name": "i2c1", "type": "i2c"}],
    "parts": {},
    "views": [],
}
