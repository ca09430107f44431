"""Consumers of several kinds, and several consumers of one worker."""

import math
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from gateway.delivery.consumer import Consumer, Entry, Rejected, SinkUnavailable
from gateway.delivery.lane import BATCH_MAX
from gateway.delivery.state import DeliveryStatus
from gateway.delivery.worker import REFUSED_FIRST_S, DeliveryWorker
from gateway.journal import Journal, JournalReader, Record, StoredCommand
from gateway.journal.types import kind_of
from gateway.model.command import CommandState
from gateway.runtime.clock import MachineClock
from tests.delivery.records import T0_MS, command_record, reading


class Bug(Exception):
    """Something without a name."""


class Follower:
    """Follows some kinds inside the process and writes down what it is given."""

    def __init__(self, name: str, *kinds: str) -> None:
        self.name = name
        self.kinds = frozenset(kinds)
        self.entries: list[Entry] = []
        self.deadlines: list[float] = []
        self.idles: list[float] = []
        self.wait_s = math.inf
        self.error: Exception | None = None
        self.poison: set[int] = set()
        self.refuses: set[int] = set()

    @property
    def seqs(self) -> list[int]:
        return [one.seq for one in self.entries]

    def take(self, entries: Sequence[Entry], deadline: float) -> Sequence[Rejected]:
        self.deadlines.append(deadline)
        if self.error is not None:
            raise self.error
        if any(one.seq in self.poison for one in entries):
            raise Bug("cannot digest this")
        known = set(self.seqs)
        self.entries += [
            one for one in entries if one.seq not in self.refuses and one.seq not in known
        ]
        return [Rejected(one.seq, "key", "no") for one in entries if one.seq in self.refuses]

    def idle(self, now: float) -> float:
        self.idles.append(now)
        if self.error is not None:
            raise self.error
        return self.wait_s


class Room:
    """A journal and a worker in one thread; `now` jumps over every wait."""

    def __init__(self, folder: Path) -> None:
        self.clock = MachineClock()
        self.journal = Journal(folder / "journal.db", clock=self.clock, queue_max=100_000)
        self.journal.open()
        self.reader = JournalReader(folder / "journal.db")
        self.workers: list[DeliveryWorker] = []
        self.now = 0.0

    def worker(self, *consumers: Consumer) -> DeliveryWorker:
        worker = DeliveryWorker(
            "ops", consumers, self.journal, self.reader, self.clock, random.Random(1)
        )
        worker.start_up()
        self.workers.append(worker)
        return worker

    def commit(self) -> None:
        self.journal.flush()
        self.journal.step(self.now)

    def step(self, worker: DeliveryWorker, until_s: float) -> None:
        while self.now < until_s:
            self.now += max(worker.step(self.now), 0.01)
            self.journal.step(self.now)

    def store(self, *kinds: str) -> None:
        """One entry of each of these kinds, in one commit."""
        for number, kind in enumerate(kinds, self.reader.stats().seq + 1):
            if kind == "reading":
                self.journal.append([reading(number)])
            elif kind == "command":
                self.journal.save_command(command_record(f"c{number}", CommandState.DONE))
            else:
                self.journal.record(kind, f"{kind}{number}", None, T0_MS, {"n": number})
        self.commit()

    def close(self) -> None:
        for worker in self.workers:
            worker.shut_down()
        self.reader.close()
        self.journal.close()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    room.close()


MIXED = ("reading", "alert", "command", "reading", "other", "alert", "command", "reading")
ALL = ("reading", "command", "alert")


def test_three_kinds_come_in_the_order_of_their_numbers(room: Room) -> None:
    follower = Follower("rules", *ALL)
    worker = room.worker(follower)
    for _ in range(5):
        room.store(*MIXED)
    room.step(worker, 3.0)
    expected = [n for n in range(1, 41) if MIXED[(n - 1) % 8] != "other"]
    assert follower.seqs == expected
    assert {kind_of(one) for one in follower.entries} == set(ALL)
    assert all(math.isfinite(one) for one in follower.deadlines)
    room.commit()
    assert room.reader.stats().cursors["rules"] == 40
    assert worker.state().lag_rows == 0


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_small_batches_leave_nothing_out(room: Room, limit: int) -> None:
    follower = Follower("rules", *ALL)
    worker = room.worker(follower)
    for _ in range(4):
        room.store(*MIXED)
    worker._lanes[0]._limit = limit
    room.step(worker, 5.0)
    assert follower.seqs == [n for n in range(1, 33) if MIXED[(n - 1) % 8] != "other"]


def test_a_large_backlog_of_three_kinds(room: Room) -> None:
    follower = Follower("rules", *ALL)
    numbers = range(1, BATCH_MAX + 2)
    room.journal.append([reading(number) for number in numbers])
    room.commit()
    room.store("alert", "command")
    worker = room.worker(follower)
    room.step(worker, 3.0)
    assert follower.seqs == [*range(1, BATCH_MAX + 4)]
    assert isinstance(follower.entries[-2], Record)
    assert isinstance(follower.entries[-1], StoredCommand)


def test_a_new_worker_goes_on_behind_the_cursor(room: Room) -> None:
    first = Follower("rules", *ALL)
    room.store(*MIXED)
    room.step(room.worker(first), 2.0)
    room.commit()
    second = Follower("rules", *ALL)
    worker = room.worker(second)
    room.store("alert", "reading")
    room.step(worker, room.now + 2.0)
    assert second.seqs == [9, 10]


def test_the_entry_that_always_fails_is_put_aside_whatever_its_kind(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    follower = Follower("rules", *ALL)
    room.store(*MIXED, *MIXED)
    follower.poison = {2, 9}
    worker = room.worker(follower)
    room.step(worker, 400.0)
    expected = [n for n in range(1, 17) if MIXED[(n - 1) % 8] != "other" and n not in (2, 9)]
    assert sorted(follower.seqs) == expected
    # Readings go to the dead letters; a record stays where it is, and is told of.
    (dead,) = room.reader.dead_letters("rules")
    assert dead.stored.row == 9
    assert "alert alert2 is not taken and stays in the journal only" in caplog.text
    assert worker.state().rejected == 1


def test_what_is_rejected_is_counted_by_kind(room: Room) -> None:
    follower = Follower("rules", *ALL)
    follower.refuses = {1, 2, 3}
    worker = room.worker(follower)
    room.store(*MIXED)
    room.step(worker, 2.0)
    room.commit()
    assert [one.stored.row for one in room.reader.dead_letters("rules")] == [1]
    state = worker.state()
    assert (state.delivered, state.rejected) == (2, 1)
    assert (state.commands_delivered, state.commands_rejected) == (1, 1)


def test_a_refusal_holds_its_consumer_alone_and_absence_holds_all(room: Room) -> None:
    readings, alerts = Follower("readings", "reading"), Follower("alerts", "alert")
    worker = room.worker(readings, alerts)
    alerts.error = SinkUnavailable("may not write alerts", misconfigured=True)
    room.store(*MIXED)
    room.step(worker, 3.0)
    assert readings.seqs == [1, 4, 8]
    assert alerts.seqs == []
    assert worker.state().error == "may not write alerts"
    alerts.error = None
    room.step(worker, REFUSED_FIRST_S + 4.0)
    assert alerts.seqs == [2, 6]
    assert worker.state().error is None
    readings.error = SinkUnavailable("away")
    room.store("reading", "alert")
    room.step(worker, room.now + 3.0)
    # The first in turn found the sink away, so the other was not asked.
    assert alerts.seqs == [2, 6]
    assert worker.state().status is DeliveryStatus.BACKING_OFF
    readings.error = None
    room.step(worker, room.now + 31.0)
    assert (readings.seqs[-1], alerts.seqs[-1]) == (9, 10)


def test_idle_is_called_when_it_is_asked_for_and_after_absence(room: Room) -> None:
    beat = Follower("beat")
    beat.wait_s = 4.0
    worker = room.worker(Follower("readings", "reading"), beat)
    room.step(worker, 13.0)
    assert beat.idles == pytest.approx([0.0, 4.0, 8.0, 12.0], abs=0.1)
    beat.error = SinkUnavailable("away")
    room.step(worker, 17.0)
    beat.error = None
    failed_at = beat.idles[-1]
    room.step(worker, failed_at + 1.0)
    assert beat.idles[-1] > failed_at, "not only in four seconds"
    assert worker.state().error is None
    assert room.reader.stats().cursors == {"readings": 0}, "what follows nothing has no cursor"


def test_a_consumer_that_has_nothing_to_do_when_idle_says_nothing_about_the_sink(
    room: Room,
) -> None:
    worker = room.worker(Follower("readings", "reading"))
    room.step(worker, 3.0)
    assert worker.state().status is DeliveryStatus.STARTING


def test_only_what_it_follows_wakes_a_worker(room: Room) -> None:
    worker = room.worker(Follower("alerts", "alert"))
    room.store("reading", "command")
    assert not worker._woken.is_set()
    room.store("reading", "alert")
    assert worker._woken.is_set()
