"""Reads the next batch while the consumer works on the present one.

A backlog then drains nearly at the pace of a database that is a network away; one on the same machine
gains little. The helper thread only reads; what it found is used in the delivery thread or dropped.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from gateway.journal.types import Entry

Read = Callable[[int, int], Sequence[Entry]]
"""(limit, after) -> entries."""


class ReadAhead:
    """One batch ahead at most, so memory stays bounded. The delivery thread's alone.

    `enabled` False: read when asked, in the caller's thread, as a simulation needs it.
    """

    def __init__(self, read: Read, enabled: bool) -> None:
        self._read = read
        self._enabled = enabled
        self._executor: ThreadPoolExecutor | None = None
        self._ahead: tuple[int, int, Future[Sequence[Entry]]] | None = None

    def take(self, limit: int, after: int) -> Sequence[Entry]:
        """Return the batch behind number `after`, and begin with the one behind it if this one is full."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[:2] == (limit, after):
            batch = ahead[2].result()
        else:
            batch = self._read(limit, after)
        if self._enabled and len(batch) == limit:
            self._begin(limit, batch[-1].seq)
        return batch

    def forget(self) -> None:
        """Discard what was read: it becomes stale, or its file was replaced."""
        self._ahead = None

    def close(self) -> None:
        """End the helper thread; a later `take` would make another."""
        self.forget()
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=False)

    def _begin(self, limit: int, after: int) -> None:
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, thread_name_prefix="delivery-read-ahead")
        future = self._executor.submit(self._read, limit, after)
        self._ahead = (limit, after, future)
