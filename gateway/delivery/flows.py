"""The two flows of a sink: readings, and the command audit trail. Each has its own cursor.

The cursor in memory moves at once; the one on disk follows with the journal's next commit. After a
crash some records are sent again, which a sink does not mind.
"""

import logging
from collections.abc import Sequence

from gateway.delivery.ports import DeliveryJournal, DeliveryReader
from gateway.delivery.read_ahead import ReadAhead
from gateway.journal.errors import JournalUnavailable
from gateway.journal.types import DeadLetter, StoredCommand
from gateway.model.reading import StoredReading
from gateway.sinks.base import PreparesAhead, Rejected, Sink

log = logging.getLogger(__name__)


def same_file(journal: DeliveryJournal, journal_id: str) -> None:
    """Raise `JournalUnavailable` if the journal's file was replaced: rows count anew in the next."""
    if journal.state().journal_id != journal_id:
        raise JournalUnavailable("the journal was just replaced by a new one")


class ReadingsFlow:
    """Readings by row. The delivery thread's, but for the counters, which anyone may read."""

    def __init__(
        self, sink: Sink, journal: DeliveryJournal, reader: DeliveryReader, read_ahead: bool
    ) -> None:
        """Begins where `begin` says. `read_ahead`: read the next batch while one is sent."""
        self._sink = sink
        self._journal = journal
        self._reader = reader
        self._ahead = ReadAhead(self._fetch, read_ahead)
        self._journal_id = ""
        self.cursor = 0
        self.delivered = 0
        self.rejected = 0
        self.oldest_ms: int | None = None
        """When the oldest reading that is known to be undelivered was taken, UTC."""

    def begin(self, journal_id: str, cursor: int) -> None:
        """Go on behind `cursor` of the journal with this id."""
        self._journal_id = journal_id
        self.cursor = cursor
        self.pause()

    def pause(self) -> None:
        """Keep nothing in memory: it will be a while."""
        self._ahead.forget()

    def close(self) -> None:
        """End what reads ahead."""
        self._ahead.close()

    def read(self, limit: int) -> Sequence[StoredReading]:
        """Return the next readings."""
        batch = self._ahead.take(limit, self.cursor)
        self.oldest_ms = batch[0].reading.time_ms if batch else None
        return batch

    def _fetch(self, limit: int, after_row: int) -> Sequence[StoredReading]:
        """In the helper thread, if there is one."""
        readings = self._reader.undelivered(self._sink.name, limit, after_row)
        if isinstance(self._sink, PreparesAhead):
            self._sink.prepare(readings)
        return readings

    def send(self, records: Sequence[StoredReading]) -> Sequence[Rejected]:
        """Give readings to the sink."""
        return self._sink.deliver(records)

    def name_of(self, record: StoredReading) -> tuple[int, str]:
        """Return row and key."""
        return record.row, record.key

    def settle(self, sent: Sequence[StoredReading], rejected: Sequence[Rejected]) -> None:
        """Dead-letter first: a cursor that is ahead of the dead letters would lose them."""
        same_file(self._journal, self._journal_id)
        if rejected:
            self._journal.dead_letter(
                self._sink.name,
                [DeadLetter(item.row, item.key, item.reason) for item in rejected],
            )
            log.warning(
                "put %d readings aside as dead letters; the first is %s: %s",
                len(rejected),
                rejected[0].key,
                rejected[0].reason,
                extra={"sink": self._sink.name},
            )
        last = sent[-1]
        self._journal.advance(self._sink.name, last.row)
        self.cursor = last.row
        self.delivered += len(sent) - len(rejected)
        self.rejected += len(rejected)
        self.oldest_ms = None


class CommandsFlow:
    """Command records by version. A rejected one stays in the journal's audit trail in any case."""

    def __init__(self, sink: Sink, journal: DeliveryJournal, reader: DeliveryReader) -> None:
        """Begins where `begin` says."""
        self._sink = sink
        self._journal = journal
        self._reader = reader
        self._journal_id = ""
        self.cursor = 0
        self.delivered = 0
        self.rejected = 0

    def begin(self, journal_id: str, cursor: int) -> None:
        """Go on behind `cursor` of the journal with this id."""
        self._journal_id = journal_id
        self.cursor = cursor

    def read(self, limit: int) -> Sequence[StoredCommand]:
        """Return the next changed commands."""
        return self._reader.commands_changed_since(self.cursor, limit)

    def send(self, records: Sequence[StoredCommand]) -> Sequence[Rejected]:
        """Give command records to the sink."""
        return self._sink.deliver_commands(records)

    def name_of(self, record: StoredCommand) -> tuple[int, str]:
        """Return version and id."""
        return record.version, record.record.id

    def settle(self, sent: Sequence[StoredCommand], rejected: Sequence[Rejected]) -> None:
        """Move the cursor; say which command the sink does not have."""
        same_file(self._journal, self._journal_id)
        for item in rejected:
            log.warning(
                "command %s is not taken and stays in the journal only: %s",
                item.key,
                item.reason,
                extra={"sink": self._sink.name},
            )
        last = sent[-1]
        self._journal.advance(self._sink.name, 0, last.version)
        self.cursor = last.version
        self.delivered += len(sent) - len(rejected)
        self.rejected += len(rejected)
