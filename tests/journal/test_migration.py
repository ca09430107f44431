"""Journals of 0.1.0 and before, made by the code of that time, opened by the present one."""

import gzip
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.journal import Journal, JournalReader, JournalStatus, StoredCommand, ddl
from gateway.journal.maintenance import number_behind, retry_dead_letters
from gateway.model.command import CommandState
from gateway.model.reading import LossReason
from tests.journal.conftest import MakeJournal
from tests.journal.records import UID, line, samples, undelivered
from tests.support.clock import FakeClock

MADE = Path(__file__).parent / "made_by_0_1_0"
FIELD = (1, 2, 3)
VERSIONS_OF_BOARDS = range(8, 15)
NOW_MS = 1_795_158_900_000


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(wall_ms=NOW_MS)


def unpack(name: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.decompress((MADE / f"{name}.db.gz").read_bytes()))


def opened(name: str, path: Path, make: MakeJournal) -> Journal:
    unpack(name, path)
    journal = make()
    journal.open()
    return journal


def schema_of(path: Path) -> list[tuple[str, ...]]:
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2")
    schema = found.fetchall()
    connection.close()
    return schema


@pytest.mark.parametrize("schema", FIELD)
def test_an_old_file_becomes_what_a_new_one_is(
    make: MakeJournal, path: Path, tmp_path: Path, schema: int
) -> None:
    opened(f"boards-{schema}", path, make).close()
    fresh = Journal(tmp_path / "fresh.db", clock=FakeClock())
    fresh.open()
    fresh.close()
    assert schema_of(path) == schema_of(tmp_path / "fresh.db")


@pytest.mark.parametrize("schema", FIELD)
def test_what_is_not_delivered_stays_so_and_what_is_does_not_come_again(
    make: MakeJournal, path: Path, reader: JournalReader, schema: int
) -> None:
    opened(f"boards-{schema}", path, make)
    assert [one.row for one in undelivered(reader, "mongo")] == list(range(41, 61))
    after = reader.stats().cursors["mongo-commands"]
    waiting = reader.undelivered({"command"}, after, 100)
    # Two were open, and are closed by this start; the other five were saved after version 5.
    assert [one.record.id for one in waiting if isinstance(one, StoredCommand)] == [
        "c-done", "c-refused", "c-failed", "c-expired", "c-unknown", "c-queued", "c-sent",
    ]  # fmt: skip
    stats = reader.stats()
    assert (stats.rows, stats.last_row, stats.sinks["mongo"].lag_rows) == (60, 60, 20)


@pytest.mark.parametrize("schema", FIELD)
def test_the_number_of_a_command_only_rises(
    make: MakeJournal, path: Path, reader: JournalReader, schema: int
) -> None:
    opened(f"boards-{schema}", path, make)
    versions = [one.version for one in reader.commands_changed_since(0, 100)]
    assert min(versions) > max(60, *VERSIONS_OF_BOARDS)
    assert versions == sorted(set(versions))


@pytest.mark.parametrize("schema", FIELD)
def test_versions_ahead_of_rows(
    make: MakeJournal, path: Path, reader: JournalReader, clock: FakeClock, schema: int
) -> None:
    journal = opened(f"lines-{schema}", path, make)
    assert [one.version for one in reader.commands_changed_since(0, 100)] == [10, 11, 12]
    after = reader.stats().cursors["mongo-commands"]
    waiting = reader.undelivered({"command"}, after, 100)
    assert [one.record.id for one in waiting if isinstance(one, StoredCommand)] == ["c1", "c2"]
    rows = [one.row for one in undelivered(reader, "mongo")]
    # In schema 3 the last two wait for the clock.
    assert rows == ([4] if schema == 3 else [4, 5, 6])
    journal.append([line(NOW_MS)])
    clock.advance(1)
    journal.step(clock.monotonic())
    (new,) = reader.readings_after(6, 10)
    journal_id = reader.stats().journal_id
    assert (new.row, new.key) == (13, f"{journal_id}-13")
    old = reader.readings_after(0, 6)
    assert [one.key for one in old] == [f"{journal_id}-{row}" for row in range(1, 7)]


def test_readings_that_wait_for_the_clock_are_stamped_when_it_is_right(
    make: MakeJournal, path: Path, reader: JournalReader, clock: FakeClock
) -> None:
    journal = opened("lines-3", path, make)
    assert journal.state().unsynced_rows == 2
    clock.advance(5)
    journal.step(clock.monotonic())
    assert journal.state().unsynced_rows == 0
    found = undelivered(reader, "mongo")
    assert [(one.row, one.reading.quality.value) for one in found][1:] == [
        (5, "good"),
        (6, "partial"),
    ]


@pytest.mark.parametrize("schema", FIELD)
def test_everything_else_is_there(
    make: MakeJournal, path: Path, reader: JournalReader, schema: int
) -> None:
    journal = opened(f"boards-{schema}", path, make)
    dead = reader.dead_letters("mongo")
    assert [one.stored.row for one in dead] == [17, 3]
    assert reader.stats().losses == {LossReason.OVERWRITTEN: 4}
    assert [(one.id, one.boot) for one in reader.devices()] == [("greenhouse", 2)]
    assert journal.next_seq(UID, 2) == 35
    assert journal.state().status is JournalStatus.OK
    hours = reader.ledger().hours
    assert sum(one.stored for one in hours) == 60
    assert all(one.expected == one.stored + sum(one.lost.values()) for one in hours)
    states = {one.record.id: one.record.state for one in reader.commands().commands}
    assert states["c-queued"] is CommandState.EXPIRED
    assert states["c-sent"] is CommandState.UNKNOWN
    assert states["c-done"] is CommandState.DONE
    found = reader.command_by_idempotency("key-c-done")
    assert found is not None
    assert found.result == {"rpm": 900}


def test_dead_letters_of_an_old_file_are_delivered_again(
    make: MakeJournal, path: Path, reader: JournalReader
) -> None:
    opened("boards-3", path, make).close()
    assert retry_dead_letters(path, "mongo") == 2
    assert [one.row for one in undelivered(reader, "mongo")] == list(range(3, 61))


@pytest.mark.parametrize("schema", FIELD)
def test_a_damaged_old_file_is_taken_over_under_the_new_numbers(
    make: MakeJournal, path: Path, reader: JournalReader, schema: int
) -> None:
    unpack(f"boards-{schema}", path)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 4096)
    journal = make()
    journal.open()
    assert len(list(path.parent.glob("*corrupt*"))) == 1
    stats = reader.stats()
    assert stats.cursors["mongo"] == 40
    versions = [one.version for one in reader.commands_changed_since(0, 100)]
    assert len(versions) == 7
    assert min(versions) > 60
    assert len(reader.undelivered({"command"}, stats.cursors["mongo-commands"], 100)) == 7
    assert journal.state().salvaged_rows > 0


def test_a_copy_from_before_the_migration_goes_on_behind_the_migrated_file(
    make: MakeJournal, path: Path, tmp_path: Path, clock: FakeClock
) -> None:
    opened("lines-3", path, make).close()
    copy = tmp_path / "copy.db"
    unpack("lines-3", copy)
    journal = Journal(copy, clock=clock)
    journal.open()
    journal.close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE meta SET value = 500 WHERE name = 'seq'")
    connection.commit()
    connection.close()
    number_behind(copy, path)
    journal.open()
    journal.append([line(NOW_MS)])
    journal.close()
    reader = JournalReader(copy)
    assert [one.row for one in reader.readings_after(6, 10)] == [501]
    reader.close()


DIES = """
import os, sqlite3, sys
from pathlib import Path
from gateway.journal import Journal
from gateway.journal.recovery import connect_writer
from gateway.runtime.clock import MachineClock

left = int(sys.argv[2])

def trace(sql):
    global left
    left -= 1
    if left == 0:
        os._exit(9)

def connect(path):
    connection = connect_writer(path)
    connection.set_trace_callback(trace)
    return connection

Journal(Path(sys.argv[1]), clock=MachineClock(), connect=connect).open()
"""


def test_killed_at_any_statement_it_is_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    died = 0
    for statement in range(8, 200, 3):
        path = tmp_path / str(statement) / "journal.db"
        unpack("boards-3", path)
        done = subprocess.run(
            [sys.executable, "-c", DIES, os.fspath(path), str(statement)],
            cwd=Path(__file__).parents[2],
            check=False,
        )
        connection = sqlite3.connect(path)
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        columns = {row[1] for row in connection.execute("PRAGMA table_info(cursors)")}
        assert version in (3, ddl.SCHEMA_VERSION)
        assert ("command_version" in columns) == (version == 3)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()
        journal = Journal(path, clock=FakeClock(wall_ms=NOW_MS))
        journal.open()
        journal.close()
        reader = JournalReader(path)
        assert reader.stats().cursors == {"mongo": 40, "mongo-commands": 60}
        assert len(reader.commands_changed_since(60, 100)) == 7
        reader.close()
        died += done.returncode == 9
        if done.returncode == 0:
            break
    assert died > 5


def test_new_samples_go_on_behind_the_old(
    make: MakeJournal, path: Path, reader: JournalReader, clock: FakeClock
) -> None:
    journal = opened("boards-3", path, make)
    journal.append(samples(35, 37, boot=2))
    clock.advance(1)
    journal.step(clock.monotonic())
    assert [one.reading.seq for one in reader.readings_after(60, 10)] == [35, 36, 37]
    assert reader.stats().sinks["mongo"].lag_rows >= 23
