"""The bus lock: exclusion, order, deadlines, hand-over, and its counters."""

import random
import threading
import time
from collections.abc import Callable

import pytest

from arduino_iface import lock as lock_module
from arduino_iface.errors import BusBusy, WireError
from arduino_iface.lock import BUCKETS_S, LockStats, Priority, PriorityLock
from tests.arduino_iface.waiting import running, until
from tests.support.clock import FakeClock

LONG_S = 20.0


def test_only_one_thread_is_inside() -> None:
    lock = PriorityLock()
    inside: list[int] = []
    most = 0
    passed = 0

    def hammer(seed: int) -> Callable[[], None]:
        chance = random.Random(seed)

        def run() -> None:
            nonlocal most, passed
            for _ in range(300):
                with lock.hold(chance.choice(list(Priority)), LONG_S):
                    inside.append(seed)
                    most = max(most, len(inside))
                    passed += 1  # not atomic: a second thread inside would lose counts
                    inside.remove(seed)

        return run

    with running(*(hammer(seed) for seed in range(12))):
        pass
    assert (most, passed) == (1, 12 * 300)
    stats = lock.stats()
    assert (stats.acquisitions, stats.timeouts, stats.waiting) == (12 * 300, 0, 0)


def until_waiting(lock: PriorityLock, count: int) -> None:
    until(lambda: lock.stats().waiting == count)


def contend(
    lock: PriorityLock, *targets: Callable[[], None], then: Callable[[], None] = lambda: None
) -> None:
    """Hold the lock until each target's thread waits for it, in this order; then release it."""
    threads = [threading.Thread(target=target, daemon=True) for target in targets]
    with lock.hold(Priority.POLL, LONG_S):
        for number, thread in enumerate(threads, start=1):
            thread.start()
            until_waiting(lock, number)
        then()
    for thread in threads:
        thread.join(LONG_S)
        assert not thread.is_alive()


def queued(priorities: list[Priority]) -> list[tuple[Priority, int]]:
    """The order in which waiters, queued in the order given, got the lock."""
    lock = PriorityLock()
    order: list[tuple[Priority, int]] = []

    def waiter(priority: Priority, number: int) -> Callable[[], None]:
        def run() -> None:
            with lock.hold(priority, LONG_S):
                order.append((priority, number))

        return run

    contend(lock, *(waiter(priority, number) for number, priority in enumerate(priorities)))
    return order


def test_first_come_first_served_inside_a_class() -> None:
    order = queued([Priority.POLL] * 8)
    assert [number for _, number in order] == list(range(8))


def test_better_classes_go_first_and_keep_their_order() -> None:
    arrivals = [
        Priority.SCAN,
        Priority.POLL,
        Priority.COMMAND,
        Priority.SCAN,
        Priority.POLL,
        Priority.COMMAND,
    ]
    order = queued(arrivals)
    assert order == sorted(order)
    assert len(order) == len(arrivals)


def test_a_released_lock_is_handed_over_and_cannot_be_taken_by_who_comes_late() -> None:
    lock = PriorityLock()
    order: list[str] = []

    def waiter() -> None:
        with lock.hold(Priority.SCAN, LONG_S):
            order.append("waiter")

    with lock.hold(Priority.POLL, LONG_S):
        thread = threading.Thread(target=waiter, daemon=True)
        thread.start()
        until_waiting(lock, 1)
    # The one that has just released it asks again at once, and for a better class.
    with lock.hold(Priority.COMMAND, LONG_S):
        order.append("again")
    thread.join(LONG_S)
    assert order == ["waiter", "again"]


def test_busy_until_the_deadline() -> None:
    lock = PriorityLock()
    began = time.monotonic()
    seen: list[BusBusy] = []

    def impatient() -> None:
        with pytest.raises(BusBusy) as caught, lock.hold(Priority.COMMAND, 0.05):
            pytest.fail("two threads inside")
        seen.append(caught.value)

    with lock.hold(Priority.POLL, LONG_S), running(impatient):
        until(lambda: bool(seen))
    assert time.monotonic() - began >= 0.05
    assert isinstance(seen[0], WireError)
    assert isinstance(seen[0], TimeoutError)
    stats = lock.stats()
    assert (stats.acquisitions, stats.contentions, stats.timeouts) == (1, 1, 1)
    assert stats.wait_max_s >= 0.05


@pytest.mark.parametrize("timeout_s", [0.0, -1.0])
def test_no_time_to_wait_means_now_or_never(timeout_s: float) -> None:
    lock = PriorityLock()
    with lock.hold(Priority.POLL, timeout_s):
        pass

    def try_it() -> None:
        with pytest.raises(BusBusy), lock.hold(Priority.POLL, timeout_s):
            pytest.fail("two threads inside")

    with lock.hold(Priority.POLL, LONG_S), running(try_it):
        pass


def test_an_endless_wait_is_allowed() -> None:
    lock = PriorityLock()
    done = threading.Event()

    def patient() -> None:
        with lock.hold(Priority.POLL, float("inf")):
            done.set()

    contend(lock, patient)
    assert done.is_set()


def test_who_gives_up_is_out_of_the_queue() -> None:
    lock = PriorityLock()
    order: list[str] = []

    def impatient() -> None:
        with pytest.raises(BusBusy), lock.hold(Priority.COMMAND, 0.01):
            order.append("impatient")

    def patient() -> None:
        with lock.hold(Priority.SCAN, LONG_S):
            order.append("patient")

    def give_up() -> None:
        with running(impatient):
            pass
        assert lock.stats().waiting == 1

    contend(lock, patient, then=give_up)
    assert order == ["patient"]
    assert lock.stats().waiting == 0


def test_a_lock_handed_over_at_the_deadline_is_not_lost() -> None:
    """The deadline and the release race, many times; the lock must always be free afterwards."""
    lock = PriorityLock()
    chance = random.Random(7)
    outcomes = {"got": 0, "busy": 0}
    rounds = 400
    start, ready = threading.Barrier(2), threading.Barrier(2)
    timeouts = [chance.choice([0.0002, 0.0005, 0.001]) for _ in range(rounds)]

    def waiter() -> None:
        for timeout_s in timeouts:
            start.wait(LONG_S)
            try:
                with lock.hold(Priority.COMMAND, timeout_s):
                    outcomes["got"] += 1
            except BusBusy:
                outcomes["busy"] += 1
            ready.wait(LONG_S)

    with running(waiter):
        pause = threading.Event()
        for timeout_s in timeouts:
            with lock.hold(Priority.POLL, LONG_S):
                start.wait(LONG_S)
                pause.wait(timeout_s * chance.uniform(0.5, 1.5))
            ready.wait(LONG_S)
            assert lock.stats().waiting == 0
            with lock.hold(Priority.POLL, 0):
                pass
    assert outcomes["got"] + outcomes["busy"] == rounds
    stats = lock.stats()
    assert stats.timeouts == outcomes["busy"]
    assert stats.acquisitions == 2 * rounds + outcomes["got"]


class LateEvent(threading.Event):
    """Reports a timeout although it was set: the lock was handed over at the last moment."""

    def wait(self, timeout: float | None = None) -> bool:
        super().wait(LONG_S)
        return False


class InterruptedEvent(threading.Event):
    """Ctrl-C while waiting, just when the lock has been handed over."""

    def wait(self, timeout: float | None = None) -> bool:
        super().wait(LONG_S)
        raise KeyboardInterrupt


def waiting_by(monkeypatch: pytest.MonkeyPatch, event: type[threading.Event]) -> None:
    class Waiter(lock_module._Waiter):
        def __init__(self, thread: int, priority: Priority, began: float) -> None:
            super().__init__(thread, priority, began)
            self.wake = event()

    monkeypatch.setattr(lock_module, "_Waiter", Waiter)


def test_a_grant_that_arrives_with_the_timeout_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting_by(monkeypatch, LateEvent)
    lock = PriorityLock()
    got = threading.Event()

    def waiter() -> None:
        with lock.hold(Priority.COMMAND, 0.001):
            got.set()

    contend(lock, waiter)
    assert got.is_set()
    assert lock.stats().timeouts == 0


def test_an_interrupted_wait_gives_the_lock_on(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting_by(monkeypatch, InterruptedEvent)
    lock = PriorityLock()

    def waiter() -> None:
        with pytest.raises(KeyboardInterrupt), lock.hold(Priority.COMMAND, LONG_S):
            pytest.fail("it was interrupted")

    contend(lock, waiter)
    with lock.hold(Priority.POLL, 0):
        assert lock.stats().waiting == 0


def test_taking_it_twice_in_one_thread_is_a_loud_mistake() -> None:
    lock = PriorityLock()
    with lock.hold(Priority.POLL, LONG_S):
        with (
            pytest.raises(RuntimeError, match="already holds"),
            lock.hold(Priority.COMMAND, LONG_S),
        ):
            pytest.fail("the lock was taken twice")
        assert lock.stats().acquisitions == 1
    with lock.hold(Priority.POLL, 0):
        pass


def test_an_exception_inside_releases_the_lock() -> None:
    lock = PriorityLock()
    with pytest.raises(ZeroDivisionError), lock.hold(Priority.POLL, LONG_S):
        raise ZeroDivisionError
    with lock.hold(Priority.POLL, 0):
        pass


def test_a_hold_is_entered_once_for_each_with() -> None:
    lock = PriorityLock()
    lock.hold(Priority.POLL, LONG_S)  # not entered: nothing is taken
    with lock.hold(Priority.POLL, 0):
        assert lock.stats().acquisitions == 1


def test_times_are_by_the_given_clock_and_nothing_waits_when_the_lock_is_free() -> None:
    clock = FakeClock()
    lock = PriorityLock(clock)
    for seconds in (0.25, 2.0, 0.5):
        with lock.hold(Priority.POLL, 0):
            clock.sleep(seconds)
    assert lock.stats() == LockStats(
        acquisitions=3,
        contentions=0,
        timeouts=0,
        wait_total_s=0.0,
        wait_max_s=0.0,
        hold_total_s=2.75,
        hold_max_s=2.0,
        waiting=0,
        wait_buckets=(3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        hold_buckets=(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 1, 0),
    )


def test_waits_are_measured_too() -> None:
    clock = FakeClock()
    lock = PriorityLock(clock)

    def waiter() -> None:
        with lock.hold(Priority.COMMAND, LONG_S):
            clock.sleep(1.0)

    contend(lock, waiter, then=lambda: clock.sleep(3.0))
    stats = lock.stats()
    assert stats.contentions == 1
    assert stats.wait_total_s == stats.wait_max_s == 3.0
    assert (stats.hold_total_s, stats.hold_max_s) == (4.0, 3.0)


def test_every_acquisition_and_every_hold_is_in_one_bucket() -> None:
    clock = FakeClock()
    lock = PriorityLock(clock)
    for seconds in (0.0, BUCKETS_S[0], BUCKETS_S[-1], BUCKETS_S[-1] + 1):
        with lock.hold(Priority.POLL, 0):
            clock.sleep(seconds)
    stats = lock.stats()
    assert sum(stats.wait_buckets) == sum(stats.hold_buckets) == stats.acquisitions
    assert (stats.hold_buckets[0], stats.hold_buckets[-2], stats.hold_buckets[-1]) == (2, 1, 1)
