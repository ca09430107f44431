"""What is done to a journal by hand, and that it is refused while a gateway has it."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gateway.journal import DeadLetter, Journal, JournalInUse, JournalReader, JournalUnavailable
from gateway.journal.ddl import SCHEMA_VERSION
from gateway.journal.errors import JournalCorrupt
from gateway.journal.maintenance import drop_dead_letters, retry_dead_letters, verify
from gateway.journal.schema_of import journal_schema
from tests.journal.conftest import MakeJournal
from tests.journal.records import sample, samples, undelivered
from tests.support.clock import FakeClock


@pytest.fixture
def buried(journal: Journal, clock: FakeClock) -> Journal:
    """Ten readings, all settled; MongoDB refused the fourth and the seventh, MQTT the seventh."""
    for sink in ("mongo", "mqtt"):
        journal.register(sink, {"reading"})
    journal.append(samples(1, 10))
    journal.step(clock.monotonic())
    for sink, rows in (("mongo", (4, 7)), ("mqtt", (7,))):
        letters = [DeadLetter(row, sample(row).key or "", "too large") for row in rows]
        journal.dead_letter(sink, letters)
        journal.advance(sink, 10)
    clock.advance(1)
    journal.step(clock.monotonic())
    return journal


def dead(reader: JournalReader) -> list[tuple[str, int]]:
    return sorted((one.sink, one.stored.row) for one in reader.dead_letters())


def test_a_retry_delivers_again_from_the_first_dead_letter_on(
    buried: Journal, reader: JournalReader, path: Path
) -> None:
    buried.close()
    assert retry_dead_letters(path, "mongo") == 2
    assert dead(reader) == [("mqtt", 7)]
    assert [one.row for one in undelivered(reader, "mongo")] == [4, 5, 6, 7, 8, 9, 10]
    assert undelivered(reader, "mqtt") == []


def test_a_retry_of_all_sinks(buried: Journal, reader: JournalReader, path: Path) -> None:
    buried.close()
    assert retry_dead_letters(path, None) == 3
    assert dead(reader) == []
    assert [one.row for one in undelivered(reader, "mqtt")] == [7, 8, 9, 10]


def test_a_reading_that_is_no_longer_kept_stays_a_dead_letter(
    buried: Journal, reader: JournalReader, path: Path
) -> None:
    buried.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM readings WHERE row < 6")
    assert retry_dead_letters(path, "mongo") == 1
    assert dead(reader) == [("mongo", 4), ("mqtt", 7)]


def test_dropping_forgets_them_and_delivers_nothing_again(
    buried: Journal, reader: JournalReader, path: Path
) -> None:
    buried.close()
    assert drop_dead_letters(path, "mongo") == 2
    assert dead(reader) == [("mqtt", 7)]
    assert undelivered(reader, "mongo") == []
    assert reader.stats().rows == 10


def test_both_are_refused_while_a_gateway_has_the_journal(
    buried: Journal, reader: JournalReader, path: Path
) -> None:
    for action in (retry_dead_letters, drop_dead_letters):
        with pytest.raises(JournalInUse, match=str(os.getpid())):
            action(path, None)
    assert len(dead(reader)) == 3


def test_the_gateway_opens_the_journal_afterwards(
    buried: Journal, make: MakeJournal, path: Path
) -> None:
    buried.close()
    retry_dead_letters(path, None)
    make().open()


def test_there_must_be_a_journal(path: Path) -> None:
    with pytest.raises(JournalUnavailable, match="there is no journal"):
        drop_dead_letters(path, None)
    assert not path.parent.exists()


def test_a_whole_journal_is_verified_beside_its_gateway(buried: Journal, path: Path) -> None:
    assert verify(path) == []


def test_damage_is_found(buried: Journal, path: Path) -> None:
    buried.close()
    content = bytearray(path.read_bytes())
    content[3 * 4096 : 3 * 4096 + 200] = b"\xa5" * 200
    path.write_bytes(content)
    try:
        findings = verify(path)
    except JournalCorrupt:
        return  # so badly that SQLite does not even read on
    assert findings


def test_the_form_is_told_also_while_it_is_only_in_the_log(buried: Journal, path: Path) -> None:
    assert journal_schema(path) == SCHEMA_VERSION
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
        assert path.read_bytes()[60:64] != (SCHEMA_VERSION + 1).to_bytes(4, "big")
        assert journal_schema(path) == SCHEMA_VERSION + 1


@pytest.mark.parametrize("content", [None, b"", b"no database at all" * 20])
def test_what_is_no_journal_has_no_form(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "journal.db"
    if content is not None:
        path.write_bytes(content)
    assert journal_schema(path) is None


def test_another_programs_database_has_no_form(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA user_version = 7")
    assert journal_schema(path) is None
