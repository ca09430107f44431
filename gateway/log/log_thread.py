"""The thread `log`: the only one that writes log files, so that no other ever waits for a disk."""

import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue

from gateway.log.entry import Entry

QUEUE_MAX = 10_000
"""Entries that may wait; more are dropped and counted."""

AUDIT_RESERVE = 1_000
"""Room beyond that for audit records, which must not be lost to a flood of others."""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """A finished line of the audit trail."""

    line: str


Item = Entry | AuditLine


class LogThread:
    """A bounded queue and the thread that empties it.

    `SimpleQueue` because its `put` may be interrupted by another `put` of the same thread (a
    destructor that logs); it has no bound, so the bound is kept here. Threads that race may exceed it
    by their number.
    """

    def __init__(
        self, handle: Callable[[Item], None], report: Callable[[int], None], queue_max: int
    ) -> None:
        """`handle` and `report` (a number of dropped items) are called by the log thread."""
        self._handle = handle
        self._report = report
        self._queue_max = queue_max
        self._queue: SimpleQueue[Item | threading.Event | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        # Guards the two counts alone; held for an addition. Re-entrant, as `put` has to be.
        self._lock = threading.RLock()
        self._dropped = 0
        self._dropped_unsaid = 0

    @property
    def dropped(self) -> int:
        """Items dropped since the start because the queue was full."""
        return self._dropped

    def start(self) -> None:
        """Start the thread; once."""
        self._thread.start()

    def put(self, item: Item) -> None:
        """Hand over an item, or drop it when too many wait. Never blocks; any thread."""
        reserve = AUDIT_RESERVE if isinstance(item, AuditLine) else 0
        if self._queue.qsize() < self._queue_max + reserve:
            self._queue.put(item)
            return
        with self._lock:
            self._dropped += 1
            self._dropped_unsaid += 1

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything handed over so far is written; False when the time was too short."""
        done = threading.Event()
        self._queue.put(done)
        return done.wait(timeout_s)

    def stop(self, timeout_s: float) -> bool:
        """Write what waits and end the thread; False when the time was too short."""
        self._queue.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            if isinstance(item, threading.Event):
                item.set()
            else:
                self._handle_safely(item)
            if self._dropped_unsaid and self._queue.qsize() <= self._queue_max // 2:
                self._say_dropped()
        if self._dropped_unsaid:
            self._say_dropped()

    def _handle_safely(self, item: Item) -> None:
        try:
            self._handle(item)
        except Exception:
            # A mistake of ours in one record must not end the log. Everything in it is redacted.
            traceback.print_exc()

    def _say_dropped(self) -> None:
        with self._lock:
            count, self._dropped_unsaid = self._dropped_unsaid, 0
        self._report(count)
