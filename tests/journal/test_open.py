"""Whatever lies at the journal's path: new, damaged, foreign, too new, taken."""

import os
import sqlite3
from pathlib import Path

import pytest

from gateway.journal import (
    Journal,
    JournalCorrupt,
    JournalInUse,
    JournalReader,
    JournalStatus,
    JournalTooNew,
    JournalUnavailable,
    NotAJournal,
)
from gateway.model.command import CommandState
from tests.journal.conftest import MakeJournal
from tests.journal.faulty import FaultyDisk
from tests.journal.records import UID, command, line, sample, samples
from tests.support.clock import FakeClock


def written(make: MakeJournal, count: int = 500) -> None:
    journal = make()
    journal.open()
    journal.append(samples(1, count))
    journal.close()


def set_aside(path: Path) -> list[Path]:
    return sorted(path.parent.glob("journal.db.corrupt-*"))


def assert_works_again(make: MakeJournal, path: Path, reader: JournalReader, rows: int = 2) -> None:
    journal = make()
    journal.open()
    assert journal.state().status is JournalStatus.OK
    ticket = journal.append([sample(1), line()])
    journal.close()
    assert ticket.done
    assert reader.stats().rows == rows
    assert len(set_aside(path)) == 1


def test_no_work_in_the_constructor(make: MakeJournal, path: Path) -> None:
    make()
    assert not path.parent.exists()


def test_open_makes_the_folder_and_sets_the_file_up(journal: Journal, path: Path) -> None:
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_every_commit_reaches_the_disk(journal: Journal, disk: FaultyDisk) -> None:
    assert disk.connection is not None
    full = 2
    assert disk.connection.execute("PRAGMA synchronous").fetchone() == (full,)


@pytest.mark.parametrize(
    "content", [b"not a database", b"\0" * 8192, b"SQLite format 3\0", os.urandom(100_000)]
)
def test_garbage_is_set_aside(
    make: MakeJournal, path: Path, reader: JournalReader, content: bytes, caplog
) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    assert_works_again(make, path, reader)
    (aside,) = set_aside(path)
    assert aside.read_bytes() == content
    assert str(aside) in caplog.text


def test_a_damaged_page_is_found_and_the_file_set_aside(
    make: MakeJournal, path: Path, reader: JournalReader
) -> None:
    written(make)
    content = bytearray(path.read_bytes())
    content[4096 * 5 : 4096 * 9] = b"\xa5" * (4096 * 4)
    path.write_bytes(content)
    # The pages were of indexes: all 500 readings are taken over, and sample 1 is not new.
    assert_works_again(make, path, reader, rows=501)
    assert set_aside(path)[0].read_bytes() == content


@pytest.mark.parametrize("kept", [50, 4096, 10_000])
def test_a_truncated_file_is_set_aside(
    make: MakeJournal, path: Path, reader: JournalReader, kept: int
) -> None:
    written(make)
    os.truncate(path, kept)
    assert_works_again(make, path, reader)


def test_an_empty_file_is_a_new_journal(make: MakeJournal, path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    make().open()
    assert set_aside(path) == []


def test_files_set_aside_never_replace_each_other(
    make: MakeJournal, path: Path, clock: FakeClock
) -> None:
    path.parent.mkdir()
    for _ in range(3):
        path.write_bytes(b"garbage" * 100)
        journal = make()
        journal.open()
        journal.close()
    assert len(set_aside(path)) == 3


def test_a_newer_journal_is_refused_and_untouched(make: MakeJournal, path: Path) -> None:
    written(make)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(JournalTooNew, match="newer gateway"):
        make().open()
    assert path.read_bytes() == before
    assert set_aside(path) == []


@pytest.mark.parametrize("version", [0, 7])
def test_another_programs_database_is_refused(make: MakeJournal, path: Path, version: int) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(NotAJournal):
        make().open()
    assert path.read_bytes() == before


def test_two_gateways_cannot_share_a_journal(make: MakeJournal) -> None:
    first, second = make(), make()
    first.open()
    with pytest.raises(JournalInUse, match=rf"journal\.db is in use .* {os.getpid()}\b"):
        second.open()
    assert second.state().status is JournalStatus.BLOCKED
    first.close()
    second.open()


def test_a_folder_that_cannot_be_made_is_tried_again(make: MakeJournal, path: Path) -> None:
    path.parent.write_text("in the way")
    journal = make()
    ticket = journal.append([sample(1)])
    with pytest.raises(JournalUnavailable):
        journal.open()
    assert journal.state().status is JournalStatus.BLOCKED
    path.parent.unlink()
    journal.open()
    journal.close()
    assert ticket.done


def test_a_path_that_is_a_folder_is_unavailable(make: MakeJournal, path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(JournalUnavailable):
        make().open()


def test_commands_left_open_are_closed(make: MakeJournal, reader: JournalReader) -> None:
    first = make()
    first.open()
    first.save_command(command(1, CommandState.QUEUED))
    first.save_command(command(2, CommandState.SENT))
    first.save_command(command(3, CommandState.DONE))
    first.close()
    make().open()
    found = {one.record.id: one for one in reader.commands().commands}
    assert found["c1"].record.state is CommandState.EXPIRED
    assert "never sent" in (found["c1"].record.detail or "")
    assert found["c2"].record.state is CommandState.UNKNOWN
    assert found["c2"].record.finished_at_ms is not None
    assert found["c3"].record.state is CommandState.DONE
    assert [one.record.id for one in reader.commands_changed_since(3, 10)] == ["c1", "c2"]


def test_a_command_under_way_survives_the_writers_restart(
    journal: Journal, reader: JournalReader, clock: FakeClock
) -> None:
    journal.save_command(command(1, CommandState.SENT))
    journal.close()
    journal.open()
    found = reader.command("c1")
    assert found is not None
    assert found.record.state is CommandState.SENT


def test_damage_at_run_time_is_reported_and_cured_by_open(
    journal: Journal, path: Path, reader: JournalReader, disk: FaultyDisk, clock: FakeClock
) -> None:
    journal.append(samples(1, 500))
    journal.save_command(command(1))
    journal.step(clock.monotonic())
    first_id = journal.state().journal_id
    # What a broken card does: the file changes below the database. Log and cache are emptied first, so
    # that the pages must come from the file.
    journal.close()
    journal.open()
    assert disk.connection is not None
    disk.connection.execute("PRAGMA shrink_memory")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (path.stat().st_size - 4096))
    ticket = journal.append(samples(501, 510))
    with pytest.raises(JournalCorrupt):
        journal.step(clock.monotonic() + 1)
    assert journal.state().status is JournalStatus.BLOCKED
    assert not ticket.done
    journal.open()
    clock.advance(1)
    journal.step(clock.monotonic())
    assert ticket.done
    assert journal.state().journal_id != first_id
    # Numbers and progress go on: no cursor of before points past what is new.
    assert [stored.row for stored in reader.readings_after(0, 100)] == list(range(502, 512))
    assert journal.next_seq(UID, 1) == 511
    assert len(set_aside(path)) == 1
    journal.save_command(command(2))
    journal.step(clock.monotonic())
    assert [one.version for one in reader.commands_changed_since(501, 9)] == [512]


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_is_removed_while_open_is_noticed(
    journal: Journal, path: Path, reader: JournalReader, clock: FakeClock, replaced: bool
) -> None:
    journal.append([sample(1)])
    journal.step(clock.monotonic())
    path.unlink()
    if replaced:
        path.touch()
    ticket = journal.append([sample(2)], urgent=True)
    with pytest.raises(JournalCorrupt, match="while it was open"):
        journal.step(clock.monotonic())
    journal.open()
    journal.step(clock.monotonic())
    assert ticket.done
    assert [stored.reading.seq for stored in reader.readings_after(0, 10)] == [2]


def test_progress_known_before_a_replacement_is_on_disk_after_it(
    journal: Journal, make: MakeJournal, path: Path, clock: FakeClock
) -> None:
    journal.append(samples(1, 9))
    journal.step(clock.monotonic())
    journal.close()
    path.write_bytes(b"garbage" * 100)
    journal.open()
    assert journal.next_seq(UID, 1) == 10
    journal.close()
    other = make()
    other.open()
    assert other.next_seq(UID, 1) == 10


def test_a_file_whose_newest_pages_are_held_up_in_the_log_by_a_reader_is_not_damaged(
    make: MakeJournal, path: Path, reader: JournalReader
) -> None:
    journal = make()
    journal.open()
    visitor = sqlite3.connect(path, isolation_level=None)
    visitor.execute("BEGIN")
    assert visitor.execute("SELECT count(*) FROM readings").fetchone() == (0,)
    journal.append(samples(1, 500))
    journal.close()  # its checkpoint cannot pass the visitor's snapshot
    again = make()
    again.open()
    assert set_aside(path) == []
    assert again.state().status is JournalStatus.OK
    assert reader.stats().rows == 500
    visitor.close()
