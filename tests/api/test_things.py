"""Thing Descriptions and what they point to; the stock client is in tests/wot."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api.streams import streams_of
from gateway.access.keys import Scope
from tests.api.gateway import Gateway, reading

DEVICE = "/api/v1/devices/greenhouse"
TD = {"Accept": "application/td+json"}


def forms(affordance: Any) -> list[tuple[str, object]]:
    return [(form["href"], form["op"]) for form in affordance["forms"]]


def test_a_device_is_a_thing_when_asked_for(client: FlaskClient) -> None:
    reply = client.get(DEVICE, headers=TD)
    assert (reply.status_code, reply.content_type) == (200, "application/td+json")
    assert "Accept" in reply.vary
    thing = reply.json
    assert thing is not None
    assert thing == client.get("/api/v1/things/greenhouse").json
    assert client.get("/api/v1/things").json[0] == thing  # type: ignore[index]
    assert client.get(DEVICE).mimetype == "application/json"
    assert thing["base"] == f"http://localhost{DEVICE}/"
    assert thing["properties"]["temperature"]["unit"] == "Cel"
    assert forms(thing["properties"]["temperature"])[0] == (
        "properties/temperature",
        "readproperty",
    )
    assert thing["actions"]["fan"]["input"]["properties"]["speed"]["maximum"] == 255
    assert "input" not in thing["actions"]["reset_counter"]
    assert set(thing["events"]) == {"reading", "state", "command"}
    assert client.get(DEVICE, headers={"Accept": "image/png"}).status_code == 406


def test_the_directory_lists_the_things(client: FlaskClient) -> None:
    directory = client.get("/.well-known/wot").json
    assert directory is not None
    assert directory["@type"] == "ThingDirectory"
    for link in directory["links"]:
        assert client.get(f"/{link['href']}").mimetype == "application/td+json"


@pytest.mark.parametrize(("needed", "scheme"), [(True, "bearer"), (False, "nosec")])
def test_a_thing_says_whether_a_key_is_needed(
    client: FlaskClient, gateway: Gateway, needed: bool, scheme: str
) -> None:
    headers = {"Authorization": f"Bearer {gateway.add_key(Scope.READ)}"} if needed else {}
    for path in ("/.well-known/wot", "/api/v1/things/greenhouse"):
        thing = client.get(path, headers=headers).json
        assert thing is not None
        assert thing["securityDefinitions"][thing["security"]]["scheme"] == scheme


@pytest.mark.parametrize(("channel", "value"), [("temperature", 21.5), ("humidity", None)])
def test_a_property_is_the_newest_value_alone(
    client: FlaskClient, channel: str, value: object
) -> None:
    reply = client.get(f"{DEVICE}/properties/{channel}")
    assert (reply.status_code, reply.json) == (200, value)


def test_what_is_not_there(client: FlaskClient) -> None:
    for path in (f"{DEVICE}/properties/pressure", f"{DEVICE}/events/rumour"):
        assert (client.get(path).json or {})["code"] == "not_found"
    for path in ("properties/a", "events/reading"):
        reply = client.get(f"/api/v1/devices/attic/{path}")
        assert (reply.json or {})["code"] == "unknown_device"
    assert (client.post(f"{DEVICE}/actions/explode").json or {})["code"] == "unknown_command"


def test_an_action_takes_its_arguments_as_they_are(client: FlaskClient, gateway: Gateway) -> None:
    reply = client.post(f"{DEVICE}/actions/fan", json={"speed": 5})
    assert (reply.status_code, (reply.json or {})["arguments"]) == (200, {"speed": 5})
    assert client.post(f"{DEVICE}/actions/reset_counter").status_code == 200
    assert client.post(f"{DEVICE}/actions/reset_counter?wait=0").status_code == 202
    assert client.post(f"{DEVICE}/actions/fan", json={"speed": 300}).status_code == 422
    assert client.post(f"{DEVICE}/actions/fan", json=[5]).status_code == 422
    assert client.post(f"{DEVICE}/actions/fan", data="speed=5").status_code == 415
    # The same order under the same key, whichever way it comes.
    client.post(f"{DEVICE}/commands", json={"name": "fan", "arguments": {"speed": 5}})
    client.post(f"{DEVICE}/actions/fan", json={"speed": 5})
    assert len({record.body_hash for record in gateway.orders()[-2:]}) == 1


def blocks(app: Flask, path: str, accept: str) -> Iterator[dict[str, str]]:
    reply = app.test_client().get(path, headers={"Accept": accept}, buffered=False)
    assert reply.status_code == 200
    for piece in reply.iter_encoded():
        for block in piece.decode().split("\n\n"):
            if block:
                yield dict(line.split(": ", 1) for line in block.split("\n"))
    reply.close()


def test_a_property_is_observed_value_by_value(bare: Gateway) -> None:
    gateway = bare
    app = gateway.app()
    stream = blocks(app, f"{DEVICE}/properties/temperature", "text/event-stream")
    next(stream)
    gateway.store(
        [
            reading(4, values={"temperature": 1.5}),
            reading(3, "vehicle", values={"temperature": 99}),
            reading(2, values={"humidity": 4}),
            reading(1, values={"temperature": None}),
        ]
    )
    found = [next(stream), next(stream)]
    assert [json.loads(block["data"]) for block in found] == [1.5, None]
    assert all("event" not in block for block in found)
    streams_of(app).end()
    assert list(stream) == []
    assert streams_of(app).open == 0


def test_an_event_of_a_thing_is_a_plain_message(bare: Gateway) -> None:
    gateway = bare
    app = gateway.app()
    stream = blocks(app, f"{DEVICE}/events/reading", "*/*")
    next(stream)
    gateway.store([reading(1)])
    block = next(stream)
    assert set(block) == {"id", "data"}
    assert json.loads(block["data"])["device"] == "greenhouse"
    streams_of(app).end()
    assert list(stream) == []
