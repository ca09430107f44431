import datetime
import logging
from typing import Any

import pymongo
import pytest

from gateway.delivery.consumer import SinkUnavailable
from gateway.model.command import CommandState
from gateway.model.reading import Reading, StoredReading
from gateway.sinks.mongo.client import ConnectionWatch, open_client
from tests.delivery.conftest import Database, SinkTo
from tests.delivery.mongo_sink import MongoSink
from tests.delivery.records import HEARTBEAT, T0_MS, UID, command, stored
from tests.support.mongod import Mongod

TIME = datetime.datetime(2026, 11, 20, 7, 0, 0, 123000, tzinfo=datetime.UTC)


def keys(database: Database) -> list[int]:
    return sorted(document["seq"] for document in database.readings.find())


def test_a_reading_is_stored_as_the_contract_says(sink: MongoSink, database: Database) -> None:
    one = stored(42, {"temperature": 21.5, "humidity": None, "open": True, "text": "ü"})

    assert sink.deliver([one]) == ()

    assert list(database.readings.find()) == [
        {
            "_id": f"{UID}-5-42",
            "gateway": "pi-test",
            "device": "greenhouse",
            "uid": UID,
            "boot": 5,
            "seq": 42,
            "time": datetime.datetime.fromtimestamp((T0_MS + 42_000) // 1000, datetime.UTC).replace(
                microsecond=123000
            ),
            "values": {"temperature": 21.5, "humidity": None, "open": True, "text": "ü"},
            "quality": "good",
            "meta": {"room": "A"},
            "simulated": True,
        }
    ]


def test_a_reading_without_a_board_identity_has_the_journals_key(
    sink: MongoSink, database: Database
) -> None:
    plain = Reading(device="scale", time_ms=T0_MS, values={"mass": 3})
    sink.deliver([StoredReading(7, "journal-7", plain)])
    document = database.readings.find_one("journal-7")
    assert document is not None
    assert document["uid"] is document["boot"] is document["seq"] is None


def test_a_time_that_python_cannot_say_is_stored(sink: MongoSink, database: Database) -> None:
    late = Reading(device="scale", time_ms=400_000_000_000_000, values={})
    assert sink.deliver([StoredReading(1, "late", late)]) == ()
    assert database.readings.count_documents({"_id": "late"}) == 1


def test_the_index_is_made_before_the_first_reading(sink: MongoSink, database: Database) -> None:
    sink.deliver([stored(1)])
    indexes = [index["key"] for index in database.readings.index_information().values()]
    assert [("device", 1), ("time", -1)] in indexes


def test_what_is_there_already_counts_as_delivered(sink: MongoSink, database: Database) -> None:
    database.readings.insert_many([{"_id": stored(seq).key, "seq": seq} for seq in (2, 4)])
    assert sink.deliver([stored(seq) for seq in range(1, 6)]) == ()
    assert keys(database) == [1, 2, 3, 4, 5]
    assert sink.duplicates == 2


def test_a_clash_with_somebody_elses_unique_index_is_not_taken_for_delivered(
    sink: MongoSink, database: Database
) -> None:
    database.readings.create_index("device", unique=True)
    first, second = stored(1), stored(2)
    (rejected,) = sink.deliver([first, second])
    assert (rejected.seq, rejected.key) == (2, second.key)
    assert "11000" in rejected.reason
    assert sink.duplicates == 0


def test_a_validation_rule_rejects_some_and_stores_the_rest(
    sink: MongoSink, database: Database
) -> None:
    database.create_collection("readings", validator={"values.temperature": {"$lt": 100}})
    rejected = sink.deliver([stored(seq, {"temperature": 99 + seq % 2}) for seq in range(6)])
    assert [one.seq for one in rejected] == [1, 3, 5]
    assert all("validation" in one.reason and "121" in one.reason for one in rejected)
    assert keys(database) == [0, 2, 4]


POISON: dict[str, Any] = {
    "an integer beyond 64 bits": {"big": 1 << 64},
    "a zero byte in a name": {"a\0b": 1},
    "half a character": {"text": "\ud800"},
    "a text of 17 MB": {"text": "x" * (17 << 20)},
}


@pytest.mark.parametrize("what", POISON)
def test_what_the_driver_cannot_send_is_rejected_alone(
    sink: MongoSink, database: Database, what: str
) -> None:
    batch = [stored(1), stored(2, POISON[what]), stored(3), stored(4)]
    (rejected,) = sink.deliver(batch)
    assert (rejected.seq, rejected.key) == (2, batch[1].key)
    assert "MongoDB" in rejected.reason
    assert len(rejected.reason) < 600
    assert keys(database) == [1, 3, 4]


def test_poison_and_a_validation_rule_together(sink: MongoSink, database: Database) -> None:
    database.create_collection("readings", validator={"values.t": {"$exists": True}})
    rejected = sink.deliver([stored(1, {"t": 1}), stored(2, {"t": 1 << 64}), stored(3, {})])
    assert sorted(one.seq for one in rejected) == [2, 3]
    assert keys(database) == [1]


def test_a_batch_of_nothing_but_poison(sink: MongoSink, database: Database) -> None:
    assert [one.seq for one in sink.deliver([stored(seq, {"v": 1 << 64}) for seq in (1, 2)])] == [
        1,
        2,
    ]


def test_a_time_series_collection_is_refused_with_an_explanation(
    sink: MongoSink, database: Database
) -> None:
    database.create_collection("readings", timeseries={"timeField": "time"})
    with pytest.raises(SinkUnavailable, match="timeseries") as caught:
        sink.deliver([stored(1)])
    assert caught.value.misconfigured
    database.readings.drop()
    assert sink.deliver([stored(1)]) == ()
    assert keys(database) == [1]


def test_a_command_is_stored_without_the_callers_own_keys(
    sink: MongoSink, database: Database
) -> None:
    sink.deliver_commands([command("c1", 3, CommandState.DONE, T0_MS)])
    assert list(database.commands.find()) == [
        {
            "_id": "c1",
            "gateway": "pi-test",
            "device": "greenhouse",
            "name": "fan",
            "arguments": {"speed": 128},
            "state": "done",
            "result": None,
            "requested_at": TIME,
            "finished_at": TIME,
            "duration_ms": 7.4,
            "error": None,
            "detail": None,
            "actor": "local",
            "version": 3,
        }
    ]


def test_a_newer_command_record_is_never_replaced_by_an_older_one(
    sink: MongoSink, database: Database
) -> None:
    sent, done = command("c1", 3, CommandState.SENT), command("c1", 9, CommandState.DONE, T0_MS)
    for record in (sent, done, sent, done):
        assert sink.deliver_commands([record]) == ()
    (document,) = database.commands.find()
    assert (document["state"], document["version"]) == ("done", 9)


def test_a_heartbeat_replaces_the_one_before(sink: MongoSink, database: Database) -> None:
    sink.heartbeat(HEARTBEAT)
    sink.heartbeat(HEARTBEAT)
    assert list(database.gateways.find()) == [
        {
            "_id": "pi-test",
            "version": "1.2.3",
            "address": "127.0.0.1:8080",
            "devices": ["greenhouse", "workshop"],
            "seen_at": TIME,
        }
    ]


def test_an_absent_server_is_unavailable(own_server: Mongod, sink_to: SinkTo) -> None:
    own_server.kill()
    sink = sink_to(own_server.uri)
    sink.hasten(0.3)
    with pytest.raises(SinkUnavailable, match="no MongoDB server can be reached") as caught:
        sink.deliver([stored(1)])
    assert not caught.value.misconfigured
    assert "Topology" not in caught.value.detail


def test_a_frozen_server_neither_holds_a_call_nor_the_end(
    own_server: Mongod, sink_to: SinkTo
) -> None:
    sink = sink_to(own_server.uri)
    sink.deliver([stored(1)])
    own_server.freeze()
    sink.hasten(0.3)
    with pytest.raises(SinkUnavailable, match="in time"):
        sink.deliver([stored(2)])
    # Without a bound of its own this would wait until the test's deadline.
    sink.close()
    own_server.thaw()


def test_a_bad_address_is_a_matter_of_configuration_and_tells_no_password(sink_to: SinkTo) -> None:
    sink = sink_to("mongodb://user:hunter2@h/?timeotMS=1")
    with pytest.raises(SinkUnavailable, match="timeotMS") as caught:
        sink.heartbeat(HEARTBEAT)
    assert caught.value.misconfigured
    assert "hunter2" not in caught.value.detail


def test_the_index_comes_back_when_the_server_was_replaced(
    own_server: Mongod, sink_to: SinkTo
) -> None:
    sink = sink_to(own_server.uri)
    sink.deliver([stored(1)])
    own_server.kill()
    sink.hasten(1.0)
    with pytest.raises(SinkUnavailable):
        sink.deliver([stored(2)])
    own_server.start()
    with own_server.client() as client:
        client.drop_database("gateway")
        sink.deliver([stored(2)])
        assert len(client.gateway.readings.index_information()) == 2


def test_an_index_that_cannot_be_made_does_not_hold_up_the_readings(
    sink: MongoSink, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    # An index of that name with other fields: the server refuses ours.
    database.readings.create_index("device", name="device_1_time_-1")
    with caplog.at_level(logging.WARNING):
        assert sink.deliver([stored(1)]) == ()
    assert keys(database) == [1]
    assert "index" in caplog.text


class TestWithUsers:
    @pytest.fixture
    def uri(self, own_server: Mongod, tmp_path: Any) -> str:
        with own_server.client() as client:
            client.admin.command("createUser", "root", pwd="root", roles=["root"])
            client.gateway.command("createUser", "good", pwd="p@ss", roles=["readWrite"])
            client.gateway.command("createUser", "reader", pwd="p@ss", roles=["read"])
        own_server.stop()
        own_server._arguments = ("--auth",)
        own_server.start()
        return own_server.uri

    def address(self, uri: str, user: str, password: str) -> str:
        return uri.replace("//", f"//{user}:{password}@").replace("/?", "/gateway?")

    @pytest.mark.parametrize(
        ("user", "password", "says"),
        [("good", "wrongword", "password"), ("reader", "p%40ss", "readWrite")],
    )
    def test_a_refusal_says_what_to_do(
        self, uri: str, user: str, password: str, says: str, sink_to: SinkTo
    ) -> None:
        sink = sink_to(self.address(uri, user, password))
        with pytest.raises(SinkUnavailable, match=says) as caught:
            sink.deliver([stored(1)])
        assert caught.value.misconfigured
        assert password not in caught.value.detail

    def test_no_user_at_all_says_what_to_do(self, uri: str, sink_to: SinkTo) -> None:
        sink = sink_to(uri)
        with pytest.raises(SinkUnavailable, match="MONGO_URI") as caught:
            sink.deliver([stored(1)])
        assert caught.value.misconfigured

    def test_the_right_user_may(self, uri: str, sink_to: SinkTo) -> None:
        sink = sink_to(self.address(uri, "good", "p%40ss"))
        assert sink.deliver([stored(1)]) == ()


def test_writes_are_confirmed_by_the_servers_journal_unless_the_address_says_otherwise(
    shared_server: Mongod, database: Database
) -> None:
    def concern(uri: str) -> dict[str, Any]:
        with open_client(uri, "pi-test", ConnectionWatch()) as client:
            return dict(client.gateway.readings.write_concern.document)

    assert concern(shared_server.uri) == {"w": "majority", "j": True}
    assert concern(f"{shared_server.uri}&w=1&journal=false") == {"w": 1, "j": False}


def test_pymongo_still_calls_the_whole_batch_unavailable_when_its_confirmation_fails() -> None:
    from gateway.sinks.mongo.errors import judge_batch

    duplicate = {"index": 0, "code": 11000, "keyPattern": {"_id": 1}, "errmsg": "there"}
    concern = {"code": 64, "errmsg": "waiting for replication timed out"}
    with pytest.raises(SinkUnavailable, match="waiting for replication"):
        judge_batch(
            pymongo.errors.BulkWriteError(
                {"writeErrors": [duplicate], "writeConcernErrors": [concern]}
            )
        )


@pytest.mark.parametrize("code", [14031, 10107, 11600, 189, 50, 262, 91])
def test_the_servers_state_never_rejects_a_document(code: int) -> None:
    from gateway.sinks.mongo.errors import judge_batch

    with pytest.raises(SinkUnavailable) as caught:
        judge_batch(pymongo.errors.BulkWriteError({"writeErrors": [{"index": 0, "code": code}]}))
    assert not caught.value.misconfigured
