"""Delivery to a real MongoDB server, by a gateway that is a real process."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.e2e.waiting import (
    drain,
    keys_made,
    keys_stored,
    until_all_measure,
    until_stored,
)
from tests.support.boards import BoardsProcess
from tests.support.gateway import GatewayProcess
from tests.support.mongod import Database, Mongod

CONFIG = '[gateway]\nid = "pi-test"\n[journal]\ncommit_interval = "100ms"\n'


def _type_names(document: dict[str, Any]) -> dict[str, str]:
    return {name: type(value).__name__ for name, value in document.items()}


def test_documents_are_as_the_contract_says(
    tmp_path: Path, shared_server: Mongod, database: Database
) -> None:
    began = datetime.now(UTC)
    with BoardsProcess(tmp_path, 1) as boards:
        config = CONFIG + boards.config() + 'metadata = { room = "A" }\n'
        with GatewayProcess(tmp_path, config=config, mongo_uri=shared_server.uri) as gateway:
            until_all_measure(gateway, boards.names)
            command = gateway.command("board0", "fan", speed=7).body
            counts = drain(gateway, boards, database)["board0"]
            heartbeat = database.gateways.find_one({"_id": "pi-test"})
            address = f"http://127.0.0.1:{gateway.port}"
            assert gateway.terminate() == 0
    documents = list(database.readings.find().sort("seq"))
    assert [one["_id"] for one in documents] == [
        f"{counts.uid}-1-{number}" for number in range(1, counts.made + 1)
    ]
    first = documents[0]
    expected = {"_id": "str", "gateway": "str", "device": "str", "uid": "str", "boot": "int"}
    expected |= {"seq": "int", "time": "datetime", "values": "dict", "quality": "str"}
    assert _type_names(first) == expected | {"meta": "dict", "simulated": "bool"}
    named = {"gateway": "pi-test", "device": "board0", "uid": counts.uid, "boot": 1, "seq": 1}
    named |= {"meta": {"room": "A"}, "simulated": False, "quality": "good"}
    assert {name: first[name] for name in named} == named
    assert _type_names(first["values"]) == {
        "temperature": "float", "humidity": "float", "supply": "float"
    }  # fmt: skip
    assert began - timedelta(seconds=30) < first["time"] < datetime.now(UTC)
    indexes = [list(one["key"].items()) for one in database.readings.list_indexes()]
    assert [("device", 1), ("time", -1)] in indexes
    assert heartbeat is not None
    _check_heartbeat(heartbeat, address)
    # After an orderly stop the audit trail has been delivered too.
    stored = database.commands.find_one({"_id": command["id"]})
    assert stored is not None
    assert (stored["state"], stored["arguments"]) == ("done", {"speed": 7})
    assert isinstance(stored["requested_at"], datetime)


def _check_heartbeat(heartbeat: dict[str, Any], address: str) -> None:
    assert _type_names(heartbeat) == {
        "_id": "str", "version": "str", "address": "str", "devices": "list", "seen_at": "datetime"
    }  # fmt: skip
    assert heartbeat["devices"] == ["board0"]
    assert heartbeat["address"] == address


def test_a_server_that_comes_late_gets_everything(tmp_path: Path, own_server: Mongod) -> None:
    own_server.kill()
    with BoardsProcess(tmp_path, 2) as boards:
        config = CONFIG + boards.config()
        with GatewayProcess(tmp_path, config=config, mongo_uri=own_server.uri) as gateway:
            until_all_measure(gateway, boards.names)
            (sink,) = gateway.get("/api/v1/status")["sinks"]
            assert sink["state"] == "backing_off"
            own_server.start()
            with own_server.client() as client:
                counts = drain(gateway, boards, client.gateway)
                assert sorted(keys_stored(client.gateway)) == sorted(keys_made(counts))
            assert gateway.terminate() == 0


def test_a_server_that_is_killed_mid_stream_gets_everything_once(
    tmp_path: Path, own_server: Mongod
) -> None:
    with BoardsProcess(tmp_path, 2, interval_s=0.05) as boards:
        config = CONFIG + boards.config()
        with GatewayProcess(tmp_path, config=config, mongo_uri=own_server.uri) as gateway:
            with own_server.client() as client:
                until_stored(gateway, client.gateway, 50)
            own_server.kill()
            own_server.start()
            with own_server.client() as client:
                counts = drain(gateway, boards, client.gateway)
                assert sorted(keys_stored(client.gateway)) == sorted(keys_made(counts))
            assert gateway.terminate() == 0
