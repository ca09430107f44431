"""When to commit and when to trim, and what to do when it fails. Only the writer's thread uses it."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from gateway.journal.errors import JournalClosed, JournalCorrupt, JournalError
from gateway.journal.operations import Flush, Operation
from gateway.journal.pending import PendingQueue
from gateway.journal.retention import Bounds
from gateway.journal.store import Store
from gateway.journal.subscribers import Subscribers
from gateway.journal.transaction import Transaction
from gateway.journal.trouble import in_words, is_corrupt, is_temporary
from gateway.journal.types import Entry, JournalState, JournalStatus, Kind, LastSample
from gateway.model.reading import StoredReading
from gateway.model.wording import counted
from gateway.runtime.backoff import BackOff

_BACKOFF_MIN_S: Final = 0.5
_BACKOFF_MAX_S: Final = 10.0
_TRIM_INTERVAL_S: Final = 60.0
_SLICE_PAUSE_S: Final = 0.05
"""Between slices, so that commits and readers have the disk in between."""
_STAMP_INTERVAL_S: Final = 5.0
_SHED_CALM_S: Final = 600.0
"""So long without shedding, and it counts as over."""
_log = logging.getLogger(__name__)


class Writer:
    """The journal's schedule around one `Store` and one `PendingQueue`."""

    def __init__(
        self,
        store: Store,
        pending: PendingQueue,
        *,
        interval_s: float,
        bounds: Bounds,
        queue_max: int,
        clock_is_set: Callable[[], bool],
    ) -> None:
        self.readings: Subscribers[StoredReading] = Subscribers("readings")
        self.entries: Subscribers[Entry] = Subscribers("entries")
        self._store = store
        self._pending = pending
        self._interval_s = interval_s
        self._bounds = bounds
        self._lock = threading.Lock()
        self._consumers: Mapping[str, frozenset[str]] = {}
        self._progress_known = False
        self._last_began: float | None = None
        self._retry_at: float | None = None
        self._back_off = BackOff(_BACKOFF_MIN_S, _BACKOFF_MAX_S)
        self._trim_at = 0.0
        self._trim_from = 0.0
        self._shed_mono: float | None = None
        self._clock_is_set = clock_is_set
        self._stamp_at = 0.0
        self._state = JournalState(
            status=JournalStatus.BLOCKED, detail="not opened yet", journal_id="", queued=0,
            queue_max=queue_max, committed_rows=0, commits=0, failed_commits=0, duplicates=0,
            shed_rows=0, trimmed_rows=0, shedding=False, unsynced_rows=0, salvaged_rows=0,
            unreadable_rows=0, callback_errors=0, bytes_used=0, last_row=0,
            last_commit_mono=None, blocked_since_mono=None,
        )  # fmt: skip

    def open(self, now: float) -> None:
        """Open the store; see there for what it raises. `now`: monotonic seconds."""
        if self._store.is_open:
            return
        try:
            self._store.open()
        except JournalError as error:
            self._enter_block(str(error), now)
            raise
        self._progress_known = True
        # Not at once: every consumer must have had the time to register.
        self._trim_at = self._trim_from = now + _TRIM_INTERVAL_S
        self._leave_block(now)
        self._publish()
        _log.info(
            "%s is open: id %s, SQLite %s",
            self._store.path, self._store.marks.journal_id, sqlite3.sqlite_version,
        )  # fmt: skip

    def close(self, now: float) -> None:
        """Commit what is queued if that is possible, and close. Idempotent."""
        try:
            if self._store.is_open:
                self._commit(now)
        except JournalCorrupt as error:
            _log.error("the journal was closed with an error: %s", error)
        finally:
            if self._pending.has_work():
                left = counted(self._pending.readings(), "reading")
                _log.warning("journal closed, %s not stored", left)
            self._store.close()
            self._enter_state(JournalStatus.BLOCKED, "closed", now)

    def step(self, now: float) -> float:
        """Commit and trim if due; seconds until the next call.

        Raises `JournalClosed`, and `JournalCorrupt` when the file must be opened again.
        """
        if not self._store.is_open:
            raise JournalClosed("the journal is not open")
        self._pending.forget_news()
        # Before a trim too: it must know the newest cursors, or it sheds what was just delivered.
        trims = self._trim_due_in(now) <= 0 and self._pending.has_work()
        if trims or self._commit_due_in(now) <= 0:
            self._commit(now)
        if self._trim_due_in(now) <= 0:
            self._trim(now)
        if self._stamp_due_in(now) <= 0:
            self._stamp(now)
        due_in = (self._commit_due_in(now), self._trim_due_in(now), self._stamp_due_in(now))
        return max(0.0, min(due_in))

    def register(self, consumer: str, kinds: frozenset[str]) -> None:
        """From now on keep what this consumer has not got of these kinds. Any thread may call it."""
        with self._lock:
            self._consumers = {**self._consumers, consumer: kinds}

    def next_seq(self, key: tuple[str, int]) -> int:
        """The lowest number not durably stored. Any thread may call it. Raises `JournalClosed`."""
        if not self._progress_known:
            raise JournalClosed("the journal was not opened yet")
        return self._store.progress.get(key, 1)

    def last_sample(self, uid: str) -> LastSample | None:
        """The newest stored sample of a board. Any thread may call it."""
        return self._store.heard.get(uid)

    def newest_ms(self) -> int | None:
        """The newest trustworthy time in the file when it was opened."""
        return self._store.newest_ms

    def state(self) -> JournalState:
        """The present snapshot. Any thread may call it."""
        return replace(
            self._state,
            queued=self._pending.readings(),
            callback_errors=self.readings.errors + self.entries.errors,
        )

    def _commit_due_in(self, now: float) -> float:
        if not self._pending.has_work():
            return float("inf")
        if self._retry_at is not None:
            return self._retry_at - now
        if self._last_began is None or self._pending.is_urgent():
            return 0.0
        return self._last_began + self._interval_s - now

    def _trim_due_in(self, now: float) -> float:
        due = self._trim_at if self._retry_at is None else max(self._trim_at, self._retry_at)
        return due - now

    def _stamp_due_in(self, now: float) -> float:
        if not self._store.unsynced:
            return float("inf")
        due = self._stamp_at if self._retry_at is None else max(self._stamp_at, self._retry_at)
        return due - now

    def _commit(self, now: float) -> None:
        operations = self._pending.take()
        self._last_began = now
        if all(isinstance(operation, Flush) for operation in operations):
            self._settle(operations)
            return
        try:
            transaction = self._store.commit(operations)
        except sqlite3.Error as error:
            self._pending.put_back()
            self._failed(error, now)
            return
        except BaseException as error:
            self._pending.put_back()
            if isinstance(error, JournalCorrupt):
                self._store.suspect()
                self._enter_block(str(error), now)
            raise
        self._settle(operations)
        self._leave_block(now)
        self._count(transaction, now)
        self.readings.tell(transaction.readings)
        self.entries.tell(transaction.entries)

    def _settle(self, operations: Sequence[Operation]) -> None:
        self._pending.remove(operations)
        for operation in operations:
            operation.ticket.complete()

    def _count(self, transaction: Transaction, now: float) -> None:
        if self._store.bytes_used > self._bounds.max_bytes:
            self._trim_at = max(self._trim_from, min(now, self._trim_at))
        state = self._state
        self._state = replace(
            state,
            committed_rows=state.committed_rows + len(transaction.readings),
            commits=state.commits + 1,
            duplicates=state.duplicates + transaction.duplicates,
            last_commit_mono=now,
        )
        self._publish()

    def _trim(self, now: float) -> None:
        try:
            trimmed = self._store.trim(self._bounds, self._consumers)
        except sqlite3.Error as error:
            self._failed(error, now)
            return
        self._leave_block(now)
        self._trim_at = now + (_SLICE_PAUSE_S if trimmed.more else _TRIM_INTERVAL_S)
        state = self._state
        self._state = replace(
            state,
            trimmed_rows=state.trimmed_rows + trimmed.rows,
            shed_rows=state.shed_rows + trimmed.shed,
        )
        self._log_shedding(trimmed.shed, now)
        self._publish()

    def _stamp(self, now: float) -> None:
        synchronised = self._clock_is_set()
        try:
            done = self._store.stamp(synchronised=synchronised, holding=self._holding())
        except sqlite3.Error as error:
            self._failed(error, now)
            return
        self._leave_block(now)
        self._stamp_at = now + (_SLICE_PAUSE_S if done.more else _STAMP_INTERVAL_S)
        if synchronised and done.rows and not done.more:
            _log.info("the clock is synchronised: all earlier readings were stamped again")
        elif not synchronised and done.rows:
            _log.warning(
                "delivering %s as clock_unsynced: the time may be wrong",
                counted(done.rows, "reading"),
            )
        self._publish()

    def _holding(self) -> bool:
        """Whether a consumer waits for readings whose time is not known."""
        return any(Kind.READING in kinds for kinds in self._consumers.values())

    def _log_shedding(self, shed: int, now: float) -> None:
        if shed:
            if self._shed_mono is None:
                _log.error(
                    "the journal is full (%d bytes): undelivered readings are dropped, oldest"
                    " first, and counted as lost", self._bounds.max_bytes,
                )  # fmt: skip
            self._shed_mono = now
            self._state = replace(self._state, shedding=True)
        elif self._shed_mono is not None and now - self._shed_mono >= _SHED_CALM_S:
            self._shed_mono = None
            self._state = replace(self._state, shedding=False)
            _log.warning("readings are no longer dropped; %d were", self._state.shed_rows)

    def _failed(self, error: sqlite3.Error, now: float) -> None:
        """A commit or a trim failed: nothing changed, nothing is dropped."""
        if is_corrupt(error):
            self._store.suspect()
            self._enter_block(in_words(error), now)
            raise JournalCorrupt(f"{self._store.path}: {error}") from error
        if not is_temporary(error):
            raise error
        self._enter_block(in_words(error), now)
        self._retry_at = now + self._back_off.failed()
        self._state = replace(self._state, failed_commits=self._state.failed_commits + 1)

    def _enter_block(self, detail: str, now: float) -> None:
        if self._state.blocked_since_mono is None:
            _log.error("nothing can be stored, readings wait in memory: %s", detail)
        self._enter_state(JournalStatus.BLOCKED, detail, now)

    def _leave_block(self, now: float) -> None:
        since = self._state.blocked_since_mono
        if self._state.status is JournalStatus.BLOCKED and since is not None:
            _log.warning("storing resumed after %.1f s", now - since)
        self._retry_at = None
        self._back_off.reset()
        self._enter_state(JournalStatus.OK, "", now)

    def _enter_state(self, status: JournalStatus, detail: str, now: float) -> None:
        since = self._state.blocked_since_mono
        if status is JournalStatus.OK:
            since = None
        elif since is None:
            since = now
        self._state = replace(self._state, status=status, detail=detail, blocked_since_mono=since)

    def _publish(self) -> None:
        self._state = replace(
            self._state,
            journal_id=self._store.marks.journal_id,
            bytes_used=self._store.bytes_used,
            last_row=self._store.marks.last_row,
            unsynced_rows=self._store.unsynced,
            salvaged_rows=self._store.salvaged.readings,
            unreadable_rows=self._store.salvaged.unreadable,
        )
