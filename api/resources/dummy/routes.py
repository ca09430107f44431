"""GET and PUT /dummy/devices/{id}: the simulated boards of --no_i2c, for tests of frontends."""

from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify

from api.context import ports
from api.ports import DummyBoards
from api.problems import Problem, unknown_device
from api.resource import Resource
from api.resources.dummy.document import DUMMY, DUMMY_CHANGE, DummyChangeSchema, DummySchema
from gateway.access.keys import Scope

resource = Resource("dummy", "Simulated boards, only with --no_i2c.")


@resource.get(
    "/dummy/devices/<id>",
    reply=DummySchema,
    example=DUMMY,
    errors=["not_found", "unknown_device"],
)
def get_dummy(id: str) -> Response:
    """Look into a simulated board."""
    return _answer(id, _boards().get(id))


@resource.post(
    "/dummy/devices/<id>",
    method="PUT",
    body=DummyChangeSchema,
    body_example=DUMMY_CHANGE,
    reply=DummySchema,
    example=DUMMY,
    headers={},
    scope=Scope.ADMIN,
    errors=["not_found", "unknown_device"],
)
def change_dummy(id: str, body: Mapping[str, Any]) -> Response:
    """Set what a simulated board measures, inject faults, switch it off or let it hang.

    What is left out stays as it is.
    """
    try:
        found = _boards().change(id, body)
    except ValueError as error:
        raise Problem("invalid_body", str(error)) from error
    return _answer(id, found)


def _boards() -> DummyBoards:
    boards = ports().dummy
    if boards is None:
        raise Problem("not_found", "the buses are real; start with --no_i2c to simulate devices")
    return boards


def _answer(device: str, found: Mapping[str, object] | None) -> Response:
    if found is None:
        raise unknown_device(device)
    return jsonify(found)
