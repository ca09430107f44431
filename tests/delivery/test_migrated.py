"""A gateway that was 0.1.0 goes on with the database that it filled then."""

import gzip
from pathlib import Path

from tests.delivery.conftest import Database
from tests.delivery.house import House
from tests.delivery.mongo_sink import MongoSink

MADE = Path(__file__).parents[1] / "journal" / "made_by_0_1_0"


def migrated(name: str, folder: Path, sink: MongoSink) -> House:
    (folder / "journal.db").write_bytes(gzip.decompress((MADE / f"{name}.db.gz").read_bytes()))
    return House(folder, sink).open()


def test_what_it_had_not_got_arrives_and_nothing_twice(
    tmp_path: Path, sink: MongoSink, database: Database
) -> None:
    house = migrated("boards-3", tmp_path, sink)
    house.until(house.drained)
    assert database.readings.count_documents({}) == 20
    assert sink.duplicates == 0
    assert {one["_id"] for one in database.commands.find()} == {
        "c-done", "c-refused", "c-failed", "c-expired", "c-unknown", "c-queued", "c-sent",
    }  # fmt: skip
    assert database.commands.count_documents({"version": {"$lte": 60}}) == 0
    house.commit()
    assert house.reader.stats().sinks["mongo"].lag_rows == 0
    house.close()


def test_a_command_of_that_time_is_replaced_by_its_newer_state(
    tmp_path: Path, sink: MongoSink, database: Database
) -> None:
    # As 0.1.0 left them: `c0` in its last version, `c1` in one that was overtaken.
    database.commands.insert_many(
        [{"_id": "c0", "version": 7, "state": "done"}, {"_id": "c1", "version": 5, "state": "sent"}]
    )
    house = migrated("lines-1", tmp_path, sink)
    house.until(house.drained)
    found = {one["_id"]: (one["state"], one["version"]) for one in database.commands.find()}
    assert found == {"c0": ("done", 7), "c1": ("done", 11), "c2": ("done", 12)}
    assert database.readings.count_documents({}) == 3
    house.close()
