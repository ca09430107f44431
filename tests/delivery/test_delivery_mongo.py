"""The delivery from a real journal to a real server, through everything that happens to servers."""

import logging
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.delivery.consumer import SinkUnavailable
from gateway.delivery.lane import BATCH_MAX
from gateway.delivery.state import DeliveryStatus
from gateway.model.command import CommandState
from tests.delivery.conftest import Database, SinkTo
from tests.delivery.house import House
from tests.delivery.mongo_sink import MongoSink
from tests.delivery.records import HEARTBEAT, T0_MS, command_record, reading, stored
from tests.support.mongod import Mongod

OpenHouse = Callable[[MongoSink], House]


@pytest.fixture
def open_house(tmp_path: Path) -> Iterator[OpenHouse]:
    houses: list[House] = []

    def make(sink: MongoSink) -> House:
        houses.append(House(tmp_path, sink).open())
        return houses[-1]

    yield make
    for house in houses:
        house.close()


@pytest.fixture
def house(open_house: OpenHouse, sink: MongoSink) -> House:
    return open_house(sink)


def seqs(database: Any) -> list[int]:
    return sorted(document["seq"] for document in database.readings.find({}, {"seq": 1}))


def test_readings_arrive_and_the_cursor_follows(house: House, database: Database) -> None:
    assert house.worker.state().status is DeliveryStatus.STARTING
    house.make(BATCH_MAX + 500)
    house.step()
    state = house.worker.state()
    assert (state.status, state.lag_rows, state.delivered) == (DeliveryStatus.OK, 500, BATCH_MAX)
    house.until(house.drained)
    state = house.worker.state()
    assert (state.status, state.oldest_age_s, state.duplicates) == (DeliveryStatus.IDLE, None, 0)
    assert seqs(database) == list(range(1, BATCH_MAX + 501))
    house.commit()
    assert house.reader.stats().cursors["mongo"] == BATCH_MAX + 500


def test_a_step_asks_for_the_next_one_at_once_while_there_is_more(house: House) -> None:
    house.make(BATCH_MAX + 1)
    assert house.step() == 0.0
    assert 0.0 < house.step() <= 1.0


def test_a_commit_wakes_the_worker(house: House) -> None:
    house.until(house.drained)
    waiting = threading.Thread(target=house.worker.wait, args=(60.0,))
    waiting.start()
    house.make(1)
    waiting.join(30)
    assert not waiting.is_alive()


def test_a_restart_goes_on_at_the_stored_cursor(
    open_house: OpenHouse, shared_server: Mongod, database: Database, sink_to: SinkTo
) -> None:
    first = open_house(sink_to(shared_server.uri))
    first.make(10)
    first.until(first.drained)
    first.close()
    database.readings.delete_many({})
    second = open_house(sink_to(shared_server.uri))
    second.store([reading(11)])
    second.until(second.drained)
    assert seqs(database) == [11]


def test_a_crash_before_the_cursor_is_stored_sends_again_and_nothing_twice(
    open_house: OpenHouse, shared_server: Mongod, database: Database, sink_to: SinkTo
) -> None:
    first = open_house(sink_to(shared_server.uri))
    first.make(10)
    first.worker.step(first.now)
    # As if the process had died here: what was only in memory is gone, and another worker begins where
    # the journal's file says.
    first.journal._pending._advances.clear()
    second_sink = sink_to(shared_server.uri)
    second = House(first.journal.path.parent, second_sink)
    second.worker._journal = first.journal
    for lane in second.worker._lanes:
        lane._journal = first.journal
    second.worker.start_up()
    second.worker.step(0.0)
    assert second_sink.duplicates == 10
    assert second.worker.state().delivered == 10
    assert seqs(database) == list(range(1, 11))
    second.worker.shut_down()
    second.reader.close()


def test_a_server_that_is_absent_at_first_is_a_normal_state(
    open_house: OpenHouse, own_server: Mongod, sink_to: SinkTo, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gateway.delivery")
    own_server.kill()
    sink = sink_to(own_server.uri)
    sink.hasten(0.2)
    house = open_house(sink)
    house.make(20)
    for _ in range(5):
        house.step()
        state = house.worker.state()
        assert state.status is DeliveryStatus.BACKING_OFF
        assert state.lag_rows == 20
        assert state.oldest_age_s is not None
        assert "no MongoDB server" in (state.error or "")
    assert [record.levelname for record in caplog.records] == ["WARNING"]

    own_server.start()
    sink.hasten(5.0)
    house.until(house.drained)
    state = house.worker.state()
    assert (state.status, state.error) == (DeliveryStatus.IDLE, None)
    assert "no MongoDB server" in (state.last_error or "")
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    with own_server.client() as client:
        assert seqs(client.gateway) == list(range(1, 21))


def test_kills_in_mid_stream_lose_nothing_and_store_nothing_twice(
    open_house: OpenHouse, own_server: Mongod, sink_to: SinkTo
) -> None:
    sink = sink_to(own_server.uri)
    house = open_house(sink)
    total = 0
    for _ in range(3):
        house.make(2 * BATCH_MAX + 300)
        total += 2 * BATCH_MAX + 300
        house.step()
        killer = threading.Thread(target=own_server.kill)
        killer.start()
        house.step()
        killer.join()
        sink.hasten(0.2)
        house.until(lambda: house.worker.state().status is DeliveryStatus.BACKING_OFF)
        own_server.start()
        sink.hasten(5.0)
        house.until(house.drained)
    with own_server.client() as client:
        assert seqs(client.gateway) == list(range(1, total + 1))
    state = house.worker.state()
    assert (state.delivered, state.rejected) == (total, 0)


def test_a_freeze_loses_nothing_and_stores_nothing_twice(
    open_house: OpenHouse, own_server: Mongod, sink_to: SinkTo
) -> None:
    sink = sink_to(own_server.uri)
    house = open_house(sink)
    house.make(100)
    house.until(house.drained)
    house.make(100)
    own_server.freeze()
    sink.hasten(0.5)
    house.step()
    # Sent, and perhaps stored when the server goes on: it never said so.
    assert house.worker.state().status is DeliveryStatus.BACKING_OFF
    assert house.worker.state().lag_rows == 100
    own_server.thaw()
    sink.hasten(5.0)
    house.make(100)
    house.until(house.drained)
    with own_server.client() as client:
        assert seqs(client.gateway) == list(range(1, 301))
    assert house.worker.state().delivered == 300


def test_a_call_ends_with_its_deadline(own_server: Mongod, sink_to: SinkTo) -> None:
    sink = sink_to(own_server.uri)
    sink.deliver([stored(1)])
    readings, *_ = sink.consumers(lambda: HEARTBEAT)
    own_server.freeze()
    began = time.monotonic()
    with pytest.raises(SinkUnavailable):
        readings.take([stored(2)], began + 0.5)
    assert time.monotonic() - began < 4.0, "the client's own timeout is five seconds"
    own_server.thaw()


def test_what_a_rule_refuses_goes_to_the_dead_letters_and_the_rest_arrives(
    house: House, database: Database
) -> None:
    database.create_collection("readings", validator={"seq": {"$not": {"$mod": [10, 3]}}})
    house.make(1500)
    house.until(house.drained)
    house.commit()
    dead = house.reader.dead_letters("mongo", limit=1000)
    assert sorted(one.stored.reading.seq or 0 for one in dead) == list(range(3, 1500, 10))
    assert "validation" in dead[0].reason
    assert seqs(database) == [seq for seq in range(1, 1501) if seq % 10 != 3]
    assert house.worker.state().rejected == 150


def test_a_poisoned_reading_does_not_block_the_others(house: House, database: Database) -> None:
    house.store([reading(1), reading(2, {"a\0b": 1}), reading(3)])
    house.until(house.drained)
    house.commit()
    (dead,) = house.reader.dead_letters("mongo")
    assert dead.stored.reading.seq == 2
    assert seqs(database) == [1, 3]


def test_commands_arrive_and_end_as_the_journal_has_them(house: House, database: Database) -> None:
    house.journal.save_command(command_record("c1", CommandState.QUEUED))
    house.journal.save_command(command_record("c2", CommandState.QUEUED))
    house.commit()
    house.step()
    assert {one["_id"]: one["state"] for one in database.commands.find()} == {
        "c1": "queued",
        "c2": "queued",
    }
    house.journal.save_command(command_record("c1", CommandState.DONE, T0_MS))
    house.commit()
    house.step()
    assert {one["_id"]: one["state"] for one in database.commands.find()} == {
        "c1": "done",
        "c2": "queued",
    }
    assert house.worker.state().commands_delivered == 3
    house.commit()
    assert house.reader.stats().cursors == {"mongo": 0, "mongo-commands": 3}


def test_the_heartbeat_beats_every_ten_seconds_and_at_the_end(
    house: House, database: Database
) -> None:
    times: list[float] = []
    describe = house.describe

    def count() -> Any:
        times.append(house.now)
        return describe()

    house.describe = count
    while house.now < 30.5:
        house.step()
    assert times == pytest.approx([0, 10, 20, 30], abs=1.0)
    house.worker.shut_down()
    assert len(times) == 5
    assert database.gateways.count_documents({"_id": "pi-test"}) == 1


def test_stopping_delivers_what_is_left(house: House, database: Database) -> None:
    house.step()
    house.make(50)
    house.worker.shut_down()
    assert seqs(database) == list(range(1, 51))


def test_missing_rights_on_one_collection_hold_up_nothing_else(
    open_house: OpenHouse, own_server: Mongod, sink_to: SinkTo, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gateway.delivery")
    with own_server.client() as client:
        client.admin.command("createUser", "root", pwd="root", roles=["root"])
        client.gateway.command(
            "createRole",
            "readings",
            privileges=[
                {
                    "resource": {"db": "gateway", "collection": "readings"},
                    "actions": ["find", "insert", "createIndex", "createCollection"],
                }
            ],
            roles=[],
        )
        client.gateway.command("createUser", "u", pwd="hunter2", roles=["readings"])
    own_server.stop()
    own_server._arguments = ("--auth",)
    own_server.start()
    plain = own_server.uri
    house = open_house(sink_to(plain.replace("//", "//u:hunter2@").replace("/?", "/gateway?")))
    for _ in range(20):
        house.make(10)
        house.step()
    state = house.worker.state()
    assert (state.delivered, state.status) == (200, DeliveryStatus.BACKING_OFF)
    assert "readWrite" in (state.error or "")
    assert len(caplog.records) == 1
    assert "hunter2" not in caplog.text
    with own_server.client(username="root", password="root") as client:
        client.gateway.command("grantRolesToUser", "u", roles=["readWrite"])
        house.until(lambda: house.worker.state().error is None)
        assert client.gateway.gateways.count_documents({}) == 1
    assert house.worker.state().retry_in_s == 0


def test_a_large_backlog_drains_in_bounded_memory(house: House, database: Database) -> None:
    total = 50_000
    house.make(total)
    house.step()  # the driver is loaded, the buffers have their size
    tracemalloc.start()
    try:
        house.until(house.drained)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert database.readings.count_documents({}) == total
    # A batch is about a megabyte in each of its forms; the backlog would be some forty.
    assert peak < 16 << 20
