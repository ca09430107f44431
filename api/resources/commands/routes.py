"""POST /devices/{id}/commands, GET /commands and /commands/{id}."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify, request, url_for

from api.access import control
from api.context import ports
from api.json import canonical
from api.paging import checking_cursor
from api.problems import Problem
from api.resource import Resource
from api.resources.commands.document import (
    COMMAND,
    COMMAND_REQUEST,
    QUEUED,
    CommandListSchema,
    CommandQuerySchema,
    CommandRequestSchema,
    CommandSchema,
    SendQuerySchema,
    command_document,
)
from gateway.access.keys import Scope
from gateway.commands.order import DEADLINE_S, CommandOrder

resource = Resource("commands", "What the devices are told to do, and what became of it.")

_KEY_HEADER = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")

IDEMPOTENCY_HEADER: Mapping[str, Mapping[str, Any]] = {
    _KEY_HEADER: {
        "description": "The same key with the same body returns the first outcome and does "
        "nothing again, for 24 hours.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    }
}
QUEUED_REPLY: Mapping[int | str, object] = {
    202: {
        "description": "Recorded; `Location` is where to ask what became of it.",
        "headers": {"Location": {"schema": {"type": "string"}}},
        "content": {"application/json": {"schema": CommandSchema, "example": QUEUED}},
    }
}
COMMAND_ERRORS = [
    "unknown_device",
    "unknown_command",
    "invalid_arguments",
    "idempotency_mismatch",
    "refused",
    "command_in_progress",
    "maintenance",
    "queue_full",
    "device_failed",
    "device_offline",
    "bus_busy",
    "journal_unavailable",
    "outcome_unknown",
]


@resource.post(
    "/devices/<id>/commands",
    query=SendQuerySchema,
    body=CommandRequestSchema,
    body_example=COMMAND_REQUEST,
    reply=CommandSchema,
    example=COMMAND,
    headers=IDEMPOTENCY_HEADER,
    replies=QUEUED_REPLY,
    scope=Scope.COMMAND,
    errors=COMMAND_ERRORS,
)
def send_command(id: str, query: Mapping[str, Any], body: Mapping[str, Any]) -> Response:
    """Send a command to a device and wait for its outcome, or with `wait=0` or `queue` do not wait.

    It runs at most once. The problem of one that does not end as done carries the `command`.
    """
    return send(id, body["name"], body["arguments"], query)


def send(
    device: str, name: str, arguments: Mapping[str, Any], query: Mapping[str, Any]
) -> Response:
    """Send a command as the query of `SendQuerySchema` says."""
    caller = control.caller()
    timeout_s, queue_s = _seconds(query["timeout"]), _seconds(query["queue"])
    order = CommandOrder(
        device=device,
        name=name,
        arguments=arguments,
        actor=caller.name,
        client=caller.address,
        idempotency_key=_idempotency_key(),
        body_hash=_body_hash(device, {"name": name, "arguments": dict(arguments)}),
        timeout_s=DEADLINE_S if timeout_s is None else timeout_s,
        queue_s=queue_s,
    )
    commander = ports().commander
    if query["wait"] == "1" and queue_s is None:
        return jsonify(command_document(commander.execute(order)))
    record = commander.submit(order)
    response = jsonify(command_document(record))
    response.status_code = 202
    response.headers["Location"] = url_for("commands.get_command", id=record.id)
    return response


def _seconds(interval_ms: int | None) -> float | None:
    return None if interval_ms is None else interval_ms / 1000


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
    example={"commands": [COMMAND], "next": None},
)
def list_commands(query: Mapping[str, Any]) -> Response:
    """List commands, newest first."""
    with checking_cursor(query["cursor"]):
        page = ports().reader.commands(
            query["device"], limit=query["limit"], cursor=query["cursor"]
        )
    documents = [command_document(stored.record) for stored in page.commands]
    return jsonify({"commands": documents, "next": page.next})


@resource.get("/commands/<id>", reply=CommandSchema, example=COMMAND, errors=["not_found"])
def get_command(id: str) -> Response:
    """Get one command."""
    stored = ports().reader.command(id)
    if stored is None:
        raise Problem("not_found", f"no command has the id {id!r}")
    return jsonify(command_document(stored.record))
