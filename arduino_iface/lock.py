"""The lock of a bus: fair, by priority, with a timeout, and with statistics of waits and holds.

`threading.Lock` lets a thread that comes late overtake one that has waited, so a command could starve
behind polls. Here a released lock is handed at once to the first waiter of the best class.
"""

import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from enum import IntEnum

from arduino_iface.clock import SYSTEM_CLOCK, Clock
from arduino_iface.errors import BusBusy

BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the buckets in which times are counted, seconds; longer times have one more bucket."""

_NO_TIMES = (0,) * (len(BUCKETS_S) + 1)


class Priority(IntEnum):
    """The class of a waiter; the lowest number goes first."""

    COMMAND = 0
    POLL = 1
    SCAN = 2


@dataclass(frozen=True, slots=True)
class LockStats:
    """Statistics since the lock was made; times in seconds of the lock's clock.

    `contentions` counts attempts, failed ones too, that found the lock taken; the wait times are theirs.
    `timeouts` counts waits that failed, `waiting` the present waiters. Hold times are of ended holds. The
    buckets (bounds: `BUCKETS_S`) count every acquisition and failed wait by its wait, every ended hold by
    its length.
    """

    acquisitions: int
    contentions: int
    timeouts: int
    wait_total_s: float
    wait_max_s: float
    hold_total_s: float
    hold_max_s: float
    waiting: int
    wait_buckets: tuple[int, ...] = _NO_TIMES
    hold_buckets: tuple[int, ...] = _NO_TIMES


class _Waiter:
    """A thread in the queue. `granted` is guarded by the mutex; `wake` only ends the wait."""

    __slots__ = ("began", "granted", "priority", "thread", "wake")

    def __init__(self, thread: int, priority: Priority, began: float) -> None:
        self.thread = thread
        self.priority = priority
        self.began = began
        self.wake = threading.Event()
        self.granted = False


class PriorityLock:
    """A lock for short holds. First come, first served inside a class; better classes go first.

    Safe to use from any thread. A free lock is taken without any waiting, so that it also works in
    one thread under a fake clock. Waits take real seconds; the statistics are by `clock`.
    """

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        # Guards everything below; held for a few statements, never across a wait.
        self._mutex = threading.Lock()
        # The thread that holds the lock. None: no thread waits either.
        self._holder: int | None = None
        self._held_since = 0.0
        self._queues: dict[Priority, deque[_Waiter]] = {priority: deque() for priority in Priority}
        self._acquisitions = 0
        self._contentions = 0
        self._timeouts = 0
        self._wait_total_s = 0.0
        self._wait_max_s = 0.0
        self._hold_total_s = 0.0
        self._hold_max_s = 0.0
        self._wait_buckets = list(_NO_TIMES)
        self._hold_buckets = list(_NO_TIMES)

    def hold(self, priority: Priority, timeout_s: float) -> AbstractContextManager[None]:
        """Hold the lock inside a `with` statement.

        Entering raises `BusBusy` when the lock was not free within `timeout_s` (zero or less: when
        it is not free now), and `RuntimeError` when this thread already holds it, which would be a
        deadlock.
        """
        return self._hold(priority, timeout_s)

    @contextmanager
    def _hold(self, priority: Priority, timeout_s: float) -> Iterator[None]:
        waiter = self._take_or_queue(priority)
        if waiter is not None:
            self._wait(waiter, timeout_s)
        try:
            yield
        finally:
            self._release()

    def stats(self) -> LockStats:
        """A snapshot of the counters."""
        with self._mutex:
            return LockStats(
                self._acquisitions,
                self._contentions,
                self._timeouts,
                self._wait_total_s,
                self._wait_max_s,
                self._hold_total_s,
                self._hold_max_s,
                sum(len(queue) for queue in self._queues.values()),
                tuple(self._wait_buckets),
                tuple(self._hold_buckets),
            )

    @property
    def held_since(self) -> float | None:
        """When the present holder took it, by the lock's clock; None when it is free."""
        with self._mutex:
            return None if self._holder is None else self._held_since

    def _take_or_queue(self, priority: Priority) -> _Waiter | None:
        """None when the lock was free and is now this thread's, else its place in the queue."""
        me = threading.get_ident()
        with self._mutex:
            if self._holder == me:
                raise RuntimeError("this thread already holds the lock")
            if self._holder is None:
                self._hand_to(me)
                self._wait_buckets[0] += 1
                return None
            self._contentions += 1
            waiter = _Waiter(me, priority, self._clock.monotonic())
            self._queues[priority].append(waiter)
            return waiter

    def _wait(self, waiter: _Waiter, timeout_s: float) -> None:
        """Return holding the lock, or raise and be out of the queue."""
        try:
            waiter.wake.wait(min(max(timeout_s, 0.0), threading.TIMEOUT_MAX))
        except BaseException:
            # Ctrl-C in the main thread: the lock may have been handed over by now, so release it.
            if self._leave_queue(waiter):
                self._release()
            raise
        # The grant, not the event, decides: a lock handed over at the last moment is not lost.
        if not self._leave_queue(waiter):
            raise BusBusy(f"not free within {timeout_s:g} s")

    def _leave_queue(self, waiter: _Waiter) -> bool:
        """Whether the lock was handed to this waiter; when not, it waits no longer."""
        with self._mutex:
            waited = self._clock.monotonic() - waiter.began
            self._wait_total_s += waited
            self._wait_max_s = max(self._wait_max_s, waited)
            self._wait_buckets[bisect_left(BUCKETS_S, waited)] += 1
            if not waiter.granted:
                self._queues[waiter.priority].remove(waiter)
                self._timeouts += 1
            return waiter.granted

    def _release(self) -> None:
        with self._mutex:
            held = self._clock.monotonic() - self._held_since
            self._hold_total_s += held
            self._hold_max_s = max(self._hold_max_s, held)
            self._hold_buckets[bisect_left(BUCKETS_S, held)] += 1
            for queue in self._queues.values():
                if queue:
                    waiter = queue.popleft()
                    waiter.granted = True
                    self._hand_to(waiter.thread)
                    waiter.wake.set()
                    return
            self._holder = None

    def _hand_to(self, thread: int) -> None:
        self._holder = thread
        self._held_since = self._clock.monotonic()
        self._acquisitions += 1
