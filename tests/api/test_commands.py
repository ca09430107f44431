import hashlib
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from api.resources.commands.document import CommandListSchema, CommandSchema
from api.documents import ProblemSchema
from gateway.model.command import CommandState
from gateway.model.errors import CommandError
from tests.api.doubles import DONE, Gateway, fits

COMMANDS = "/api/v1/devices/greenhouse/commands"
FAN = {"name": "fan", "arguments": {"speed": 128}}


def test_a_command_that_is_done_has_the_form_of_the_contract(
    client: FlaskClient, gateway: Gateway
) -> None:
    reply = client.post(COMMANDS, json=FAN)
    assert reply.status_code == 200
    assert reply.json == {
        "id": "c1",
        "device": "greenhouse",
        "name": "fan",
        "arguments": {"speed": 128},
        "state": "done",
        "result": None,
        "detail": None,
        "actor": None,
        "requested_at": "2026-11-20T07:00:00.000Z",
        "finished_at": "2026-11-20T07:00:00.008Z",
        "duration_ms": 7.4,
    }
    assert fits(CommandSchema, reply.json)
    assert reply.headers["Cache-Control"] == "no-store"
    assert gateway.commands.asked[0]["key"] is None


def test_arguments_may_be_left_out(client: FlaskClient) -> None:
    reply = client.post(COMMANDS, json={"name": "reset_counter"})
    assert reply.status_code == 200
    assert reply.json is not None
    assert reply.json["arguments"] == {}


@pytest.mark.parametrize(
    ("code", "status", "retry_after"),
    [
        ("unknown_device", 404, None),
        ("unknown_command", 404, None),
        ("invalid_arguments", 422, None),
        ("idempotency_mismatch", 422, None),
        ("refused", 409, None),
        ("command_in_progress", 409, "1"),
        ("device_failed", 502, None),
        ("device_offline", 503, "1"),
        ("bus_busy", 503, "1"),
        ("outcome_unknown", 504, None),
    ],
)
def test_every_outcome_has_its_status(
    client: FlaskClient, gateway: Gateway, code: str, status: int, retry_after: str | None
) -> None:
    record = replace(DONE, state=CommandState.UNKNOWN, finished_at_ms=None, duration_ms=None)
    gateway.commands.outcome = CommandError(code, "a sentence", record=record)
    reply = client.post(COMMANDS, json=FAN)
    assert reply.status_code == status
    assert reply.content_type == "application/problem+json"
    assert reply.headers.get("Retry-After") == retry_after
    assert reply.json is not None
    assert fits(ProblemSchema, reply.json)
    assert reply.json["code"] == code
    assert reply.json["status"] == status
    assert reply.json["detail"] == "a sentence"
    assert reply.json["command"]["state"] == "unknown"
    assert reply.json["command"]["finished_at"] is None


def test_the_time_to_wait_is_rounded_up(client: FlaskClient, gateway: Gateway) -> None:
    gateway.commands.outcome = CommandError("device_offline", "gone", retry_after_s=3.2)
    reply = client.post(COMMANDS, json=FAN)
    assert reply.headers["Retry-After"] == "4"
    assert reply.json is not None
    assert "command" not in reply.json


def test_an_outcome_nobody_has_heard_of_is_a_failure_of_ours(
    client: FlaskClient, gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.commands.outcome = CommandError("gremlins", "secret inside")
    reply = client.post(COMMANDS, json=FAN)
    assert reply.status_code == 500
    assert "secret" not in reply.text
    assert "secret inside" in caplog.text


def test_what_is_wrong_with_each_argument(client: FlaskClient) -> None:
    body = {"name": "fan", "arguments": {"speed": 300, "colour": "red"}}
    reply = client.post(COMMANDS, json=body)
    assert reply.status_code == 422
    assert reply.json is not None
    assert reply.json["code"] == "invalid_arguments"
    assert reply.json["problems"] == {
        "speed": "must be from 0 to 255",
        "colour": "is not an argument of this command",
    }


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, ["name"]),
        ({"name": ""}, ["name"]),
        ({"name": "x" * 65}, ["name"]),
        ({"name": None}, ["name"]),
        ({"name": 5}, ["name"]),
        ({"name": "fan", "arguments": None}, ["arguments"]),
        ({"name": "fan", "arguments": [1]}, ["arguments"]),
        ({"name": "fan", "wait": 0, "speed": 1}, ["speed", "wait"]),
        ([], None),
        ("fan", None),
    ],
)
def test_a_body_of_another_form(
    client: FlaskClient, gateway: Gateway, body: Any, named: list[str] | None
) -> None:
    reply = client.post(COMMANDS, json=body)
    assert reply.status_code == 422
    assert reply.json is not None
    assert fits(ProblemSchema, reply.json)
    assert reply.json["code"] == "invalid_body"
    assert (sorted(reply.json["problems"]) if named else None) == named
    assert gateway.commands.asked == []


@pytest.mark.parametrize("body", [b"", b"{", b'{"name": NaN}', b'{"name":"a","name":"b"}'])
def test_malformed_json(client: FlaskClient, body: bytes) -> None:
    reply = client.post(COMMANDS, data=body, content_type="application/json")
    assert reply.status_code == 400
    assert reply.json is not None
    assert reply.json["code"] == "malformed_json"


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_only_json_is_taken(client: FlaskClient, content_type: str | None) -> None:
    reply = client.post(COMMANDS, data=b'{"name": "fan"}', content_type=content_type)
    assert reply.status_code == 415
    assert reply.json is not None
    assert reply.json["code"] == "unsupported_media_type"


def test_a_charset_does_no_harm(client: FlaskClient) -> None:
    reply = client.post(
        COMMANDS, data=b'{"name": "reset_counter"}', content_type="application/json; charset=utf-8"
    )
    assert reply.status_code == 200


def test_a_huge_body(client: FlaskClient) -> None:
    reply = client.post(COMMANDS, json={"name": "x" * 70_000})
    assert reply.status_code == 413
    assert reply.json is not None
    assert reply.json["code"] == "body_too_large"


def asked_with(client: FlaskClient, gateway: Gateway, path: str, body: bytes) -> Any:
    client.post(
        path, data=body, content_type="application/json", headers={"Idempotency-Key": "k-1"}
    )
    return gateway.commands.asked[-1]


def test_the_key_and_the_hash_of_the_request(client: FlaskClient, gateway: Gateway) -> None:
    asked = asked_with(client, gateway, COMMANDS, b'{"name":"fan","arguments":{"speed":1}}')
    canonical = b'["greenhouse",{"arguments":{"speed":1},"name":"fan"}]'
    digest = hashlib.sha256(canonical).hexdigest()
    assert asked == {
        "key": "k-1",
        "hash": digest,
        "actor": None,
        "client": "127.0.0.1",
        "timeout_s": None,
    }


def test_only_what_is_asked_for_makes_the_hash(client: FlaskClient, gateway: Gateway) -> None:
    first = asked_with(client, gateway, COMMANDS, b'{"name":"reset_counter"}')
    spelled = asked_with(
        client, gateway, COMMANDS, b' { "arguments" : {}, "name" : "reset_c\\u006funter" } '
    )
    other = asked_with(client, gateway, COMMANDS, b'{"name":"fan"}')
    elsewhere = asked_with(
        client, gateway, "/api/v1/devices/vehicle/commands", b'{"name":"reset_counter"}'
    )
    assert first["hash"] == spelled["hash"]
    assert len({first["hash"], other["hash"], elsewhere["hash"]}) == 3


@pytest.mark.parametrize("key", ["", "a b", "tab\t", "ü", "x" * 256])
def test_a_key_that_is_none(client: FlaskClient, gateway: Gateway, key: str) -> None:
    reply = client.post(COMMANDS, json=FAN, headers={"Idempotency-Key": key})
    assert reply.status_code == 400
    assert reply.json is not None
    assert list(reply.json["problems"]) == ["Idempotency-Key"]
    assert gateway.commands.asked == []


def test_the_longest_key(client: FlaskClient) -> None:
    assert (
        client.post(COMMANDS, json=FAN, headers={"Idempotency-Key": "~" * 255}).status_code == 200
    )


def test_the_audit_trail_in_pages(client: FlaskClient, gateway: Gateway) -> None:
    gateway.commands.trail = [replace(DONE, id=f"c{number}") for number in range(5)]
    gateway.commands.trail.append(replace(DONE, id="v1", device="vehicle"))
    first = client.get("/api/v1/commands?limit=3&device=greenhouse").json
    assert first is not None
    assert fits(CommandListSchema, first)
    rest = client.get(f"/api/v1/commands?limit=3&device=greenhouse&cursor={first['next']}").json
    assert rest is not None
    assert [command["id"] for command in first["commands"] + rest["commands"]] == [
        "c0",
        "c1",
        "c2",
        "c3",
        "c4",
    ]
    assert rest["next"] is None


def test_the_audit_trail_does_not_tell_secrets(client: FlaskClient, gateway: Gateway) -> None:
    gateway.commands.trail = [DONE]
    assert "secret-key" not in client.get("/api/v1/commands").text


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("limit=0", "limit"),
        ("device=", "device"),
        ("cursor=junk", "cursor"),
        ("state=done", "state"),
    ],
)
def test_a_bad_parameter_of_the_trail(client: FlaskClient, query: str, named: str) -> None:
    reply = client.get(f"/api/v1/commands?{query}")
    assert reply.status_code == 400
    assert reply.json is not None
    assert list(reply.json["problems"]) == [named]


def test_one_command(client: FlaskClient, gateway: Gateway) -> None:
    gateway.commands.trail = [DONE]
    reply = client.get("/api/v1/commands/c1")
    assert reply.status_code == 200
    assert reply.json is not None
    assert reply.json["id"] == "c1"


def test_no_such_command(client: FlaskClient) -> None:
    reply = client.get("/api/v1/commands/c9")
    assert reply.status_code == 404
    assert reply.json is not None
    assert reply.json["code"] == "not_found"


@pytest.mark.parametrize(
    ("query", "timeout_s", "queue_s"),
    [("wait=0", None, None), ("wait=0&timeout=2500ms", 2.5, None), ("queue=1min", None, 60.0)],
)
def test_who_does_not_wait_is_told_where_to_ask(
    client: FlaskClient,
    gateway: Gateway,
    query: str,
    timeout_s: float | None,
    queue_s: float | None,
) -> None:
    reply = client.post(f"{COMMANDS}?{query}", json=FAN)
    assert reply.status_code == 202
    assert reply.json is not None
    assert fits(CommandSchema, reply.json)
    assert (reply.json["state"], reply.json["finished_at"]) == ("queued", None)
    assert reply.headers["Location"] == f"/api/v1/commands/{reply.json['id']}"
    assert client.get(reply.headers["Location"]).status_code == 200
    assert gateway.commands.asked[-1]["timeout_s"] == timeout_s
    assert gateway.commands.asked[-1]["queue_s"] == queue_s


def test_a_deadline_of_the_caller(client: FlaskClient, gateway: Gateway) -> None:
    assert client.post(f"{COMMANDS}?timeout=5s", json=FAN).status_code == 200
    assert gateway.commands.asked[-1]["timeout_s"] == 5.0


@pytest.mark.parametrize(
    "query",
    ["wait=2", "wait=", "timeout=99ms", "timeout=61s", "timeout=5", "queue=0s", "queue=2d", "x=1"],
)
def test_a_bad_way_of_sending_is_refused(client: FlaskClient, query: str) -> None:
    reply = client.post(f"{COMMANDS}?{query}", json=FAN)
    assert (reply.status_code, (reply.json or {})["code"]) == (400, "invalid_parameter")
