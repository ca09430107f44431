"""The documents for supervisors: alive and ready."""

from marshmallow import fields
from marshmallow.validate import Equal

from api.documents import Reply


class AliveSchema(Reply):
    """The process answers."""

    status = fields.String(required=True, validate=Equal("alive"))


class ReadySchema(Reply):
    """The gateway collects and stores."""

    status = fields.String(required=True, validate=Equal("ready"))
