"""The bounded queue between everyone and the writer.

Whatever is in it stays until the writer says that it is committed; `take` only looks. So a commit that
fails loses nothing and changes no order.
"""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from gateway.journal.errors import JournalFull
from gateway.journal.operations import Advance, Append, DeadLetterAppend, Operation
from gateway.journal.ticket import Ticket
from gateway.model.wording import counted

OTHERS_MAX: Final = 5000
"""Bound on everything else than readings and losses: commands, records, devices, dead letters, flushes."""


class PendingQueue:
    """Operations in order. Any thread puts; only the writer takes and removes."""

    def __init__(self, readings_max: int) -> None:
        self._readings_max = readings_max
        self._lock = threading.Lock()
        self._operations: deque[Operation] = deque()
        self._advances: dict[str, Advance] = {}
        self._taken_advances: dict[str, Advance] = {}
        self._readings = 0
        self._others = 0
        self._urgent = False
        self._work = threading.Event()

    def put(self, operation: Operation, urgent: bool) -> Ticket:
        """Add to the end. Raises `JournalFull`, and `ValueError` for more than fits at any time."""
        readings, others = _weights(operation)
        if readings > self._readings_max or others > OTHERS_MAX:
            raise ValueError(
                f"{readings + others} records at once are more than the queue can hold"
            )
        with self._lock:
            if readings and self._readings + readings > self._readings_max:
                raise JournalFull(f"the queue is full: {counted(self._readings, 'reading')}")
            if others and self._others + others > OTHERS_MAX:
                raise JournalFull(f"the queue is full: {counted(self._others, 'record')}")
            wakes = urgent or self._empty()
            self._operations.append(operation)
            self._readings += readings
            self._others += others
            self._urgent = self._urgent or urgent
        if wakes:
            self._work.set()
        return operation.ticket

    def put_advance(self, advance: Advance) -> Ticket:
        """Add or merge a cursor; one per consumer at most, so there is always room for it."""
        with self._lock:
            wakes = self._empty()
            old = self._advances.get(advance.consumer)
            if old is not None:
                # One that is being committed right now keeps its own ticket: it may not cover this.
                taken = self._taken_advances.get(advance.consumer) is old
                advance = replace(
                    advance,
                    seq=max(old.seq, advance.seq),
                    kinds=advance.kinds or old.kinds,
                    ticket=advance.ticket if taken else old.ticket,
                )
            self._advances[advance.consumer] = advance
        if wakes:
            self._work.set()
        return advance.ticket

    def advanced(self, consumer: str) -> int:
        """The cursor that waits to be written; 0 when none does."""
        with self._lock:
            waiting = self._advances.get(consumer)
            return waiting.seq if waiting else 0

    def take(self) -> list[Operation]:
        """Everything there is, in order. It stays queued until `remove`."""
        with self._lock:
            self._taken_advances = dict(self._advances)
            self._urgent = False
            return [*self._operations, *self._advances.values()]

    def put_back(self) -> None:
        """What was taken could not be committed; it has stayed in its place."""
        with self._lock:
            self._taken_advances = {}
            self._urgent = True

    def remove(self, operations: Sequence[Operation]) -> None:
        """What was taken is committed."""
        with self._lock:
            for operation in operations:
                if isinstance(operation, Advance):
                    if self._advances[operation.consumer] is operation:
                        del self._advances[operation.consumer]
                    continue
                self._operations.popleft()
                readings, others = _weights(operation)
                self._readings -= readings
                self._others -= others
            self._taken_advances = {}

    def has_work(self) -> bool:
        """Whether anything is waiting."""
        with self._lock:
            return not self._empty()

    def is_urgent(self) -> bool:
        """Whether something that is waiting should not wait for the commit interval."""
        with self._lock:
            return self._urgent

    def readings(self) -> int:
        """How many readings and losses are waiting."""
        with self._lock:
            return self._readings

    def wait_for_news(self, timeout_s: float) -> bool:
        """Wait until something came that changes when the writer is due."""
        return self._work.wait(timeout_s)

    def wake(self) -> None:
        """End a wait now."""
        self._work.set()

    def forget_news(self) -> None:
        """The writer is about to look for itself."""
        self._work.clear()

    def _empty(self) -> bool:
        return not self._operations and not self._advances


def _weights(operation: Operation) -> tuple[int, int]:
    """How much of the two bounds an operation takes: readings, others."""
    if isinstance(operation, Append):
        # The losses of one operation are bounded by themselves: one for each hour of an absence.
        return len(operation.readings) + bool(operation.losses), 0
    if isinstance(operation, DeadLetterAppend):
        return 0, max(1, len(operation.items))
    return 0, 1
