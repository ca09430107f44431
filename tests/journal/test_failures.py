"""A disk that fails loses nothing, changes no order, and is tried again."""

import itertools
import logging
import sqlite3
from pathlib import Path

import pytest

from gateway.journal import DeadLetter, Journal, JournalFull, JournalReader, JournalStatus
from gateway.model.command import CommandState
from tests.journal.conftest import MakeJournal
from tests.journal.faulty import FaultyDisk
from tests.journal.records import T0, UID, command, line, loss, sample, samples
from tests.support.clock import FakeClock


def test_a_full_disk_blocks_and_everything_waits(
    journal: Journal, reader: JournalReader, disk: FaultyDisk, clock: FakeClock, caplog
) -> None:
    caplog.set_level(logging.INFO)
    journal.append([sample(1)])
    journal.step(clock.monotonic())
    disk.fill()
    clock.advance(1)
    # More than fits into the pages that are there.
    tickets = [journal.append(samples(n * 100 + 2, n * 100 + 101)) for n in range(3)]
    waits = []
    for _ in range(8):
        waits.append(journal.step(clock.monotonic()))
        clock.advance(waits[-1])
    assert waits == pytest.approx([0.5, 1, 2, 4, 8, 10, 10, 10])
    state = journal.state()
    assert state.status is JournalStatus.BLOCKED
    assert "the disk is full" in state.detail
    assert state.queued == 300
    assert state.failed_commits == 8
    assert not any(ticket.done for ticket in tickets)
    assert journal.next_seq(UID, 1) == 2
    disk.make_room()
    journal.step(clock.monotonic())
    assert all(ticket.done for ticket in tickets)
    assert [stored.reading.seq for stored in reader.readings_after(0, 1000)] == list(range(1, 302))
    assert journal.state().status is JournalStatus.OK
    assert journal.state().blocked_since_mono is None
    assert caplog.text.count("nothing can be stored") == 1
    assert caplog.text.count("storing resumed") == 1


def test_while_blocked_the_queue_fills_and_then_refuses(
    make: MakeJournal, disk: FaultyDisk, clock: FakeClock
) -> None:
    journal = make(queue_max=300)
    journal.open()
    disk.fill()
    journal.append(samples(1, 300))
    journal.step(clock.monotonic())
    with pytest.raises(JournalFull):
        journal.append([sample(301)])
    # Who waits for a command does not make the disk be tried more often.
    journal.save_command(command())
    assert journal.step(clock.monotonic()) == pytest.approx(0.5)
    assert journal.state().failed_commits == 1


def test_a_lock_held_by_another_program_blocks_until_it_goes(
    journal: Journal, path: Path, clock: FakeClock
) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    ticket = journal.append([sample(1)])
    journal.step(clock.monotonic())
    assert "another program" in journal.state().detail
    other.execute("ROLLBACK")
    other.close()
    clock.advance(1)
    journal.step(clock.monotonic())
    assert ticket.done


def test_a_read_only_file_blocks_with_words(
    journal: Journal, disk: FaultyDisk, clock: FakeClock
) -> None:
    assert disk.connection is not None
    disk.connection.execute("PRAGMA query_only = ON")
    ticket = journal.append([sample(1)])
    journal.step(clock.monotonic())
    assert "read-only" in journal.state().detail
    disk.connection.execute("PRAGMA query_only = OFF")
    clock.advance(1)
    journal.step(clock.monotonic())
    assert ticket.done


def test_closing_while_blocked_keeps_what_waits(
    journal: Journal, reader: JournalReader, disk: FaultyDisk, clock: FakeClock, caplog
) -> None:
    disk.fill()
    ticket = journal.append(samples(1, 300))
    journal.step(clock.monotonic())
    journal.close()
    assert "300 readings not stored" in caplog.text
    assert not ticket.done
    journal.open()
    journal.step(clock.monotonic())
    assert ticket.done
    assert reader.stats().rows == 300


def test_a_write_that_fails_at_any_operation_changes_nothing(
    tmp_path: Path, clock: FakeClock
) -> None:
    """The Nth machine step of a commit of everything is broken, for every N until none is."""
    for number in itertools.count(1, 7):
        disk = FaultyDisk()
        path = tmp_path / f"{number}.db"
        journal = Journal(path, clock=clock, connect=disk.connect)
        journal.open()
        journal.register("mongo", {"reading"})
        journal.append([sample(1), line()])
        journal.save_command(command(1))
        journal.step(clock.monotonic())
        clock.advance(1)
        tickets = [
            journal.append([sample(1), sample(2), line()], [loss(2)]),
            journal.save_command(command(1, CommandState.DONE)),
            journal.record("alert", "a1", None, T0, {"active": True}),
            journal.dead_letter("mongo", [DeadLetter(1, f"{UID}-1-1", "no")]),
            journal.advance("mongo", 1),
        ]
        happened = disk.interrupt_after(number)
        journal.step(clock.monotonic())
        disk.no_interrupts()
        failed = not all(ticket.done for ticket in tickets)
        if failed:
            assert not any(ticket.done for ticket in tickets)
            assert journal.next_seq(UID, 1) == 2
            assert journal.state().queued == 4
            clock.advance(1)
            journal.step(clock.monotonic())
        assert all(ticket.done for ticket in tickets)
        check_outcome(path, journal)
        journal.close()
        if not happened():
            break
    assert number > 100


def check_outcome(path: Path, journal: Journal) -> None:
    reader = JournalReader(path)
    try:
        stats = reader.stats()
        assert stats.rows == len(reader.readings_after(0, 100)) == 4
        assert sum(stats.losses.values()) == 2
        assert stats.sinks["mongo"].dead_letters == 1
        assert stats.cursors["mongo"] == 1
        assert stats.seq == 8, "also the repeated reading has taken a number"
        assert [one.id for one in reader.records("alert").records] == ["a1"]
        assert [one.record.state for one in reader.commands().commands] == [CommandState.DONE]
        assert journal.next_seq(UID, 1) == 3
        assert journal.state().duplicates == 1
    finally:
        reader.close()
