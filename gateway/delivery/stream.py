"""One ordered flow from the journal to a sink, and what happens to a record that always fails.

Invariants:
- The cursor moves only over records that the sink has, or that were put aside with a reason.
- A record is put aside for a failure that nobody understands only when it failed alone, several
  times, and another one went through meanwhile: so a broken sink puts nothing aside.
"""

import logging
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from gateway.journal.errors import JournalError
from gateway.sinks.base import Rejected, SinkUnavailable

BATCH_MAX = 3000
"""Large: each batch waits for the server's disk once, and a backlog is many batches."""
BATCH_AFTER_FAILURE = 250
ATTEMPTS_ALONE = 3
NEIGHBOURS = 3
_LONGEST_REASON = 500

RecordT = TypeVar("RecordT")

log = logging.getLogger(__name__)


class Flow(Protocol[RecordT]):
    """Where a stream's records come from and go to."""

    def read(self, limit: int) -> Sequence[RecordT]:
        """Return the records behind the cursor, in order. Raises `JournalError`."""
        ...

    def send(self, records: Sequence[RecordT]) -> Sequence[Rejected]:
        """Give records to the sink; raises what `Sink.deliver` raises."""
        ...

    def name_of(self, record: RecordT) -> tuple[int, str]:
        """Return place and key of a record."""
        ...

    def settle(self, sent: Sequence[RecordT], rejected: Sequence[Rejected]) -> None:
        """Put the rejected aside and move the cursor behind the last one. Raises `JournalError`."""
        ...


class NotUnderstood(Exception):
    """A record, or the sink, fails for a reason that nobody named: keep all, back off."""


class Stream(Generic[RecordT]):
    """Sends batch after batch; halves the batch to find the record that makes it fail."""

    def __init__(self, flow: Flow[RecordT]) -> None:
        """Begins with whole batches."""
        self._flow = flow
        self._limit = BATCH_MAX
        self._attempts_alone = 0

    def pump(self, now: float) -> tuple[bool, bool]:  # noqa: ARG002 - as every lane's
        """Send one batch; return whether the sink took something, and whether to go on at once.

        Raises `SinkUnavailable`, `JournalError` or `NotUnderstood`; nothing is lost by any of them.
        """
        batch = self._flow.read(self._limit)
        if not batch:
            return False, False
        try:
            rejected = self._flow.send(batch)
        except SinkUnavailable:
            # Perhaps the batch was more than a slow server can do in time.
            self._limit = min(self._limit, max(self._limit // 2, BATCH_AFTER_FAILURE))
            raise
        except JournalError:
            raise
        except Exception as error:
            return self._narrow_down(batch, error), True
        full = len(batch) == self._limit
        self._settle(batch, rejected)
        self._limit = min(2 * self._limit, BATCH_MAX)
        return True, full

    def _settle(self, batch: Sequence[RecordT], rejected: Sequence[Rejected]) -> None:
        self._flow.settle(batch, rejected)
        self._attempts_alone = 0

    def _narrow_down(self, batch: Sequence[RecordT], error: Exception) -> bool:
        """Try fewer records next time; a single one goes when it is proved to be the culprit."""
        if len(batch) > 1:
            self._limit = len(batch) // 2
            return False
        self._limit = 1
        self._attempts_alone += 1
        reason = f"{type(error).__name__}: {error}"[:_LONGEST_REASON]
        if self._attempts_alone < ATTEMPTS_ALONE or not self._another_goes():
            raise NotUnderstood(f"the sink fails in an unknown way: {reason}") from error
        place, key = self._flow.name_of(batch[0])
        self._settle(batch, [Rejected(place, key, f"fails whenever it is sent: {reason}")])
        return True

    def _another_goes(self) -> bool:
        # Sent ahead of its turn, and again when its turn comes: then it is a duplicate, which is
        # harmless.
        for record in self._flow.read(1 + NEIGHBOURS)[1:]:
            try:
                self._flow.send([record])
            except (SinkUnavailable, JournalError):
                raise
            except Exception:
                log.debug("a neighbour fails too", exc_info=True)
            else:
                return True
        return False
