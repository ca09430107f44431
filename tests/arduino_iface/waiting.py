"""Waiting for a condition with a deadline, and a clock that stands still unless told."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

DEADLINE_S = 20.0


def until(condition: Callable[[], bool], timeout_s: float = DEADLINE_S) -> None:
    """Return when `condition` holds; fail the test when it does not in time."""
    pause = threading.Event()
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        pause.wait(0.001)


@contextmanager
def running(*targets: Callable[[], None]) -> Iterator[list[threading.Thread]]:
    """Run each target in a thread; all have ended, by themselves, when the block is left.

    An exception in a thread fails the test by pytest's own check of threads.
    """
    threads = [threading.Thread(target=target, daemon=True) for target in targets]
    for thread in threads:
        thread.start()
    yield threads
    for thread in threads:
        thread.join(DEADLINE_S)
        assert not thread.is_alive(), "a thread did not end"


class HandClock:
    """A clock moved by hand; sleeping by it moves it too."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += max(seconds, 0.0)
