from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from api.resources.devices.document import DeviceListSchema, DeviceSchema
from gateway.model.limits import Limits
from gateway.model.registry import DeviceState
from tests.api.gateway import GREENHOUSE, NOW_MONO, Gateway, fits


def test_every_device_is_listed(client: FlaskClient) -> None:
    reply = client.get("/api/v1/devices")
    assert reply.status_code == 200
    assert reply.json is not None
    assert fits(DeviceListSchema, reply.json)
    assert [device["id"] for device in reply.json["devices"]] == ["greenhouse", "vehicle"]
    assert reply.json["next"] is None


def test_a_channel_has_the_limits_of_the_configuration(
    client: FlaskClient, gateway: Gateway
) -> None:
    limits = {"temperature": Limits(-55, 60.5), "humidity": Limits(maximum=100)}
    gateway.devices.publish(replace(GREENHOUSE, limits=limits))
    reply = client.get("/api/v1/devices/greenhouse")
    assert reply.json is not None
    assert fits(DeviceSchema, reply.json)
    assert reply.json["channels"] == [
        {"name": "temperature", "unit": "Cel", "type": "i16", "minimum": -55, "maximum": 60.5},
        {"name": "humidity", "unit": "%RH", "type": "u16", "maximum": 100},
    ]


def test_a_device_has_the_form_of_the_contract(client: FlaskClient) -> None:
    reply = client.get("/api/v1/devices/greenhouse")
    assert reply.status_code == 200
    assert reply.json == {
        "id": "greenhouse",
        "name": "Greenhouse A",
        "bus": "i2c1",
        "address": 18,
        "driver": "protocol",
        "uid": "0011223344556677",
        "boot": 5,
        "firmware": "1.4.0",
        "state": "online",
        "detail": None,
        "last_seen": "2026-11-20T06:59:59.600Z",
        "stale": False,
        "interval_s": 1.0,
        "simulated": False,
        "metadata": {"room": "A"},
        "channels": [
            {"name": "temperature", "unit": "Cel", "type": "i16"},
            {"name": "humidity", "unit": "%RH", "type": "u16"},
        ],
        "commands": [
            {
                "name": "fan",
                "arguments": {
                    "type": "object",
                    "properties": {"speed": {"type": "integer", "minimum": 0, "maximum": 255}},
                    "required": ["speed"],
                    "additionalProperties": False,
                },
            },
            {
                "name": "reset_counter",
                "arguments": {
                    "type": "object",
                    "properties": {},
                    "required": [],
                    "additionalProperties": False,
                },
            },
        ],
        "health": {
            "polls": 10,
            "missed": 0,
            "retries": 0,
            "crc_errors": 0,
            "resets": 0,
            "lost": 0,
            "latency_ms": {"p50": 2.5, "p99": 9.0},
        },
        "learned": None,
    }
    assert fits(DeviceSchema, reply.json)


def test_a_serial_device_that_has_said_nothing_yet(client: FlaskClient) -> None:
    device = client.get("/api/v1/devices/vehicle").json
    assert device is not None
    assert fits(DeviceSchema, device)
    assert device["name"] == "vehicle"
    assert device["address"] is None
    assert device["firmware"] is None
    assert device["last_seen"] is None
    assert device["channels"] == []
    assert device["detail"] == "no answer for 12 s"
    assert device["stale"] is True


@pytest.mark.parametrize(("silent_s", "stale"), [(3.4, False), (3.6, True)])
def test_silence_makes_a_device_stale(
    client: FlaskClient, gateway: Gateway, silent_s: float, stale: bool
) -> None:
    gateway.devices.publish(replace(GREENHOUSE, last_seen_mono=NOW_MONO - silent_s))
    device = client.get("/api/v1/devices/greenhouse").json
    assert device is not None
    assert device["stale"] is stale


@pytest.mark.parametrize("state", list(DeviceState))
def test_every_state_can_be_told(client: FlaskClient, gateway: Gateway, state: DeviceState) -> None:
    gateway.devices.publish(replace(GREENHOUSE, state=state))
    reply = client.get("/api/v1/devices/greenhouse")
    assert fits(DeviceSchema, reply.json)


def test_an_unknown_device(client: FlaskClient) -> None:
    reply = client.get("/api/v1/devices/cellar")
    assert reply.status_code == 404
    assert reply.json is not None
    assert reply.json["code"] == "unknown_device"
    assert "'cellar'" in reply.json["detail"]
