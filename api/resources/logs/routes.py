"""GET /logs and PUT /logging."""

from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify

from api.context import ports
from api.resource import Resource
from api.resources.logs.document import (
    LOG_LINE,
    LoggingSchema,
    LogListSchema,
    LogQuerySchema,
    log_document,
)
from gateway.access.keys import Scope

resource = Resource("logs", "What the gateway writes to its log, and how much.")


@resource.get(
    "/logs",
    query=LogQuerySchema,
    reply=LogListSchema,
    example={"logs": [LOG_LINE], "next": None},
    scope=Scope.ADMIN,
)
def list_logs(query: Mapping[str, Any]) -> Response:
    """List the newest log records, newest first."""
    entries = ports().logs.recent(query["level"], query["limit"])
    return jsonify({"logs": [log_document(entry) for entry in entries], "next": None})


@resource.post(
    "/logging",
    method="PUT",
    body=LoggingSchema,
    body_example={"level": "DEBUG"},
    reply=LoggingSchema,
    example={"level": "DEBUG"},
    headers={},
    scope=Scope.ADMIN,
)
def set_logging(body: Mapping[str, Any]) -> Response:
    """Set how much is logged, until the next start."""
    ports().logs.set_level(body["level"])
    return jsonify({"level": body["level"]})
