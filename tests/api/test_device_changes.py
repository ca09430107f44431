from typing import Any

import pytest
from flask.testing import FlaskClient

from api.resources.devices.document import DeviceSchema
from gateway.devices import labels
from tests.api.gateway import Gateway, fits

GREENHOUSE = "/api/v1/devices/greenhouse"


def change(client: FlaskClient, body: object) -> Any:
    reply = client.patch(GREENHOUSE, json=body)
    assert reply.status_code == 200, reply.json
    assert fits(DeviceSchema, reply.json)
    return reply.json


def test_name_and_metadata_are_shown_and_kept(client: FlaskClient, gateway: Gateway) -> None:
    changed = change(client, {"name": "Gewächshaus", "metadata": {"room": "B", "train": "12"}})
    assert (changed["name"], changed["metadata"]) == ("Gewächshaus", {"room": "B", "train": "12"})
    assert client.get(GREENHOUSE).json == changed
    assert (client.get("/api/v1/devices").json or {})["devices"][0] == changed
    (row,) = gateway.reader.devices()
    assert row.id == "greenhouse"
    assert (row.name, row.metadata) == ("Gewächshaus", {"room": "B", "train": "12"})
    assert gateway.labels.metadata_of("greenhouse") == {"room": "B", "train": "12"}


def test_what_is_left_out_stays_and_null_goes_back(client: FlaskClient, gateway: Gateway) -> None:
    change(client, {"name": "A", "metadata": {"x": "1"}})
    assert change(client, {})["name"] == "A"
    assert change(client, {"metadata": {}})["metadata"] == {}
    changed = change(client, {"name": None})
    assert (changed["name"], changed["metadata"]) == ("Greenhouse A", {})
    assert change(client, {"metadata": None})["metadata"] == {"room": "A"}


def test_metadata_is_replaced_as_a_whole(client: FlaskClient) -> None:
    change(client, {"metadata": {"a": "1"}})
    assert change(client, {"metadata": {"b": "2"}})["metadata"] == {"b": "2"}


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": "x" * 101},
        {"name": "a\nb"},
        {"name": "a\n"},
        {"name": "a\x00"},
        {"name": "a\u2028"},
        {"name": 5},
        {"metadata": []},
        {"metadata": "x"},
        {"metadata": {"a.b": "1"}},
        {"metadata": {"$a": "1"}},
        {"metadata": {"": "1"}},
        {"metadata": {"a\n": "1"}},
        {"metadata": {"x" * 65: "1"}},
        {"metadata": {"a": 1}},
        {"metadata": {"a": None}},
        {"metadata": {"a": {"b": "c"}}},
        {"metadata": {"a": "x" * 257}},
        {"metadata": {f"k{number}": "" for number in range(33)}},
        {"state": "online"},
    ],
)
def test_what_cannot_be_taken(client: FlaskClient, gateway: Gateway, body: object) -> None:
    reply = client.patch(GREENHOUSE, json=body)
    assert reply.status_code == 422
    assert reply.json is not None
    assert reply.json["code"] == "invalid_body"
    assert reply.json["problems"]
    assert gateway.reader.devices() == []


def test_a_device_nobody_knows(client: FlaskClient, gateway: Gateway) -> None:
    reply = client.patch("/api/v1/devices/nobody", json={"name": "A"})
    assert reply.status_code == 404
    assert (reply.json or {})["code"] == "unknown_device"
    assert gateway.reader.devices() == []


def test_what_is_not_stored_is_not_confirmed(
    client: FlaskClient, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labels, "COMMIT_TIMEOUT_S", 0.05)
    gateway.stop_storing()
    reply = client.patch(GREENHOUSE, json={"name": "A"})
    assert reply.status_code == 503
    assert (reply.json or {})["code"] == "journal_unavailable"
    assert int(reply.headers["Retry-After"]) >= 1
