"""The bounds of age and size: delivered first, and nothing disappears without being counted."""

import pytest

from gateway.journal import DeadLetter, Journal, JournalReader
from gateway.model.command import CommandState
from gateway.model.reading import LossReason
from tests.journal.conftest import MakeJournal
from tests.journal.records import UID, command, line, sample, samples, undelivered
from tests.support.clock import FakeClock

DAY_S = 86400.0
BOUND = 512 * 1024


def open_with(make: MakeJournal, *sinks: str, **options: object) -> Journal:
    journal = make(**options)
    journal.open()
    for sink in sinks:
        journal.register(sink, {"reading"})
    return journal


def settle(journal: Journal, clock: FakeClock) -> None:
    """Step until retention has nothing more to do at once."""
    clock.advance(61)
    for _ in range(200):
        wait_s = journal.step(clock.monotonic())
        if wait_s > 1:
            return
        clock.advance(wait_s)
    raise AssertionError("retention does not come to an end")


def fill(journal: Journal, clock: FakeClock, first: int, last: int) -> None:
    for start in range(first, last + 1, 500):
        journal.append(samples(start, min(start + 499, last)), urgent=True)
        journal.step(clock.monotonic())


def test_age_takes_what_is_delivered(
    make: MakeJournal, reader: JournalReader, clock: FakeClock
) -> None:
    journal = open_with(make, "mongo", "mqtt", keep_s=DAY_S)
    old = clock.wall_ms()
    journal.append([line(old + n) for n in range(10)])
    journal.advance("mongo", 8)
    journal.advance("mqtt", 6)
    settle(journal, clock)
    assert reader.stats().rows == 10
    clock.advance(DAY_S + 1)
    journal.append([line(clock.wall_ms())])
    settle(journal, clock)
    assert [stored.row for stored in reader.readings_after(0, 100)] == [7, 8, 9, 10, 11]
    assert reader.stats().rows == 5
    assert journal.state().trimmed_rows == 6
    assert reader.stats().losses == {}


def test_without_sinks_everything_counts_as_delivered(
    make: MakeJournal, reader: JournalReader, clock: FakeClock
) -> None:
    journal = open_with(make, keep_s=DAY_S)
    journal.append([line(clock.wall_ms())])
    clock.advance(DAY_S)
    journal.append([line(clock.wall_ms())])
    settle(journal, clock)
    assert [stored.row for stored in reader.readings_after(0, 100)] == [2]


def test_next_seq_does_not_go_with_the_readings(
    make: MakeJournal, reader: JournalReader, clock: FakeClock
) -> None:
    journal = open_with(make, keep_s=0)
    clock.advance(DAY_S * 30)
    journal.append(samples(1, 20))
    settle(journal, clock)
    assert reader.stats().rows == 0
    assert journal.next_seq(UID, 1) == 21
    journal.close()
    again = open_with(make)
    assert again.next_seq(UID, 1) == 21
    again.append([line()])
    again.close()
    assert reader.readings_after(0, 10)[0].row == 21


def test_sinks_have_a_minute_to_register(
    make: MakeJournal, reader: JournalReader, clock: FakeClock
) -> None:
    journal = open_with(make, max_bytes=BOUND, keep_s=0)
    fill(journal, clock, 1, 4000)
    assert journal.state().bytes_used > BOUND
    assert reader.stats().rows == 4000
    journal.register("mongo", {"reading"})
    clock.advance(59)
    journal.step(clock.monotonic())
    assert reader.stats().rows == 4000


def test_size_takes_the_oldest_that_is_delivered(
    make: MakeJournal, reader: JournalReader, clock: FakeClock
) -> None:
    journal = open_with(make, "mongo", max_bytes=BOUND)
    fill(journal, clock, 1, 4000)
    journal.advance("mongo", 4000)
    settle(journal, clock)
    stats = reader.stats()
    assert BOUND * 0.8 < stats.bytes_used <= BOUND
    left = reader.readings_after(0, 10_000)
    assert [stored.row for stored in left] == list(range(4001 - stats.rows, 4001))
    assert stats.losses == {}
    assert journal.state().shed_rows == 0


def test_size_sheds_what_is_undelivered_last_and_counts_it(
    make: MakeJournal, reader: JournalReader, clock: FakeClock, caplog
) -> None:
    journal = open_with(make, "mongo", max_bytes=BOUND)
    settle(journal, clock)
    journal.append(samples(1, 100))
    journal.advance("mongo", 100)
    journal.step(clock.monotonic())
    fill(journal, clock, 101, 6000)
    settle(journal, clock)
    stats = reader.stats()
    state = journal.state()
    assert stats.bytes_used <= BOUND
    assert state.trimmed_rows == 100
    assert stats.rows + state.shed_rows + state.trimmed_rows == 6000
    assert stats.losses == {LossReason.SHED_BY_BOUND: state.shed_rows}
    # Counted in the hours the readings are from, not in the hour of the shedding.
    hours = [one for one in reader.ledger().hours if one.lost[LossReason.SHED_BY_BOUND]]
    assert {one.hour_ms % 3_600_000 for one in hours} == {0}
    assert len(hours) > 1
    assert [stored.row for stored in undelivered(reader, "mongo")][-1] == 6000
    assert caplog.text.count("undelivered readings are dropped") == 1


def test_dead_letters_go_before_what_is_undelivered(
    make: MakeJournal, reader: JournalReader, clock: FakeClock
) -> None:
    journal = open_with(make, "mongo", max_bytes=BOUND)
    settle(journal, clock)
    journal.append(samples(1, 50))
    journal.step(clock.monotonic())
    journal.dead_letter("mongo", [DeadLetter(row, "", "no") for row in range(1, 51)])
    journal.advance("mongo", 50)
    clock.advance(1)
    journal.step(clock.monotonic())
    fill(journal, clock, 51, 4000)
    settle(journal, clock)
    assert reader.dead_letters() == []
    assert journal.state().shed_rows == 4000 - reader.stats().rows
    assert reader.stats().losses[LossReason.SHED_BY_BOUND] == journal.state().shed_rows


def test_a_bound_that_cannot_be_kept_ends_in_an_empty_journal(
    make: MakeJournal, reader: JournalReader, clock: FakeClock
) -> None:
    journal = open_with(make, "mongo", max_bytes=1)
    journal.append(samples(1, 100))
    settle(journal, clock)
    assert reader.stats().rows == 0
    assert reader.stats().losses == {LossReason.SHED_BY_BOUND: 100}
    assert reader.stats().sinks["mongo"].lag_rows == 0


def test_a_slice_leaves_the_disk_to_commits_in_between(
    make: MakeJournal, reader: JournalReader, clock: FakeClock
) -> None:
    journal = open_with(make, keep_s=0, queue_max=20_000)
    journal.append(samples(1, 12_000))
    clock.advance(20_000)
    journal.step(clock.monotonic())
    assert reader.stats().rows == 7000
    ticket = journal.append([sample(1, boot=9)], urgent=True)
    clock.advance(0.05)
    assert journal.step(clock.monotonic()) == pytest.approx(0.05)
    assert ticket.done
    clock.advance(0.05)
    journal.step(clock.monotonic())
    assert reader.stats().rows < 2000


def test_old_commands_go_when_they_are_delivered_and_final(
    make: MakeJournal, reader: JournalReader, clock: FakeClock
) -> None:
    journal = open_with(make, "mongo", keep_s=60)
    journal.register("mongo-commands", {"command"})
    for number in (1, 2, 4):
        journal.save_command(command(number, CommandState.DONE))
    journal.save_command(command(3, CommandState.SENT))
    journal.advance("mongo-commands", 2)
    settle(journal, clock)
    assert len(reader.commands().commands) == 4, "for 24 h a repeated command is recognised"
    clock.advance(DAY_S)
    settle(journal, clock)
    assert [one.record.id for one in reader.commands().commands] == ["c3", "c4"]
    journal.save_command(command(5))
    journal.step(clock.monotonic())
    assert reader.stats().seq == 5


def test_the_boots_of_a_board_in_a_reset_loop_are_bounded(
    make: MakeJournal, clock: FakeClock
) -> None:
    journal = open_with(make)
    journal.append([sample(7, boot=1, uid="aa" * 8)])
    journal.append([sample(1, boot=boot) for boot in range(1, 201)])
    journal.append([sample(2, boot=1)])
    clock.advance(1)
    journal.step(clock.monotonic())
    settle(journal, clock)
    journal.close()
    again = open_with(make)
    assert [again.next_seq(UID, boot) for boot in (1, 2, 136, 200)] == [1, 1, 1, 2]
    assert again.next_seq("aa" * 8, 1) == 8
