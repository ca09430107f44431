"""The journal: the durable record of readings, losses, commands and devices, in one SQLite file.

`Journal` writes, from one thread, what any thread hands it; `JournalReader` reads, from any thread. This
package is the only one that knows SQLite.
"""

from gateway.journal.errors import (
    InvalidCursor,
    JournalClosed,
    JournalCorrupt,
    JournalError,
    JournalFull,
    JournalInUse,
    JournalTooNew,
    JournalUnavailable,
    NotAJournal,
)
from gateway.journal.journal import Journal
from gateway.journal.reader import JournalReader
from gateway.journal.ticket import Ticket
from gateway.journal.types import (
    CommandPage,
    DeadLetter,
    DeadReading,
    DeviceRow,
    Entry,
    JournalState,
    JournalStats,
    JournalStatus,
    Kind,
    LastSample,
    LedgerHour,
    LedgerPage,
    Order,
    Page,
    Record,
    RecordPage,
    SinkProgress,
    StoredCommand,
)

__all__ = [
    "CommandPage",
    "DeadLetter",
    "DeadReading",
    "DeviceRow",
    "Entry",
    "InvalidCursor",
    "Journal",
    "JournalClosed",
    "JournalCorrupt",
    "JournalError",
    "JournalFull",
    "JournalInUse",
    "JournalReader",
    "JournalState",
    "JournalStats",
    "JournalStatus",
    "JournalTooNew",
    "JournalUnavailable",
    "Kind",
    "LastSample",
    "LedgerHour",
    "LedgerPage",
    "NotAJournal",
    "Order",
    "Page",
    "Record",
    "RecordPage",
    "SinkProgress",
    "StoredCommand",
    "Ticket",
]
