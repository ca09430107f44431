import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from api.problems import KINDS
from api.resources.commands.document import (
    COMMAND,
    COMMAND_REQUEST,
    CommandRequestSchema,
    CommandSchema,
)
from api.resources.devices.document import DEVICE, DEVICE_CHANGE, DeviceChangeSchema, DeviceSchema
from api.resources.dummy.document import DUMMY, DUMMY_CHANGE, DummyChangeSchema, DummySchema
from api.resources.logs.document import LOG_LINE, LogLineSchema
from api.resources.readings.document import (
    READING,
    READING_LIST,
    WINDOW_LIST,
    ReadingListSchema,
    ReadingSchema,
    WindowListSchema,
)
from api.resources.session.document import (
    SESSION,
    SESSION_REQUEST,
    SessionRequestSchema,
    SessionSchema,
)
from api.resources.status.document import STATUS, StatusSchema
from tests.api.gateway import Gateway, fits, temporary

# The part of the contract that exists.
ROUTES = {
    "GET /api/v1/ledger",
    "GET /api/v1/status",
    "GET /api/v1/devices",
    "GET /api/v1/devices/{id}",
    "PATCH /api/v1/devices/{id}",
    "GET /api/v1/devices/{id}/readings",
    "GET /api/v1/readings/latest",
    "POST /api/v1/devices/{id}/commands",
    "GET /api/v1/commands",
    "GET /api/v1/commands/{id}",
    "POST /api/v1/session",
    "GET /api/v1/session",
    "DELETE /api/v1/session",
    "GET /api/v1/logs",
    "PUT /api/v1/logging",
    "GET /api/v1/dummy/devices/{id}",
    "PUT /api/v1/dummy/devices/{id}",
    "GET /api/v1/events",
    "GET /api/v1/things",
    "GET /api/v1/things/{id}",
    "GET /api/v1/devices/{id}/properties/{channel}",
    "GET /api/v1/devices/{id}/events/{name}",
    "POST /api/v1/devices/{id}/actions/{name}",
    "GET /.well-known/wot",
    "GET /healthz",
    "GET /readyz",
}


@pytest.fixture
def document(client: FlaskClient) -> Any:
    reply = client.get("/openapi.json")
    assert reply.status_code == 200
    assert reply.content_type == "application/json"
    return reply.json


def operations(document: Any) -> dict[str, Any]:
    return {
        f"{method.upper()} {path}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in ("get", "post", "put", "patch", "delete")
    }


def test_the_document_lists_exactly_the_routes_of_the_contract(document: Any) -> None:
    assert document["openapi"] == "3.1.0"
    assert operations(document).keys() == ROUTES


def test_every_route_of_the_app_is_documented_or_for_people(
    client: FlaskClient, document: Any
) -> None:
    served = {
        f"{method} {rule.rule.replace('<', '{').replace('>', '}')}"
        for rule in client.application.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    beside = {
        "GET /",
        "GET /dashboard/{path:filename}",
        "GET /dashboard/parts/{name}/{file}",
        "GET /openapi.json",
        "GET /metrics",
        "GET /docs",
    }
    assert served == ROUTES | beside


def test_every_member_of_a_command_but_its_result_has_a_type(document: Any) -> None:
    members = document["components"]["schemas"]["Command"]["properties"]
    assert [name for name, schema in members.items() if "type" not in schema] == ["result"]
    assert members["requested_at"] == {"type": "string", "format": "date-time"}


def test_several_names_fit_a_list_of_names(document: Any) -> None:
    history = document["paths"]["/api/v1/devices/{id}/readings"]["get"]
    (agg,) = [one for one in history["parameters"] if one["name"] == "agg"]
    assert "enum" not in agg["schema"]
    assert re.fullmatch(agg["schema"]["pattern"], "mean,max")
    assert not re.search(agg["schema"]["pattern"], "mean,worst")


def test_every_error_code_is_documented(document: Any) -> None:
    problem = document["components"]["schemas"]["Problem"]["properties"]
    assert problem["code"]["enum"] == list(KINDS)
    described = set()
    for operation in operations(document).values():
        for status, response in operation["responses"].items():
            for content_type, content in response.get("content", {}).items():
                if content_type != "application/problem+json":
                    continue
                for code, example in content["examples"].items():
                    assert example["value"]["code"] == code
                    assert status in (str(KINDS[code].status), "default")
                    assert f"`{code}`" in response["description"]
                    described.add(code)
    assert described == KINDS.keys()


def test_every_operation_has_a_name_a_summary_a_tag_and_an_example(document: Any) -> None:
    names = set()
    tags = {tag["name"] for tag in document["tags"]}
    for operation in operations(document).values():
        names.add(operation["operationId"])
        assert operation["summary"].endswith(".")
        assert set(operation["tags"]) <= tags
        if "204" in operation["responses"]:
            continue
        for content in operation["responses"]["200"]["content"].values():
            assert content.get("example") or content["examples"]
    assert len(names) == len(ROUTES)


def test_every_reference_leads_somewhere_and_nothing_is_left_over(document: Any) -> None:
    referred = set(re.findall(r'"\$ref": "#/components/([a-z]+/\w+)"', json.dumps(document)))
    schemes = document["components"].pop("securitySchemes")
    defined = {f"{kind}/{name}" for kind, items in document["components"].items() for name in items}
    assert referred == defined
    required = [one for item in operations(document).values() for one in item["security"]]
    assert {name for one in required for name in one} == schemes.keys()


def test_every_operation_says_which_scope_it_needs(document: Any) -> None:
    scopes: dict[str, set[str]] = {}
    for name, operation in operations(document).items():
        needed = [
            scope for one in operation["security"] for found in one.values() for scope in found
        ]
        scopes.setdefault(needed[0] if needed else "", set()).add(name)
    assert scopes[""] == {"GET /healthz", "GET /readyz", "POST /api/v1/session"}
    assert scopes["command"] == {
        "POST /api/v1/devices/{id}/commands",
        "POST /api/v1/devices/{id}/actions/{name}",
    }
    assert scopes["admin"] == {
        "PATCH /api/v1/devices/{id}",
        "GET /api/v1/logs",
        "PUT /api/v1/logging",
        "PUT /api/v1/dummy/devices/{id}",
    }
    for operation in operations(document).values():
        assert ("401" in operation["responses"]) is (operation["security"] != []) or (
            operation["operationId"] == "open_session"
        )


def test_times_and_nulls_are_described(document: Any) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["Reading"]["properties"]["time"] == {"type": "string", "format": "date-time"}
    last_seen = schemas["Device"]["properties"]["last_seen"]
    assert last_seen["format"] == "date-time"
    assert set(last_seen["type"]) == {"string", "null"}
    values = schemas["Reading"]["properties"]["values"]["additionalProperties"]
    assert sorted(values["type"]) == ["boolean", "null", "number", "string"]


def test_replies_may_grow_and_requests_may_not(document: Any) -> None:
    schemas = document["components"]["schemas"]
    strict = {name for name, schema in schemas.items() if "additionalProperties" in schema}
    requests = {"CommandRequest", "DeviceChange", "DummyChange", "Faults", "FaultRates"}
    assert strict <= {*requests, "Logging", "SessionRequest"}


def test_query_parameters_are_described_with_their_bounds(document: Any) -> None:
    operation = operations(document)["GET /api/v1/devices/{id}/readings"]
    parameters = {parameter["name"]: parameter for parameter in operation["parameters"]}
    assert parameters.keys() == {
        *("since", "until", "limit", "order", "cursor", "channels", "every", "agg")
    }
    limit = parameters["limit"]["schema"]
    assert (limit["minimum"], limit["maximum"]) == (1, 10_000)
    assert parameters["since"]["schema"]["format"] == "date-time"
    assert parameters["order"]["schema"]["enum"] == ["asc", "desc"]


def test_the_examples_are_of_the_form_described() -> None:
    assert fits(DeviceSchema, DEVICE)
    assert fits(ReadingSchema, READING)
    assert fits(ReadingListSchema, READING_LIST)
    assert fits(WindowListSchema, WINDOW_LIST)
    assert fits(CommandSchema, COMMAND)
    assert fits(CommandRequestSchema, COMMAND_REQUEST)
    assert fits(StatusSchema, STATUS)
    assert fits(SessionSchema, SESSION)
    assert fits(SessionRequestSchema, SESSION_REQUEST)
    assert fits(DeviceChangeSchema, DEVICE_CHANGE)
    assert fits(LogLineSchema, LOG_LINE)
    assert fits(DummySchema, DUMMY)
    assert DummyChangeSchema().load(DUMMY_CHANGE) == DUMMY_CHANGE


def test_two_apps_do_not_share_a_gateway(gateway: Gateway) -> None:
    with temporary() as other:
        other.devices.remove("vehicle")
        clients = [gateway.client(), other.client()]
        counts = [len((client.get("/api/v1/devices").json or {})["devices"]) for client in clients]
    assert counts == [2, 1]
