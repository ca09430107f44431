"""What is appended is stored once, completely, and moves the numbers on."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.journal import Journal, JournalClosed, JournalFull, JournalReader
from gateway.journal.pending import OTHERS_MAX
from gateway.model.reading import Loss, LossReason, Quality
from tests.journal.conftest import MakeJournal
from tests.journal.records import T0, UID, line, loss, sample, samples
from tests.support.clock import FakeClock


def test_a_reading_comes_back_as_it_was(
    journal: Journal, reader: JournalReader, clock: FakeClock
) -> None:
    reading = replace(sample(7), quality=Quality.OUT_OF_RANGE)
    ticket = journal.append([reading])
    assert not ticket.done
    journal.step(clock.monotonic())
    assert ticket.wait(0)
    (stored,) = reader.readings().readings
    assert stored.reading == reading
    assert stored.key == f"{UID}-1-7"
    assert journal.state().last_row == stored.row == 1


def test_readings_without_identity_get_one_from_the_journal(
    journal: Journal, reader: JournalReader, clock: FakeClock
) -> None:
    journal.append([line(), line(), sample(1)])
    journal.step(clock.monotonic())
    name = journal.state().journal_id
    assert [stored.key for stored in reader.readings_after(0, 10)] == [
        f"{name}-1",
        f"{name}-2",
        f"{UID}-1-1",
    ]


def test_two_journals_have_different_names(
    journal: Journal, clock: FakeClock, tmp_path: Path
) -> None:
    other = Journal(tmp_path / "other.db", clock=clock)
    other.open()
    assert len(other.state().journal_id) == 16
    assert other.state().journal_id != journal.state().journal_id
    other.close()


def test_next_seq_moves_with_the_commit_and_not_before(journal: Journal, clock: FakeClock) -> None:
    assert journal.next_seq(UID, 1) == 1
    journal.append(samples(1, 5))
    assert journal.next_seq(UID, 1) == 1
    journal.step(clock.monotonic())
    assert journal.next_seq(UID, 1) == 6
    assert journal.next_seq(UID, 2) == 1
    assert journal.next_seq("ff" * 8, 1) == 1


def test_next_seq_after_a_gap_is_behind_the_highest(journal: Journal, clock: FakeClock) -> None:
    journal.append(samples(1, 3))
    journal.append(samples(9, 10), [loss(5)])
    journal.append(samples(5, 6))
    journal.step(clock.monotonic())
    assert journal.next_seq(UID, 1) == 11


def test_next_seq_survives_a_restart(make: MakeJournal, clock: FakeClock) -> None:
    first = make()
    first.open()
    first.append([sample(41), sample(3, boot=2)])
    first.close()
    second = make()
    with pytest.raises(JournalClosed):
        second.next_seq(UID, 1)
    second.open()
    assert second.next_seq(UID, 1) == 42
    assert second.next_seq(UID, 2) == 4


def test_duplicates_are_counted_and_not_stored(
    journal: Journal, reader: JournalReader, clock: FakeClock
) -> None:
    told: list[int] = []
    journal.subscribe(lambda news: told.extend(one.reading.seq or 0 for one in news))
    journal.append([sample(1), sample(2), sample(2)])
    journal.step(clock.monotonic())
    clock.advance(1)
    journal.append([line(), sample(2), sample(3), sample(1), line()])
    journal.step(clock.monotonic())
    assert told == [1, 2, 0, 3, 0]
    assert journal.state().duplicates == 3
    assert journal.state().committed_rows == reader.stats().rows == 5
    assert len({stored.key for stored in reader.readings_after(0, 10)}) == 5


def test_losses_add_up_by_device_hour_and_reason(
    journal: Journal, reader: JournalReader, clock: FakeClock
) -> None:
    hour = T0 - T0 % 3_600_000
    journal.append([], [loss(3), loss(4)])
    journal.append([sample(1)], [loss(1, reason=LossReason.BUS_ERROR)])
    journal.append([], [loss(2, time_ms=T0 + 3_600_000)])
    journal.step(clock.monotonic())
    found = {
        one.hour_ms: {reason: count for reason, count in one.lost.items() if count}
        for one in reader.ledger().hours
    }
    assert found == {
        hour: {LossReason.BUS_ERROR: 1, LossReason.OVERWRITTEN: 7},
        hour + 3_600_000: {LossReason.OVERWRITTEN: 2},
    }
    assert reader.stats().losses == {LossReason.BUS_ERROR: 1, LossReason.OVERWRITTEN: 9}


def test_nothing_to_append_is_done_at_once(journal: Journal) -> None:
    assert journal.append([]).done


@pytest.mark.parametrize(
    "broken",
    [
        {"values": {"t": math.nan}},
        {"values": {"t": math.inf}},
        {"values": {"t": object()}},
        {"time_ms": 2**63},
        {"device": "a\ud800"},
        {"device": "a\0"},
        {"seq": None},
        {"uid": None},
    ],
)
def test_what_cannot_be_stored_never_enters_the_queue(
    journal: Journal, broken: dict[str, object], clock: FakeClock
) -> None:
    with pytest.raises(ValueError, match=r"."):
        journal.append([sample(1), replace(sample(2), **broken)])
    assert journal.state().queued == 0
    ticket = journal.append([sample(3)])
    journal.step(clock.monotonic())
    assert ticket.done


def test_a_loss_of_nothing_is_refused(journal: Journal) -> None:
    with pytest.raises(ValueError, match="loss"):
        journal.append([], [Loss("a", LossReason.BUS_ERROR, 0, T0)])


def test_the_queue_is_bounded_and_refuses_whole(make: MakeJournal, clock: FakeClock) -> None:
    journal = make(queue_max=10)
    journal.open()
    journal.append(samples(1, 8))
    with pytest.raises(JournalFull):
        journal.append(samples(9, 11))
    assert journal.state().queued == 8
    journal.append(samples(9, 10))
    with pytest.raises(JournalFull):
        journal.append([], [loss()])
    journal.step(clock.monotonic())
    journal.append(samples(11, 20))
    with pytest.raises(ValueError, match="at once"):
        journal.append(samples(21, 31))


def test_other_records_are_bounded_too_but_cursors_always_fit(journal: Journal) -> None:
    for _ in range(OTHERS_MAX):
        journal.flush()
    with pytest.raises(JournalFull):
        journal.flush()
    for row in range(6000):
        journal.advance("mongo", row)


def test_appended_before_open_is_stored_after_it(make: MakeJournal, clock: FakeClock) -> None:
    journal = make()
    ticket = journal.append([sample(1)])
    with pytest.raises(JournalClosed):
        journal.step(clock.monotonic())
    journal.open()
    journal.step(clock.monotonic())
    assert ticket.done


def test_rows_and_keys_go_on_after_a_restart(
    make: MakeJournal, reader: JournalReader, clock: FakeClock
) -> None:
    for _ in range(3):
        journal = make()
        journal.open()
        journal.append([line()])
        journal.close()
    assert [stored.row for stored in reader.readings_after(0, 10)] == [1, 2, 3]
    assert reader.stats().rows == 3
