"""POST /devices/{id}/commands, GET /commands and /commands/{id}."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify, request

from api import examples
from api.context import ports
from api.json import canonical
from api.paging import checking_cursor
from api.problems import Problem
from api.resource import Resource
from api.schemas.command import (
    CommandListSchema,
    CommandQuerySchema,
    CommandRequestSchema,
    CommandSchema,
)
from api.shapes.command import command_document

resource = Resource("commands", "What the devices are told to do, and what became of it.")

_KEY_HEADER = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@resource.post(
    "/devices/<id>/commands",
    body=CommandRequestSchema,
    body_example=examples.COMMAND_REQUEST,
    reply=CommandSchema,
    example=examples.COMMAND,
    headers={
        _KEY_HEADER: {
            "description": "The same key with the same body returns the first outcome and does "
            "nothing again, for 24 hours.",
            "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
        }
    },
    errors=[
        "unknown_device",
        "unknown_command",
        "invalid_arguments",
        "idempotency_mismatch",
        "refused",
        "command_in_progress",
        "device_failed",
        "device_offline",
        "bus_busy",
        "journal_unavailable",
        "outcome_unknown",
    ],
)
def send_command(id: str, body: Mapping[str, Any]) -> Response:
    """Send a command to a device and wait for its outcome.

    It runs at most once. The problem of one that does not end as done carries the `command`.
    """
    key = _idempotency_key()
    record = ports().commands.execute(
        id,
        body["name"],
        body["arguments"],
        actor=None,
        idempotency_key=key,
        body_hash=_body_hash(id, body),
        timeout_s=None,
    )
    return jsonify(command_document(record))


def _idempotency_key() -> str | None:
    key = request.headers.get(_KEY_HEADER)
    if key is not None and not _KEY.fullmatch(key):
        sentence = "must be 1 to 255 visible ASCII characters"
        raise Problem(
            "invalid_parameter", f"{_KEY_HEADER}: {sentence}", problems={_KEY_HEADER: sentence}
        )
    return key


def _body_hash(device: str, body: Mapping[str, Any]) -> str:
    """Equal for requests that ask for the same, however they are spelled."""
    return hashlib.sha256(canonical([device, dict(body)])).hexdigest()


@resource.get(
    "/commands",
    query=CommandQuerySchema,
    reply=CommandListSchema,
    example={"commands": [examples.COMMAND], "next": None},
)
def list_commands(query: Mapping[str, Any]) -> Response:
    """List commands, newest first."""
    with checking_cursor(query["cursor"]):
        page = ports().commands.records(query["device"], query["limit"], query["cursor"])
    documents = [command_document(record) for record in page.records]
    return jsonify({"commands": documents, "next": page.next})


@resource.get("/commands/<id>", reply=CommandSchema, example=examples.COMMAND, errors=["not_found"])
def get_command(id: str) -> Response:
    """Get one command."""
    record = ports().commands.record(id)
    if record is None:
        raise Problem("not_found", f"no command has the id {id!r}")
    return jsonify(command_document(record))
