"""Keys and run-time care on a real gateway: what the command line makes, the running process obeys."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.waiting import latest, until_all_are, until_all_measure
from tests.support.gateway import Answer, GatewayProcess
from tests.support.process import ROOT, python_module

DEVICES = ["greenhouse", "laboratory", "vehicle", "workshop"]
FAN = {"name": "fan", "arguments": {"speed": 7}}


def keys(gateway: GatewayProcess, *arguments: str) -> str:
    """What `gateway keys` prints for the gateway of this folder."""
    environment = {
        **os.environ,
        "XDG_STATE_HOME": str(gateway.folder / "state"),
        "PYTHONPATH": str(ROOT),
    }
    for name in ("STATE_DIRECTORY", "CONFIGURATION_DIRECTORY", "MONGO_URI", "MONGOURI"):
        environment.pop(name, None)
    command = python_module("gateway", "keys", *arguments)
    done = subprocess.run(
        command, cwd=gateway.folder, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def request(
    gateway: GatewayProcess, method: str, path: str, key: str, body: object = None
) -> Answer:
    text = None if body is None else json.dumps(body)
    return gateway.request(method, f"/api/v1{path}", text, {"Authorization": f"Bearer {key}"})


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with GatewayProcess(tmp_path_factory.mktemp("access"), "--no_i2c") as running:
        until_all_measure(running, DEVICES)
        until_all_are(running, "online")
        yield running


def test_a_name_and_metadata_are_kept_over_a_restart(gateway: GatewayProcess) -> None:
    change = json.dumps({"name": "Gewächshaus", "metadata": {"room": "B"}})
    sent = {"Content-Type": "application/json"}
    answer = gateway.request("PATCH", "/api/v1/devices/greenhouse", change, sent)
    assert answer.status == 200
    gateway.kill()
    gateway.start()
    shown = gateway.get("/api/v1/devices/greenhouse")
    assert (shown["name"], shown["metadata"]) == ("Gewächshaus", {"room": "B"})
    until_all_are(gateway, "online")
    shown = gateway.get("/api/v1/devices/greenhouse")
    assert (shown["name"], shown["metadata"]) == ("Gewächshaus", {"room": "B"})


def test_signals_and_faults_of_a_simulated_board(gateway: GatewayProcess) -> None:
    order = {
        "signals": {"temperature": {"kind": "constant", "value": 33.5}},
        "faults": {"script": ["corrupt", "drop_reply"]},
    }
    sent = {"Content-Type": "application/json"}
    path = "/api/v1/dummy/devices/greenhouse"
    assert gateway.request("PUT", path, json.dumps(order), sent).status == 200
    gateway.until(
        lambda: latest(gateway)["greenhouse"]["values"]["temperature"] == 33.5,  # type: ignore[index]
        "the signal in the readings",
    )
    gateway.until(lambda: gateway.get(path)["faults"]["waiting"] == 0, "the faults have happened")
    gateway.until(
        lambda: gateway.get("/api/v1/devices/greenhouse")["health"]["retries"] > 0, "retries"
    )


def test_the_log_can_be_read_and_turned_up(gateway: GatewayProcess) -> None:
    sent = {"Content-Type": "application/json"}
    answer = gateway.request("PUT", "/api/v1/logging", json.dumps({"level": "DEBUG"}), sent)
    assert answer.body == {"level": "DEBUG"}
    lines = gateway.get("/api/v1/logs?limit=500")["logs"]
    assert any("listening on" in line["message"] for line in lines)


def test_from_the_first_key_on_a_key_is_needed(gateway: GatewayProcess) -> None:
    read = keys(gateway, "create", "--name", "viewer", "--scope", "read")
    command = keys(gateway, "create", "--name", "frontend", "--scope", "command")
    assert gateway.request("GET", "/api/v1/devices").status == 401
    assert gateway.request("GET", "/healthz").status == 200
    path = "/devices/greenhouse/commands"
    assert request(gateway, "GET", "/devices", read).status == 200
    assert request(gateway, "POST", path, read, FAN).body["code"] == "forbidden"
    answer = request(gateway, "POST", path, command, FAN)
    assert (answer.status, answer.body["actor"]) == (200, "frontend")
    assert request(gateway, "GET", "/logs", command).status == 403
    gateway.until(lambda: "frontend" in audit(gateway), "the audit trail names the key")
    (line,) = [one for one in audit(gateway).splitlines() if answer.body["id"] in one]
    assert json.loads(line)["client"] == "127.0.0.1"
    keys(gateway, "revoke", "viewer")
    assert request(gateway, "GET", "/devices", read).status == 401
    said = gateway.process.output() + "\n".join(gateway.log_lines()) + audit(gateway)
    assert read not in said
    assert command not in said
    keys(gateway, "revoke", "frontend")
    assert gateway.request("GET", "/api/v1/devices").status == 200


def audit(gateway: GatewayProcess) -> str:
    return (gateway.folder / "logs" / "commands.log").read_text(encoding="utf-8")


def test_where_others_can_reach_it_nothing_but_health_is_open(tmp_path: Path) -> None:
    gateway = GatewayProcess(tmp_path, "--no_i2c", "--host", "0.0.0.0")
    assert gateway.run_to_end() == 78
    assert "gateway keys create --name NAME --scope admin" in gateway.process.output()
    key = keys(gateway, "create", "--name", "me", "--scope", "admin")
    with gateway:
        for path in ("/", "/api/v1/status", "/metrics", "/openapi.json", "/dashboard/dashboard.js"):
            assert gateway.request("GET", path).status == 401
        assert gateway.request("GET", "/healthz").status == 200
        assert request(gateway, "GET", "/status", key).status == 200
        assert gateway.terminate() == 0
