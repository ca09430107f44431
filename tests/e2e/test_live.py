"""Live events, queued commands and history of a real gateway process."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.support.gateway import GatewayProcess

TIMEOUT_S = 30.0


@contextmanager
def events(
    gateway: GatewayProcess, query: str, last: str | None = None
) -> Iterator[Iterator[dict[str, Any]]]:
    """The blocks of a stream; `data` is parsed."""
    assert gateway.port is not None
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=TIMEOUT_S)
    with closing(connection):
        headers = {"Last-Event-ID": last} if last else {}
        connection.request("GET", f"/api/v1/events?{query}", headers=headers)
        reply = connection.getresponse()
        assert reply.status == 200

        def blocks() -> Iterator[dict[str, Any]]:
            block: dict[str, Any] = {}
            while line := reply.readline().decode():
                name, _, value = line.rstrip("\n").partition(": ")
                if name:
                    block[name] = json.loads(value) if name == "data" else value
                elif block:
                    yield block
                    block = {}

        yield blocks()
        reply.close()


def test_a_stream_goes_on_after_a_restart(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path, "--no_i2c") as gateway:
        seen: list[str] = []
        last = None
        for _ in range(2):
            with events(gateway, "type=reading&device=greenhouse", last) as blocks:
                for block in blocks:
                    last = block["id"]
                    if "data" in block:
                        seen.append(block["data"]["key"])
                    if len(seen) % 4 == 3:
                        break
            gateway.terminate()
            gateway.start()
        with events(gateway, "type=reading&device=greenhouse", last) as blocks:
            for block in blocks:
                if "data" in block:
                    seen.append(block["data"]["key"])
                if len(seen) >= 12:
                    break
        history = gateway.get("/api/v1/devices/greenhouse/readings?limit=10000&order=asc")
        keys = [reading["key"] for reading in history["readings"]]
        first = keys.index(seen[0])
        assert seen == keys[first : first + len(seen)]


def test_a_command_can_be_followed_from_queued_to_done(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path, "--no_i2c") as gateway:
        gateway.until(lambda: gateway.states().get("vehicle") == "online", "vehicle is online")
        with events(gateway, "type=command") as blocks:
            next(blocks)
            path = "/api/v1/devices/vehicle/commands?wait=0"
            answer = gateway.post(path, {"name": "lamp", "arguments": {"level": 40}})
            assert (answer.status, answer.body["state"]) == (202, "queued")
            states = []
            for block in blocks:
                assert block["data"]["id"] == answer.body["id"]
                states.append(block["data"]["state"])
                if states[-1] == "done":
                    break
        assert states == ["queued", "sent", "done"]
        assert gateway.get(answer.headers["Location"])["state"] == "done"
