import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from api.documents import ProblemSchema
from api.resources.commands.document import CommandListSchema, CommandSchema
from arduino_iface.device import OutcomeUnknown
from arduino_iface.errors import BusBusy, DeviceSilent
from arduino_iface.messages import CommandStatus
from gateway.commands.order import DEADLINE_S
from gateway.model.command import CommandRecord, CommandState
from gateway.model.errors import CommandError, DeviceInMaintenance
from tests.api.gateway import DONE, Gateway, fits, raising

COMMANDS = "/api/v1/devices/greenhouse/commands"
FAN = {"name": "fan", "arguments": {"speed": 128}}


def test_a_command_that_is_done_has_the_form_of_the_contract(
    client: FlaskClient, gateway: Gateway
) -> None:
    reply = client.post(COMMANDS, json=FAN)
    assert reply.status_code == 200
    assert reply.json is not None
    (record,) = gateway.orders()
    assert reply.json == {
        "id": record.id,
        "device": "greenhouse",
        "name": "fan",
        "arguments": {"speed": 128},
        "state": "done",
        "result": None,
        "detail": None,
        "actor": None,
        "requested_at": "2026-11-20T07:00:00.000Z",
        "finished_at": "2026-11-20T07:00:00.007Z",
        "duration_ms": 7.4,
    }
    assert fits(CommandSchema, reply.json)
    assert reply.headers["Cache-Control"] == "no-store"
    assert (record.state, record.idempotency_key) == (CommandState.DONE, None)
    assert gateway.board.executed == [("fan", {"speed": 128}, DEADLINE_S)]


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
        ("maintenance", 409, None),
        ("device_failed", 502, None),
        ("device_offline", 503, "1"),
        ("bus_busy", 503, "1"),
        ("outcome_unknown", 504, None),
    ],
)
def test_every_outcome_has_its_status(
    bare: Gateway, code: str, status: int, retry_after: str | None
) -> None:
    record = replace(DONE, state=CommandState.UNKNOWN, finished_at_ms=None, duration_ms=None)
    reply = raising(bare, CommandError(code, "a sentence", record=record)).get("/raise")
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


@pytest.mark.parametrize(
    ("outcome", "status", "code", "state"),
    [
        (CommandStatus.REFUSED, 409, "refused", "refused"),
        (CommandStatus.FAILED, 502, "device_failed", "failed"),
        (BusBusy("held by a poll"), 503, "bus_busy", "expired"),
        (DeviceSilent("silence"), 503, "device_offline", "expired"),
        (OutcomeUnknown("no answer"), 504, "outcome_unknown", "unknown"),
    ],
)
def test_what_a_board_makes_of_a_command(
    client: FlaskClient,
    gateway: Gateway,
    outcome: CommandStatus | Exception,
    status: int,
    code: str,
    state: str,
) -> None:
    gateway.board.outcome = outcome
    reply = client.post(COMMANDS, json=FAN)
    assert reply.json is not None
    assert (reply.status_code, reply.json["code"]) == (status, code)
    assert reply.json["command"]["state"] == state
    command = client.get(f"/api/v1/commands/{reply.json['command']['id']}").json
    assert command == reply.json["command"]


def test_a_device_in_maintenance_takes_no_command(bare: Gateway) -> None:
    error = DeviceInMaintenance("greenhouse", "its firmware is replaced")
    reply = raising(bare, error).get("/raise")
    assert reply.json is not None
    assert (reply.status_code, reply.json["code"]) == (409, "maintenance")
    assert "firmware" in reply.json["detail"]


def test_a_device_that_is_away(client: FlaskClient, gateway: Gateway) -> None:
    reply = client.post("/api/v1/devices/vehicle/commands", json=FAN)
    assert reply.json is not None
    assert (reply.status_code, reply.json["code"]) == (503, "device_offline")
    assert reply.headers["Retry-After"] == "5"
    assert gateway.away.executed == []


def test_the_same_key_does_nothing_again(client: FlaskClient, gateway: Gateway) -> None:
    headers = {"Idempotency-Key": "k-1"}
    first = client.post(COMMANDS, json=FAN, headers=headers)
    again = client.post(COMMANDS, json=FAN, headers=headers)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json == again.json
    assert len(gateway.board.executed) == 1
    other = client.post(COMMANDS, json={"name": "reset_counter"}, headers=headers)
    assert (other.status_code, (other.json or {})["code"]) == (422, "idempotency_mismatch")
    assert len(gateway.board.executed) == 1


def test_a_repetition_while_the_first_is_under_way(client: FlaskClient, gateway: Gateway) -> None:
    headers = {"Idempotency-Key": "k-1"}
    gateway.board.free.clear()
    with ThreadPoolExecutor() as pool:
        first = pool.submit(
            client.application.test_client().post, COMMANDS, json=FAN, headers=headers
        )
        assert gateway.board.entered.wait(DEADLINE_S)
        again = client.post(COMMANDS, json=FAN, headers=headers)
        gateway.board.free.set()
        assert first.result(DEADLINE_S).status_code == 200
    assert (again.status_code, (again.json or {})["code"]) == (409, "command_in_progress")
    assert again.headers["Retry-After"] == "1"
    assert len(gateway.board.executed) == 1


def test_the_time_to_wait_is_rounded_up(bare: Gateway) -> None:
    error = CommandError("device_offline", "gone", retry_after_s=3.2)
    reply = raising(bare, error).get("/raise")
    assert reply.headers["Retry-After"] == "4"
    assert reply.json is not None
    assert "command" not in reply.json


def test_an_outcome_nobody_has_heard_of_is_a_failure_of_ours(
    bare: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    reply = raising(bare, CommandError("gremlins", "secret inside")).get("/raise")
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
    assert gateway.orders() == []


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


def order_of(client: FlaskClient, gateway: Gateway, path: str, body: bytes) -> CommandRecord:
    """What is recorded of a request; each has a key of its own."""
    before = len(gateway.orders())
    headers = {"Idempotency-Key": f"k-{before}"}
    client.post(path, data=body, content_type="application/json", headers=headers)
    (*earlier, order) = gateway.orders()
    assert len(earlier) == before
    return order


def test_the_key_and_the_hash_of_the_request(client: FlaskClient, gateway: Gateway) -> None:
    order = order_of(client, gateway, COMMANDS, b'{"name":"fan","arguments":{"speed":1}}')
    canonical = b'["greenhouse",{"arguments":{"speed":1},"name":"fan"}]'
    digest = hashlib.sha256(canonical).hexdigest()
    assert (order.idempotency_key, order.body_hash, order.actor) == ("k-0", digest, None)
    assert [address for _, address in gateway.audited] == ["127.0.0.1"]
    assert gateway.board.executed == [("fan", {"speed": 1}, DEADLINE_S)]


def test_only_what_is_asked_for_makes_the_hash(client: FlaskClient, gateway: Gateway) -> None:
    first = order_of(client, gateway, COMMANDS, b'{"name":"reset_counter"}')
    spelled = order_of(
        client, gateway, COMMANDS, b' { "arguments" : {}, "name" : "reset_c\\u006funter" } '
    )
    other = order_of(client, gateway, COMMANDS, b'{"name":"fan","arguments":{"speed":1}}')
    elsewhere = order_of(
        client, gateway, "/api/v1/devices/vehicle/commands?queue=60s", b'{"name":"reset_counter"}'
    )
    assert first.body_hash == spelled.body_hash
    assert len({first.body_hash, other.body_hash, elsewhere.body_hash}) == 3


@pytest.mark.parametrize("key", ["", "a b", "tab\t", "ü", "x" * 256])
def test_a_key_that_is_none(client: FlaskClient, gateway: Gateway, key: str) -> None:
    reply = client.post(COMMANDS, json=FAN, headers={"Idempotency-Key": key})
    assert reply.status_code == 400
    assert reply.json is not None
    assert list(reply.json["problems"]) == ["Idempotency-Key"]
    assert gateway.orders() == []


def test_the_longest_key(client: FlaskClient) -> None:
    assert (
        client.post(COMMANDS, json=FAN, headers={"Idempotency-Key": "~" * 255}).status_code == 200
    )


def test_the_audit_trail_in_pages(client: FlaskClient, gateway: Gateway) -> None:
    gateway.save(*(replace(DONE, id=f"c{number}") for number in range(5)))
    gateway.save(replace(DONE, id="v1", device="vehicle"))
    first = client.get("/api/v1/commands?limit=3&device=greenhouse").json
    assert first is not None
    assert fits(CommandListSchema, first)
    rest = client.get(f"/api/v1/commands?limit=3&device=greenhouse&cursor={first['next']}").json
    assert rest is not None
    found = [command["id"] for command in first["commands"] + rest["commands"]]
    assert found == ["c4", "c3", "c2", "c1", "c0"]
    assert rest["next"] is None


def test_the_audit_trail_does_not_tell_secrets(client: FlaskClient, gateway: Gateway) -> None:
    gateway.save(DONE)
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
    gateway.save(DONE)
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
    [
        ("wait=0", DEADLINE_S, None),
        ("wait=0&timeout=2500ms", 2.5, None),
        ("queue=1min", DEADLINE_S, 60.0),
    ],
)
def test_who_does_not_wait_is_told_where_to_ask(
    client: FlaskClient,
    gateway: Gateway,
    query: str,
    timeout_s: float,
    queue_s: float | None,
) -> None:
    reply = client.post(f"{COMMANDS}?{query}", json=FAN)
    assert reply.status_code == 202
    assert reply.json is not None
    assert fits(CommandSchema, reply.json)
    assert (reply.json["state"], reply.json["finished_at"]) == ("queued", None)
    assert reply.headers["Location"] == f"/api/v1/commands/{reply.json['id']}"
    assert client.get(reply.headers["Location"]).status_code == 200
    (job,) = gateway.commander.queue.waiting()
    assert job.order.timeout_s == timeout_s
    assert job.order.queue_s == queue_s


def test_a_deadline_of_the_caller(client: FlaskClient, gateway: Gateway) -> None:
    assert client.post(f"{COMMANDS}?timeout=5s", json=FAN).status_code == 200
    assert gateway.board.executed == [("fan", {"speed": 128}, 5.0)]


@pytest.mark.parametrize(
    "query",
    ["wait=2", "wait=", "timeout=99ms", "timeout=61s", "timeout=5", "queue=0s", "queue=2d", "x=1"],
)
def test_a_bad_way_of_sending_is_refused(client: FlaskClient, query: str) -> None:
    reply = client.post(f"{COMMANDS}?{query}", json=FAN)
    assert (reply.status_code, (reply.json or {})["code"]) == (400, "invalid_parameter")
