"""When the writer commits: at most once per interval unless somebody waits for it."""

import threading

import pytest

from gateway.journal import Journal, JournalStatus
from tests.journal.conftest import MakeJournal
from tests.journal.records import command, sample, samples
from tests.support.clock import FakeClock


def test_an_isolated_append_is_committed_at_once(journal: Journal, clock: FakeClock) -> None:
    for seq in (1, 2, 3):
        ticket = journal.append([sample(seq)])
        journal.step(clock.monotonic())
        assert ticket.done
        clock.advance(5)
    assert journal.state().commits == 3


def test_appends_within_the_interval_share_a_commit(journal: Journal, clock: FakeClock) -> None:
    journal.append([sample(1)])
    journal.step(clock.monotonic())
    clock.advance(0.25)
    tickets = [journal.append([sample(seq)]) for seq in (2, 3, 4)]
    assert journal.step(clock.monotonic()) == pytest.approx(0.75)
    assert not any(ticket.done for ticket in tickets)
    clock.advance(0.75)
    journal.step(clock.monotonic())
    assert all(ticket.done for ticket in tickets)
    assert journal.state().commits == 2
    assert journal.state().last_commit_mono == clock.monotonic()


@pytest.mark.parametrize("how", ["flush", "command", "urgent"])
def test_what_somebody_waits_for_is_committed_at_once(
    journal: Journal, clock: FakeClock, how: str
) -> None:
    journal.append([sample(1)])
    journal.step(clock.monotonic())
    waiting = journal.append([sample(2)])
    if how == "flush":
        ticket = journal.flush()
    elif how == "command":
        ticket = journal.save_command(command())
    else:
        ticket = journal.append([sample(3)], urgent=True)
    assert journal.step(clock.monotonic()) > 0
    assert ticket.done
    assert waiting.done


def test_a_command_that_is_not_durable_waits(journal: Journal, clock: FakeClock) -> None:
    journal.append([sample(1)])
    journal.step(clock.monotonic())
    ticket = journal.save_command(command(), durable=False)
    journal.step(clock.monotonic())
    assert not ticket.done


def test_a_flush_of_nothing_costs_no_commit(journal: Journal, clock: FakeClock) -> None:
    ticket = journal.flush()
    journal.step(clock.monotonic())
    assert ticket.done
    assert journal.state().commits == 0


def test_with_nothing_to_do_the_next_step_is_retention(journal: Journal, clock: FakeClock) -> None:
    assert journal.step(clock.monotonic()) == pytest.approx(60)


def test_waiting_ends_with_work_that_is_due_earlier(journal: Journal, clock: FakeClock) -> None:
    journal.step(clock.monotonic())
    assert not journal.wait_for_work(0)
    journal.append([sample(1)])
    assert journal.wait_for_work(0)
    journal.step(clock.monotonic())
    clock.advance(0.1)
    journal.append([sample(2)])
    journal.step(clock.monotonic())
    journal.append([sample(3)])
    assert not journal.wait_for_work(0)
    journal.flush()
    assert journal.wait_for_work(0)
    journal.step(clock.monotonic())
    journal.wake()
    assert journal.wait_for_work(0)


def test_a_listener_that_fails_harms_nobody(journal: Journal, clock: FakeClock, caplog) -> None:
    told: list[int] = []

    def broken(news: object) -> None:
        raise RuntimeError("listener")

    cancel = journal.subscribe(broken)
    journal.subscribe(lambda news: told.append(len(news)))
    for seq in (1, 2):
        journal.append([sample(seq)], urgent=True)
        journal.step(clock.monotonic())
    assert told == [1, 1]
    assert journal.state().callback_errors == 2
    assert caplog.text.count("a listener for stored readings fails") == 1
    cancel()
    journal.append([sample(3)], urgent=True)
    journal.step(clock.monotonic())
    assert journal.state().callback_errors == 2


def test_listeners_hear_only_of_what_can_be_read(
    journal: Journal, clock: FakeClock, reader
) -> None:
    found: list[int] = []
    journal.subscribe(lambda news: found.append(len(reader.readings_after(0, 100))))
    journal.append(samples(1, 4))
    journal.step(clock.monotonic())
    assert found == [4]


def test_many_threads_append_and_one_writes(make: MakeJournal, reader, clock: FakeClock) -> None:
    journal = make(commit_interval_s=0.0)
    journal.open()
    done = threading.Event()
    failures: list[int] = []

    def produce(boot: int) -> None:
        for seq in range(1, 101):
            if not journal.append([sample(seq, boot=boot)]).wait(30):
                failures.append(seq)
        if journal.next_seq("0011223344556677", boot) != 101:
            failures.append(boot)

    threads = [threading.Thread(target=produce, args=(boot,)) for boot in range(1, 5)]
    waiter = threading.Thread(target=lambda: ([one.join() for one in threads], done.set()))
    for thread in (*threads, waiter):
        thread.start()
    while not done.is_set():
        journal.wait_for_work(0.05)
        journal.step(clock.monotonic())
    waiter.join(10)
    assert failures == []
    assert reader.stats().rows == 400


def test_state_before_during_and_after(make: MakeJournal) -> None:
    journal = make()
    assert journal.state().status is JournalStatus.BLOCKED
    assert "not opened" in journal.state().detail
    journal.open()
    journal.open()
    assert journal.state().status is JournalStatus.OK
    journal.close()
    journal.close()
    assert journal.state().detail == "closed"
