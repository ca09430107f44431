"""Schemas of the gateway's own state."""

from marshmallow import fields
from marshmallow.validate import Equal

from api.schemas.base import Reply


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


class AliveSchema(Reply):
    """The process answers."""

    status = fields.String(required=True, validate=Equal("alive"))


class ReadySchema(Reply):
    """The gateway collects and stores."""

    status = fields.String(required=True, validate=Equal("ready"))
