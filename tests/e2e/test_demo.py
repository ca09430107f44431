"""What `make run` starts: the demo set, seen and commanded over REST."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.waiting import latest, until_all_are, until_all_measure
from tests.support.gateway import GatewayProcess

DEVICES = ["greenhouse", "laboratory", "vehicle", "workshop"]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder: Path = tmp_path_factory.mktemp("demo")
    with GatewayProcess(folder, "--no_i2c") as running:
        until_all_measure(running, DEVICES)
        until_all_are(running, "online")
        yield running


def test_all_four_boards_measure(gateway: GatewayProcess) -> None:
    readings = latest(gateway)
    assert sorted(readings) == DEVICES
    for device, reading in readings.items():
        channels = gateway.get(f"/api/v1/devices/{device}")["channels"]
        assert set(reading["values"]) == {channel["name"] for channel in channels}  # type: ignore[call-overload]
        assert reading["simulated"] is True
    gateway.until(
        lambda: not any(reading["stale"] for reading in latest(gateway).values()), "fresh readings"
    )


@pytest.mark.parametrize(
    ("device", "command", "arguments"),
    [
        ("greenhouse", "fan", {"speed": 128}),
        ("workshop", "reset_counter", {}),
        ("vehicle", "lamp", {"level": 100}),
        ("laboratory", "setpoint", {"temperature": 36.5}),
    ],
)
def test_commands_are_carried_out_on_both_kinds_of_bus(
    gateway: GatewayProcess, device: str, command: str, arguments: dict[str, object]
) -> None:
    answer = gateway.command(device, command, **arguments)
    assert answer.status == 200
    assert answer.body["state"] == "done"
    assert answer.body["arguments"] == arguments
    assert answer.body["duration_ms"] < 5000
    path = f"/api/v1/commands/{answer.body['id']}"
    gateway.until(lambda: gateway.get(path) == answer.body, "the outcome in the audit trail")
    audit = (gateway.folder / "logs" / "commands.log").read_text(encoding="utf-8").splitlines()
    assert answer.body["id"] in [json.loads(line)["id"] for line in audit]


@pytest.mark.parametrize(
    ("device", "command", "arguments", "status", "code"),
    [
        ("greenhouse", "fan", {"speed": 300}, 422, "invalid_arguments"),
        ("greenhouse", "fly", {}, 404, "unknown_command"),
        ("nowhere", "fan", {"speed": 1}, 404, "unknown_device"),
    ],
)
def test_what_cannot_be_done_is_said_before_a_bus_is_touched(
    gateway: GatewayProcess,
    device: str,
    command: str,
    arguments: dict[str, object],
    status: int,
    code: str,
) -> None:
    answer = gateway.command(device, command, **arguments)
    assert (answer.status, answer.body["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_history_grows_and_is_read_by_page(gateway: GatewayProcess) -> None:
    path = "/api/v1/devices/vehicle/readings?order=asc&limit=2"
    gateway.until(lambda: gateway.get(path)["next"] is not None, "three readings of the vehicle")
    first = gateway.get(path)
    second = gateway.get(f"{path}&cursor={first['next']}")
    seen = [reading["seq"] for reading in first["readings"] + second["readings"]]
    assert seen == list(range(seen[0], seen[0] + len(seen)))


def test_status_shows_every_part_at_work(gateway: GatewayProcess) -> None:
    status = gateway.get("/api/v1/status")
    assert status["simulated"] is True
    workers = {worker["name"]: worker for worker in status["workers"]}
    assert set(workers) == {"journal", "discovery", "collection", "command"}
    assert all(worker["state"] == "running" for worker in workers.values())
    assert all(worker["restarts"] == 0 for worker in workers.values())
    assert status["journal"]["status"] == "ok"
    assert {bus["name"] for bus in status["buses"]} == {"i2c1", "laboratory", "vehicle"}


def test_openapi_describes_what_answers(gateway: GatewayProcess) -> None:
    described = gateway.get("/openapi.json")
    assert described["openapi"].startswith("3.1")
    for path in ("/api/v1/status", "/api/v1/devices", "/api/v1/readings/latest", "/healthz"):
        assert "get" in described["paths"][path]
