"""A device that is on no bus, over HTTP: shown, labelled, and described by the OpenAPI document."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from api.resources.devices.document import DeviceSchema
from gateway.model.registry import DeviceState, DeviceView
from tests.api.gateway import Gateway, fits

TRACKER = DeviceView("tracker", None, None, "http", DeviceState.ONLINE, 10.0)
PATH = "/api/v1/devices/tracker"


@pytest.fixture(autouse=True)
def tracker(gateway: Gateway) -> None:
    gateway.devices.publish(TRACKER)


def test_it_is_listed_with_no_bus_and_its_origin(client: FlaskClient) -> None:
    found: Any = client.get(PATH).json
    assert (found["bus"], found["address"], found["driver"]) == (None, None, "http")
    assert found in (client.get("/api/v1/devices").json or {})["devices"]
    assert fits(DeviceSchema, found)


def test_it_may_be_labelled(client: FlaskClient) -> None:
    changed: Any = client.patch(PATH, json={"name": "Van", "metadata": {"room": "B"}}).json
    assert (changed["name"], changed["metadata"], changed["bus"]) == ("Van", {"room": "B"}, None)


def test_the_description_says_that_there_may_be_no_bus(client: FlaskClient) -> None:
    document: Any = client.get("/openapi.json").json
    device = document["components"]["schemas"]["Device"]
    assert device["properties"]["bus"]["type"] == ["string", "null"]
    assert "bus" in device["required"]


def test_it_has_a_thing_description(client: FlaskClient) -> None:
    reply = client.get("/api/v1/things/tracker")
    assert reply.status_code == 200, reply.json
