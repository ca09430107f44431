"""Records: saved by kind and id, in numbers of the one counter, kept and trimmed as commands are."""

from dataclasses import replace

import pytest

from gateway.journal import Entry, InvalidCursor, Journal, JournalFull, JournalReader, Order, Record
from gateway.journal.pending import OTHERS_MAX
from gateway.journal.types import kind_of
from gateway.model.command import CommandState
from tests.journal.conftest import MakeJournal
from tests.journal.records import T0, command, line, sample, samples
from tests.support.clock import FakeClock

DAY_S = 86_400


def commit(journal: Journal, clock: FakeClock) -> None:
    journal.flush()
    journal.step(clock.monotonic())


def test_a_record_comes_back_as_it_was(
    journal: Journal, reader: JournalReader, clock: FakeClock
) -> None:
    document = {"active": True, "value": 31.5, "text": "zu heiß"}
    ticket = journal.record("alert", "a1", "greenhouse", T0, document)
    journal.record("aggregate", "a1", None, T0, {})
    commit(journal, clock)
    assert ticket.done
    assert reader.record("alert", "a1") == Record(1, "alert", "a1", "greenhouse", T0, document)
    assert reader.record("aggregate", "a1") == Record(2, "aggregate", "a1", None, T0, {})
    assert reader.record("alert", "a2") is None


def test_a_change_takes_a_new_number(
    journal: Journal, reader: JournalReader, clock: FakeClock
) -> None:
    journal.record("alert", "a1", None, T0, {"active": True})
    journal.record("alert", "a2", None, T0, {"active": True})
    journal.record("alert", "a1", None, T0, {"active": False})
    commit(journal, clock)
    found = reader.undelivered({"alert"}, 0, 10)
    assert [(one.seq, one.id) for one in found if isinstance(one, Record)] == [(2, "a2"), (3, "a1")]
    assert reader.stats().seq == 3


def test_one_counter_for_all_kinds(
    journal: Journal, reader: JournalReader, clock: FakeClock
) -> None:
    heard: list[Entry] = []
    journal.follow(heard.extend)
    journal.append([sample(1), line()])
    journal.save_command(command(1))
    journal.record("alert", "a1", None, T0, {})
    journal.append([sample(2)])
    journal.save_command(command(1, CommandState.DONE))
    commit(journal, clock)
    assert [(one.seq, kind_of(one)) for one in heard] == [
        (1, "reading"), (2, "reading"), (3, "command"), (4, "alert"), (5, "reading"), (6, "command"),
    ]  # fmt: skip
    kinds = {"reading", "command", "alert"}
    assert [one.seq for one in reader.undelivered(kinds, 0, 10)] == [1, 2, 4, 5, 6]
    assert [one.seq for one in reader.undelivered(kinds, 1, 3)] == [2, 4, 5]
    assert [one.seq for one in reader.undelivered({"alert", "command"}, 0, 10)] == [4, 6]


def test_pages_by_time(journal: Journal, reader: JournalReader, clock: FakeClock) -> None:
    for number in range(7):
        journal.record("alert", f"a{number}", "ab"[number % 2], T0 + number // 2, {"n": number})
    journal.record("other", "o", "a", T0, {})
    commit(journal, clock)
    for order in Order:
        seen: list[str] = []
        cursor = None
        while True:
            page = reader.records("alert", limit=2, order=order, cursor=cursor)
            seen += [one.id for one in page.records]
            cursor = page.next
            if cursor is None:
                break
        names = [f"a{number}" for number in range(7)]
        assert seen == (names if order is Order.ASC else names[::-1])
    of_a = reader.records("alert", "a", since_ms=T0 + 1, until_ms=T0 + 3, order=Order.ASC)
    assert [one.id for one in of_a.records] == ["a2", "a4"]
    with pytest.raises(InvalidCursor):
        reader.records("alert", cursor="nonsense!")


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("reading", {}),
        ("command", {}),
        ("", {}),
        ("alert", {"x": object()}),
        ("alert", {"x": 1e999}),
    ],
)
def test_what_cannot_be_a_record_is_refused(
    journal: Journal, kind: str, document: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match=r"record|JSON"):
        journal.record(kind, "a1", None, T0, document)


def test_the_queue_of_records_is_bounded(journal: Journal) -> None:
    for number in range(OTHERS_MAX):
        journal.record("alert", f"a{number}", None, T0, {})
    with pytest.raises(JournalFull):
        journal.record("alert", "one more", None, T0, {})


def test_old_records_go_when_every_consumer_has_them(
    make: MakeJournal, reader: JournalReader, clock: FakeClock
) -> None:
    journal = make(keep_s=60)
    journal.open()
    journal.register("ops", {"alert"})
    for number in range(4):
        journal.record("alert", f"a{number}", None, clock.wall_ms(), {})
        journal.record("free", f"f{number}", None, clock.wall_ms(), {})
    journal.advance("ops", 4)
    commit(journal, clock)
    clock.advance(DAY_S + 120)
    journal.step(clock.monotonic())
    # Numbers 1, 3, 5 and 7 are alerts; nobody follows the others.
    assert [one.seq for one in reader.records("alert").records] == [7, 5]
    assert reader.records("free").records == ()


def test_records_survive_a_damaged_file(
    make: MakeJournal, reader: JournalReader, clock: FakeClock
) -> None:
    journal = make()
    journal.open()
    journal.append(samples(1, 500))
    journal.record("alert", "a1", None, T0, {"n": 1})
    journal.close()
    with journal.path.open("r+b") as file:
        file.truncate(journal.path.stat().st_size - 4096)
    again = make()
    again.open()
    assert reader.record("alert", "a1") == Record(501, "alert", "a1", None, T0, {"n": 1})
    again.record("alert", "a2", None, T0, {})
    commit(again, clock)
    found = reader.record("alert", "a2")
    assert found is not None
    assert found.seq == 502


def test_readings_whose_time_is_not_known_hold_up_what_comes_after(
    make: MakeJournal, reader: JournalReader, clock: FakeClock
) -> None:
    right = True
    journal = make(clock_is_set=lambda: right)
    journal.open()
    journal.register("rules", {"reading", "alert"})
    journal.append([sample(1)])
    journal.record("alert", "a1", None, T0, {})
    right = False
    now = {"boot_id": clock.boot_id(), "boottime_ms": clock.boottime_ms()}
    journal.append([replace(sample(2), **now)])
    journal.record("alert", "a2", None, T0, {})
    commit(journal, clock)
    assert [one.seq for one in reader.undelivered({"reading", "alert"}, 0, 10)] == [1, 2]
    assert [one.seq for one in reader.undelivered({"alert"}, 0, 10)] == [2, 4]
