"""The ledger in the journal: written with the readings, kept when they go."""

import sqlite3
from pathlib import Path

import pytest

from gateway.journal import InvalidCursor, Journal, JournalReader
from gateway.journal.ddl import MIGRATIONS
from gateway.model.ledger import HOUR_MS, hour_of
from gateway.model.reading import Loss, LossReason, Through
from tests.journal.conftest import MakeJournal
from tests.journal.records import T0, UID, line, loss, sample, samples
from tests.journal.test_retention import BOUND, DAY_S, fill, open_with, settle
from tests.support.clock import FakeClock


def totals(reader: JournalReader) -> tuple[int, int, dict[str, int]]:
    """Expected, stored, lost by reason; every hour is checked on the way."""
    expected = stored = 0
    lost: dict[str, int] = {}
    for hour in reader.ledger(limit=10_000).hours:
        assert hour.expected == hour.stored + sum(hour.lost.values()), hour
        expected += hour.expected
        stored += hour.stored
        for reason, count in hour.lost.items():
            if count:
                lost[reason.value] = lost.get(reason.value, 0) + count
    return expected, stored, lost


def gap(count: int, following: int) -> Loss:
    through = Through(UID, 1, following)
    return Loss("greenhouse", LossReason.OVERWRITTEN, count, T0, through)


def test_each_hour_has_its_own_account(
    journal: Journal, reader: JournalReader, clock: FakeClock
) -> None:
    journal.append(samples(1, 5000))
    journal.append([line(T0)], [loss(2, reason=LossReason.BUS_ERROR)])
    journal.step(clock.monotonic())
    hours = reader.ledger("greenhouse").hours
    assert [hour.hour_ms for hour in hours] == [hour_of(T0) + HOUR_MS, hour_of(T0)]
    assert sum(hour.stored for hour in hours) == 5000
    assert totals(reader) == (5003, 5001, {"bus_error": 2})
    assert journal.last_sample(UID) is not None


def test_a_repeated_sample_is_not_expected_twice(
    journal: Journal, reader: JournalReader, clock: FakeClock
) -> None:
    for _ in range(2):
        journal.append(samples(1, 10))
        journal.append([sample(15)], [gap(4, 16)])
        journal.step(clock.monotonic())
        clock.advance(2)
        break
    journal.append(samples(1, 10))
    journal.step(clock.monotonic())
    assert totals(reader) == (15, 11, {"overwritten": 4})


def test_numbers_that_are_lost_are_passed_for_good(
    make: MakeJournal, reader: JournalReader, clock: FakeClock
) -> None:
    journal = open_with(make)
    journal.append([], [gap(9, 10)])
    journal.step(clock.monotonic())
    journal.close()
    again = open_with(make)
    assert again.next_seq(UID, 1) == 10
    again.append([sample(10)])
    again.step(clock.monotonic())
    assert totals(reader) == (10, 1, {"overwritten": 9})
    last = again.last_sample(UID)
    assert last is not None
    assert (last.boot, last.seq, last.time_ms) == (1, 10, T0 + 10_000)


def test_the_account_outlives_the_readings(
    make: MakeJournal, reader: JournalReader, clock: FakeClock
) -> None:
    journal = open_with(make, keep_s=DAY_S)
    journal.append(samples(1, 20))
    clock.advance(DAY_S * 30)
    settle(journal, clock)
    assert reader.stats().rows == 0
    assert totals(reader) == (20, 20, {})


def test_what_is_shed_moves_from_stored_to_lost(
    make: MakeJournal, reader: JournalReader, clock: FakeClock
) -> None:
    journal = open_with(make, "mongo", max_bytes=BOUND)
    fill(journal, clock, 1, 4000)
    settle(journal, clock)
    assert journal.state().shedding
    rows = reader.stats().rows
    assert rows < 4000
    assert totals(reader) == (4000, rows, {"shed_by_bound": 4000 - rows})


def test_pages_hold_every_hour_once(
    journal: Journal, reader: JournalReader, clock: FakeClock
) -> None:
    devices = ["a", "b", "c"]
    journal.append([line(T0 + n * HOUR_MS, device) for n in range(5) for device in devices])
    journal.step(clock.monotonic())
    seen = []
    cursor = None
    while True:
        page = reader.ledger(limit=2, cursor=cursor)
        seen += [(hour.hour_ms, hour.device) for hour in page.hours]
        cursor = page.next
        if cursor is None:
            break
    assert seen == sorted(set(seen), key=lambda one: (-one[0], one[1]))
    assert len(seen) == 15
    first = hour_of(T0)
    assert len(reader.ledger(since_ms=first + HOUR_MS + 1).hours) == 12
    assert len(reader.ledger("b", until_ms=first + 1).hours) == 1
    with pytest.raises(InvalidCursor):
        reader.ledger(cursor="nonsense")


def test_an_older_file_gets_a_ledger_of_what_it_holds(
    make: MakeJournal, reader: JournalReader, path: Path
) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in MIGRATIONS[0]:
        connection.execute(statement)
    connection.execute("INSERT INTO meta VALUES ('journal_id', 'j'), ('rows', 1)")
    connection.execute("INSERT INTO meta VALUES ('command_version', 0), ('commits', 1)")
    connection.execute(
        "INSERT INTO readings VALUES (1, 'k', 'old', ?, NULL, NULL, NULL, 'b', 1, 'good', 0, '{}', '{}')",
        (T0,),
    )
    connection.execute("INSERT INTO losses VALUES ('old', ?, 'overwritten', 7)", (hour_of(T0),))
    connection.execute("PRAGMA user_version = 1")
    connection.execute("PRAGMA application_id = 0x41474A31")
    connection.close()
    open_with(make)
    assert totals(reader) == (8, 1, {"overwritten": 7})
