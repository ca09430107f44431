"""Cursors and dead letters: what each sink has, and what it will never take."""

import pytest

from gateway.journal import DeadLetter, Journal, JournalReader
from tests.journal.conftest import MakeJournal
from tests.journal.faulty import FaultyDisk
from tests.journal.records import UID, command, sample, samples, undelivered
from tests.support.clock import FakeClock


@pytest.fixture
def filled(journal: Journal, clock: FakeClock) -> Journal:
    journal.register("mongo", {"reading"})
    journal.append(samples(1, 10))
    journal.step(clock.monotonic())
    clock.advance(1)
    return journal


def rows(reader: JournalReader, after: int = 0, sink: str = "mongo") -> list[int]:
    return [stored.row for stored in undelivered(reader, sink, after)]


def test_each_sink_has_its_own_cursor(
    filled: Journal, reader: JournalReader, clock: FakeClock
) -> None:
    filled.advance("mongo", 7)
    filled.step(clock.monotonic())
    assert rows(reader) == [8, 9, 10]
    assert rows(reader, sink="mqtt") == list(range(1, 11))
    stats = reader.stats()
    assert stats.sinks["mongo"].seq == stats.cursors["mongo"] == 7
    assert stats.sinks["mongo"].lag_rows == 3


def test_who_has_advanced_already_says_so(filled: Journal, reader: JournalReader) -> None:
    assert rows(reader) == list(range(1, 11))
    assert rows(reader, 8) == [9, 10]


def test_a_cursor_is_not_urgent_and_never_goes_back(
    filled: Journal, reader: JournalReader, clock: FakeClock
) -> None:
    filled.append([sample(11)])
    filled.step(clock.monotonic())
    first = filled.advance("mongo", 7)
    filled.advance("mongo", 5)
    filled.advance("mongo-commands", 3)
    filled.step(clock.monotonic())
    assert not first.done
    clock.advance(1)
    filled.step(clock.monotonic())
    assert first.done
    clock.advance(1)
    filled.advance("mongo", 2)
    filled.step(clock.monotonic())
    assert reader.stats().cursors == {"mongo": 7, "mongo-commands": 3}


def test_cursors_survive(filled: Journal, make: MakeJournal, reader: JournalReader) -> None:
    filled.advance("mongo", 4)
    filled.advance("mongo-commands", 2)
    filled.close()
    make().open()
    assert reader.stats().cursors == {"mongo": 4, "mongo-commands": 2}
    assert list(reader.stats().sinks) == ["mongo"], "only what follows readings is a sink"


def test_a_registered_sink_shows_with_its_whole_lag(filled: Journal, reader: JournalReader) -> None:
    assert reader.stats().sinks["mongo"].lag_rows == 10


def test_a_cursor_during_a_failing_commit_keeps_the_highest(
    filled: Journal, reader: JournalReader, disk: FaultyDisk, clock: FakeClock
) -> None:
    assert disk.connection is not None
    disk.connection.execute("PRAGMA query_only = ON")
    first = filled.advance("mongo", 3)
    filled.step(clock.monotonic())
    second = filled.advance("mongo", 6)
    disk.connection.execute("PRAGMA query_only = OFF")
    clock.advance(1)
    filled.step(clock.monotonic())
    assert first.done
    assert second.done
    assert reader.stats().sinks["mongo"].seq == 6


def test_commands_a_sink_has_not_got(
    filled: Journal, reader: JournalReader, clock: FakeClock
) -> None:
    for number in (1, 2, 3):
        filled.save_command(command(number))
    filled.advance("mongo-commands", 11)
    filled.step(clock.monotonic())
    after = reader.stats().cursors["mongo-commands"]
    assert [one.seq for one in reader.undelivered({"command"}, after, 10)] == [12, 13]
    assert [one.seq for one in reader.undelivered({"command"}, 12, 10)] == [13]


def test_dead_letters_are_kept_with_the_reason(
    filled: Journal, reader: JournalReader, clock: FakeClock
) -> None:
    filled.dead_letter("mongo", [DeadLetter(3, f"{UID}-1-3", "too old"), DeadLetter(4, "", "x")])
    filled.dead_letter("mongo", [DeadLetter(3, f"{UID}-1-3", "refused again")])
    filled.dead_letter("mongo", [DeadLetter(99, "gone", "not there any more")])
    filled.dead_letter("mqtt", [DeadLetter(3, f"{UID}-1-3", "y")])
    filled.advance("mongo", 10)
    filled.step(clock.monotonic())
    dead = reader.dead_letters("mongo")
    assert [(one.stored.row, one.reason) for one in dead] == [(4, "x"), (3, "refused again")]
    assert dead[1].stored == reader.readings_after(2, 1)[0]
    assert dead[1].at_ms > 0
    assert len(reader.dead_letters()) == 3
    assert reader.stats().sinks["mongo"].dead_letters == 2
    assert rows(reader) == []
