"""One consumer's way through the journal, and what happens to an entry that always fails.

Invariants:
- The cursor moves only over entries that the consumer took, or that were put aside with a reason.
- An entry is put aside for a failure that is not understood only when it failed alone, several times, and
  another one went through meanwhile: so a broken consumer puts nothing aside.

The cursor in memory moves at once; the one on disk follows with the journal's next commit. After a crash
some entries are sent again, which is idempotent.
"""

import logging
import math
from collections import Counter
from collections.abc import Sequence

from gateway.delivery.consumer import (
    Consumer,
    Entry,
    Kind,
    PreparesAhead,
    Rejected,
    SinkUnavailable,
)
from gateway.delivery.read_ahead import ReadAhead
from gateway.journal.errors import JournalError, JournalUnavailable
from gateway.journal.journal import Journal
from gateway.journal.reader import JournalReader
from gateway.journal.types import DeadLetter, JournalStats, StoredCommand, kind_of
from gateway.model.reading import StoredReading
from gateway.model.wording import counted
from gateway.runtime.backoff import BackOff

BATCH_MAX = 3000
"""Large: each batch waits for the server's disk once, and a backlog is many batches."""
BATCH_AFTER_FAILURE = 250
ATTEMPTS_ALONE = 3
NEIGHBOURS = 3
_LONGEST_REASON = 500

log = logging.getLogger(__name__)


class NotUnderstood(Exception):
    """An entry, or the consumer, fails for a reason without a name: keep all, back off."""


class Lane:
    """A consumer with its cursor and its back-off; halves the batch to find the entry that makes it fail.

    The delivery thread's, but for the counters, which any thread may read. `sink` is for the log.
    """

    def __init__(
        self,
        consumer: Consumer,
        sink: str,
        journal: Journal,
        reader: JournalReader,
        back_off: BackOff,
        read_ahead: bool,
    ) -> None:
        self.consumer = consumer
        self.back_off = back_off
        self.held_until = 0.0
        """Monotonic seconds."""
        self.error: str | None = None
        """Why this lane alone is held, or None."""
        self.cursor = 0
        self.taken: Counter[str] = Counter()
        """How many entries the consumer took, by kind."""
        self.rejected: Counter[str] = Counter()
        self.oldest_ms: int | None = None
        """When the oldest reading that is known to be undelivered was taken, UTC."""
        self.idle_at = 0.0
        """When `idle` is due, monotonic seconds."""
        self._log_extra = {"sink": sink}
        self._journal = journal
        self._reader = reader
        self._ahead = ReadAhead(self._fetch, read_ahead)
        self._journal_id = ""
        self._limit = BATCH_MAX
        self._attempts_alone = 0

    @property
    def follows_readings(self) -> bool:
        """Whether readings are among its kinds."""
        return Kind.READING in self.consumer.kinds

    def begin(self, stats: JournalStats, unwritten: int) -> None:
        """Go on behind the cursor that is on disk, or behind `unwritten` if that is further."""
        self._journal_id = stats.journal_id
        self.cursor = max(unwritten, stats.cursors.get(self.consumer.name, 0))
        self.pause()

    def pause(self) -> None:
        """Keep nothing in memory: it will be a while."""
        self._ahead.forget()

    def close(self) -> None:
        """End what reads ahead."""
        self._ahead.close()

    def turn(self, now: float, deadline: float) -> tuple[bool, float]:
        """Send one batch; whether the consumer did something, and seconds until its next turn.

        Raises `SinkUnavailable`, `JournalError` or `NotUnderstood`; nothing is lost by any of them.
        """
        batch = self._read(self._limit) if self.consumer.kinds else ()
        if not batch:
            return self._idle(now)
        try:
            rejected = self.consumer.take(batch, deadline)
        except SinkUnavailable:
            # Perhaps the batch was more than a slow server can do in time.
            self._limit = min(self._limit, max(self._limit // 2, BATCH_AFTER_FAILURE))
            raise
        except JournalError:
            raise
        except Exception as error:
            return self._narrow_down(batch, error, deadline), 0.0
        full = len(batch) == self._limit
        self._settle(batch, rejected)
        self._limit = min(2 * self._limit, BATCH_MAX)
        return True, 0.0 if full else math.inf

    def _idle(self, now: float) -> tuple[bool, float]:
        if now < self.idle_at:
            return False, self.idle_at - now
        try:
            wait_s = self.consumer.idle(now)
        except (SinkUnavailable, JournalError):
            raise
        except Exception as error:
            name = self.consumer.name
            raise NotUnderstood(f"{name} fails: {type(error).__name__}: {error}") from error
        self.idle_at = now + wait_s
        return math.isfinite(wait_s), wait_s

    def _read(self, limit: int) -> Sequence[Entry]:
        batch = self._ahead.take(limit, self.cursor)
        first = batch[0] if batch else None
        self.oldest_ms = first.reading.time_ms if isinstance(first, StoredReading) else None
        return batch

    def _fetch(self, limit: int, after: int) -> Sequence[Entry]:
        """In the helper thread, if there is one."""
        entries = self._reader.undelivered(self.consumer.kinds, after, limit)
        if isinstance(self.consumer, PreparesAhead):
            self.consumer.prepare(entries)
        return entries

    def _narrow_down(self, batch: Sequence[Entry], error: Exception, deadline: float) -> bool:
        """Try fewer entries next time; a single one goes when it is proved to be the culprit."""
        if len(batch) > 1:
            self._limit = len(batch) // 2
            return False
        self._limit = 1
        self._attempts_alone += 1
        reason = f"{type(error).__name__}: {error}"[:_LONGEST_REASON]
        if self._attempts_alone < ATTEMPTS_ALONE or not self._another_goes(deadline):
            raise NotUnderstood(f"the sink fails with an unexpected error: {reason}") from error
        culprit = batch[0]
        why = f"fails whenever it is sent: {reason}"
        self._settle(batch, [Rejected(culprit.seq, _key_of(culprit), why)])
        return True

    def _another_goes(self, deadline: float) -> bool:
        # Sent ahead of its turn, and again when its turn comes: then it is a duplicate, which is
        # harmless.
        for entry in self._read(1 + NEIGHBOURS)[1:]:
            try:
                self.consumer.take([entry], deadline)
            except (SinkUnavailable, JournalError):
                raise
            except Exception:
                log.debug("a neighbour fails too", exc_info=True)
            else:
                return True
        return False

    def _settle(self, batch: Sequence[Entry], rejected: Sequence[Rejected]) -> None:
        """Put the rejected aside and move the cursor behind the last entry. Raises `JournalError`."""
        if self._journal.state().journal_id != self._journal_id:
            raise JournalUnavailable("the journal was just replaced by a new one")
        counted = self._count(batch)
        if rejected:
            refused = self._put_aside(batch, rejected)
            counted -= refused
            self.rejected += refused
        self._journal.advance(self.consumer.name, batch[-1].seq)
        self.cursor = batch[-1].seq
        self.taken += counted
        self.oldest_ms = None
        self._attempts_alone = 0

    def _count(self, batch: Sequence[Entry]) -> Counter[str]:
        kinds = self.consumer.kinds
        if len(kinds) == 1:
            # Not looked at one by one: that would make a `Reading` of each row.
            return Counter({kind: len(batch) for kind in kinds})
        return Counter(kind_of(entry) for entry in batch)

    def _put_aside(self, batch: Sequence[Entry], rejected: Sequence[Rejected]) -> Counter[str]:
        """Readings become dead letters; commands and records stay in the journal in any case.

        Before the cursor moves: one that is ahead of the dead letters would lose them.
        """
        numbers = {one.seq for one in rejected}
        if len(self.consumer.kinds) == 1:
            refused = {seq: kind for kind in self.consumer.kinds for seq in numbers}
        else:
            refused = {entry.seq: kind_of(entry) for entry in batch if entry.seq in numbers}
        letters = [one for one in rejected if refused.get(one.seq) == Kind.READING]
        if letters:
            self._journal.dead_letter(
                self.consumer.name, [DeadLetter(one.seq, one.key, one.reason) for one in letters]
            )
            log.warning(
                "put %s aside; the first is %s: %s",
                counted(len(letters), "dead letter"),
                letters[0].key,
                letters[0].reason,
                extra=self._log_extra,
            )
        for one in rejected:
            kind = refused.get(one.seq)
            if kind not in (None, Kind.READING):
                log.warning(
                    "%s %s is not taken and stays in the journal only: %s",
                    kind,
                    one.key,
                    one.reason,
                    extra=self._log_extra,
                )
        return Counter(refused.values())


def _key_of(entry: Entry) -> str:
    if isinstance(entry, StoredReading):
        return entry.key
    return entry.record.id if isinstance(entry, StoredCommand) else entry.id
