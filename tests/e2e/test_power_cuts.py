"""Kills, stops and pulled cables in mid-stream: every sample is stored once all the same."""

from pathlib import Path
from typing import Any

from tests.e2e.waiting import (
    drain,
    keys_made,
    keys_stored,
    latest,
    until_all_are,
    until_all_measure,
    until_stored,
)
from tests.support.boards import BoardsProcess
from tests.support.gateway import GatewayProcess
from tests.support.mongod import Database, Mongod

CONFIG = '[journal]\ncommit_interval = "200ms"\n'


def test_a_gateway_that_is_killed_again_and_again_loses_and_repeats_nothing(
    tmp_path: Path, shared_server: Mongod, database: Database
) -> None:
    with BoardsProcess(tmp_path, 3, interval_s=0.05) as boards:
        config = CONFIG + boards.config()
        with GatewayProcess(tmp_path, config=config, mongo_uri=shared_server.uri) as gateway:
            until_stored(gateway, database, 1)
            gateway.kill()
            gateway.start()  # killed again before it has asked a board for anything
            gateway.kill()
            stored = database.readings.count_documents({})
            gateway.start()
            until_stored(gateway, database, stored + 1)
            gateway.kill()
            gateway.start()
            counts = drain(gateway, boards, database)
            assert gateway.terminate() == 0
    assert all(one.overwritten == 0 for one in counts.values())
    assert sorted(keys_stored(database)) == sorted(keys_made(counts))


def test_an_orderly_stop_keeps_everything_that_was_taken_from_the_boards(
    tmp_path: Path, shared_server: Mongod, database: Database
) -> None:
    # A commit that is far away: what it would have stored must not be lost by the stop.
    far_away = '[journal]\ncommit_interval = "30s"\n'
    with BoardsProcess(tmp_path, 3, interval_s=0.05) as boards:
        config = far_away + boards.config()
        with GatewayProcess(tmp_path, config=config, mongo_uri=shared_server.uri) as gateway:
            gateway.until(lambda: _journal(gateway)["queued"] >= 100, "readings in the queue")
            assert gateway.terminate() == 0
            counts = boards.stop()
            gateway.start()
            kept = int(_journal(gateway)["last_row"])
            until_stored(gateway, database, kept)
    assert kept >= 100
    stored = keys_stored(database)
    assert len(stored) == kept
    for one in counts.values():
        numbers = sorted(int(key.split("-")[2]) for key in stored if key.startswith(one.uid))
        assert numbers == list(range(1, len(numbers) + 1))
        assert one.made - one.held <= len(numbers) <= one.made


def _journal(gateway: GatewayProcess) -> dict[str, Any]:
    shown: dict[str, Any] = gateway.get("/api/v1/status")["journal"]
    return shown


def test_a_command_with_a_key_is_not_repeated_after_a_power_cut(tmp_path: Path) -> None:
    path = "/api/v1/devices/board0/commands"
    body = {"name": "fan", "arguments": {"speed": 9}}
    with BoardsProcess(tmp_path, 1) as boards:
        with GatewayProcess(tmp_path, config=boards.config()) as gateway:
            until_all_measure(gateway, boards.names)
            first = gateway.post(path, body, Idempotency_Key="k-1")
            gateway.kill()
            gateway.start()
            again = gateway.post(path, body, Idempotency_Key="k-1")
            other = {"name": "fan", "arguments": {"speed": 10}}
            mismatch = gateway.post(path, other, Idempotency_Key="k-1")
        executed = boards.stop()["board0"].executed
    assert first.status == 200
    assert (mismatch.status, mismatch.body["code"]) == (422, "idempotency_mismatch")
    assert again.body == first.body
    assert executed == {"fan": 1}


def test_boards_that_are_unplugged_and_plugged_in_again_go_on_by_themselves(
    tmp_path: Path, shared_server: Mongod, database: Database
) -> None:
    boards = BoardsProcess(tmp_path, 3)
    config = CONFIG + boards.config()
    with boards, GatewayProcess(tmp_path, config=config, mongo_uri=shared_server.uri) as gateway:
        until_all_measure(gateway, boards.names)
        boards.kill()
        until_all_are(gateway, "offline")
        assert gateway.command("board0", "fan", speed=1).body["code"] == "device_offline"
        boards.start()
        until_all_are(gateway, "online")
        gateway.until(
            lambda: all(one["boot"] == 2 for one in latest(gateway).values()), "readings of boot 2"
        )
        counts = drain(gateway, boards, database)
        assert gateway.terminate() == 0
    second_boot = [key for key in keys_stored(database) if key.split("-")[1] == "2"]
    assert sorted(second_boot) == sorted(keys_made(counts))
