import threading
from collections.abc import Callable, Iterator

import pytest

from api.http.dispatcher import GrowingDispatcher
from tests.api.serving import DEADLINE_S

MOST = 3


class Task:
    """Runs until it is told to end."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.leave = threading.Event()
        self.left = threading.Event()
        self.cancelled = False

    def service(self) -> None:
        self.entered.set()
        assert self.leave.wait(DEADLINE_S)
        self.left.set()

    def cancel(self) -> None:
        self.cancelled = True


@pytest.fixture
def dispatcher() -> Iterator[GrowingDispatcher]:
    made = GrowingDispatcher(MOST)
    yield made
    made.set_thread_count(0)
    wait_for(made, lambda: not made.threads)


def wait_for(dispatcher: GrowingDispatcher, condition: Callable[[], bool]) -> None:
    """Until threads have gone to rest or ended; they do so a moment after their task."""
    tick = threading.Event()
    for _ in range(int(DEADLINE_S / 0.01)):
        with dispatcher.lock:
            if condition():
                return
        tick.wait(0.01)
    pytest.fail("the threads did not get there")


def test_it_has_no_thread_before_the_first_task(dispatcher: GrowingDispatcher) -> None:
    assert len(dispatcher.threads) == 0


def test_a_free_thread_is_used_again(dispatcher: GrowingDispatcher) -> None:
    for _ in range(5):
        task = Task()
        task.leave.set()
        dispatcher.add_task(task)
        assert task.left.wait(DEADLINE_S)
        wait_for(dispatcher, lambda: dispatcher.active_count == 0)
    assert len(dispatcher.threads) == 1


def test_every_task_gets_a_thread_up_to_the_limit_and_waits_above_it(
    dispatcher: GrowingDispatcher,
) -> None:
    tasks = [Task() for _ in range(MOST + 1)]
    for task in tasks:
        dispatcher.add_task(task)
    for task in tasks[:MOST]:
        assert task.entered.wait(DEADLINE_S)
    assert len(dispatcher.threads) == MOST
    assert not tasks[MOST].entered.is_set()
    tasks[0].leave.set()
    assert tasks[MOST].entered.wait(DEADLINE_S)
    for task in tasks:
        task.leave.set()


def test_after_the_end_no_thread_is_started_and_what_waits_is_cancelled(
    dispatcher: GrowingDispatcher,
) -> None:
    dispatcher.set_thread_count(0)
    task = Task()
    dispatcher.add_task(task)
    assert len(dispatcher.threads) == 0
    dispatcher.shutdown(timeout=0)
    assert task.cancelled
