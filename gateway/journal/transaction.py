"""One group commit: applies operations and keeps what they change until the COMMIT has succeeded."""

import logging
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from gateway.journal.operations import (
    Advance,
    Append,
    DeadLetterAppend,
    Flush,
    Operation,
    SaveCommand,
    SaveRecord,
)
from gateway.journal.rows import (
    COMMAND_COLUMNS,
    DEVICE_COLUMNS,
    READING_COLUMNS,
    RECORD_COLUMNS,
    decode_command,
    encode_command,
)
from gateway.journal.size import used_bytes
from gateway.journal.types import Entry, LastSample, StoredCommand
from gateway.model.command import CommandRecord, CommandState
from gateway.model.ledger import Account, BootKey, hour_of
from gateway.model.reading import Loss, Quality, Reading, StoredReading
from gateway.model.wording import counted

_INSERT_READING: Final = (
    f"INSERT INTO readings ({READING_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"
    " ON CONFLICT (key) DO NOTHING"
)
_ADD_LOSS: Final = (
    "INSERT INTO losses VALUES (?, ?, ?, ?)"
    " ON CONFLICT (device, hour_ms, reason) DO UPDATE SET count = count + excluded.count"
)
_ADD_TO_LEDGER: Final = (
    "INSERT INTO ledger VALUES (?, ?, ?, ?) ON CONFLICT (device, hour_ms) DO UPDATE SET"
    " expected = expected + excluded.expected, stored = stored + excluded.stored"
)
_SAVE_HEARD: Final = "INSERT OR REPLACE INTO heard VALUES (?, ?, ?, ?, ?, ?)"
_log = logging.getLogger(__name__)


def _upsert(table: str, columns: str, key: str) -> str:
    names = [name.strip() for name in columns.split(",")]
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name != key)
    marks = ",".join("?" * len(names))
    return f"INSERT INTO {table} ({columns}) VALUES ({marks}) ON CONFLICT ({key}) DO UPDATE SET {changes}"


_SAVE_COMMAND: Final = _upsert("commands", COMMAND_COLUMNS, "id")
_SAVE_DEVICE: Final = _upsert("devices", DEVICE_COLUMNS, "id")
_SAVE_RECORD: Final = f"INSERT OR REPLACE INTO records ({RECORD_COLUMNS}) VALUES (?,?,?,?,?,?)"
_ADVANCE: Final = (
    "INSERT INTO cursors VALUES (?, ?, ?) ON CONFLICT (consumer) DO UPDATE SET"
    " kinds = iif(excluded.kinds = '', kinds, excluded.kinds), seq = max(seq, excluded.seq)"
)
_ADD_DEAD_LETTER: Final = (
    f"INSERT INTO dead_letters (sink, reason, at_ms, {READING_COLUMNS})"
    f" SELECT ?, ?, ?, {READING_COLUMNS} FROM readings WHERE row = ?"
    " ON CONFLICT (sink, key) DO UPDATE SET reason = excluded.reason"
)


@dataclass(slots=True)
class Marks:
    """The numbers the writer counts on with; a copy is changed and adopted after the COMMIT.

    `seq` is the last number given to an entry, `last_row` the last one given to a reading.
    """

    journal_id: str = ""
    seq: int = 0
    last_row: int = 0
    commits: int = 0


@dataclass(slots=True)
class Transaction:
    """What a transaction has done so far. Only the writer's thread uses it."""

    connection: sqlite3.Connection
    marks: Marks
    progress: Mapping[BootKey, int]
    readings: list[StoredReading] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    heard: dict[str, LastSample] = field(default_factory=dict)
    account: Account = field(init=False)
    duplicates: int = 0
    held: int = 0
    bytes_used: int = 0
    changes_before: int = field(init=False)
    seq_before: int = field(init=False)

    def __post_init__(self) -> None:
        self.account = Account(lambda key: self.progress.get(key, 1))
        self.changes_before = self.connection.total_changes
        self.seq_before = self.marks.seq

    @property
    def advanced(self) -> dict[BootKey, int]:
        """The lowest number of each boot that is not accounted for, where this transaction moved it."""
        return self.account.following

    def apply(self, operation: Operation) -> None:
        """Do one operation. Raises `sqlite3.Error`."""
        if isinstance(operation, Append):
            self._append(operation)
        elif isinstance(operation, SaveCommand):
            self._save_command(operation.record, operation.encoded)
        elif isinstance(operation, SaveRecord):
            self._save_record(operation)
        elif isinstance(operation, DeadLetterAppend):
            self.connection.executemany(
                _ADD_DEAD_LETTER,
                (
                    (operation.sink, item.reason, operation.at_ms, item.row)
                    for item in operation.items
                ),
            )
        elif isinstance(operation, Advance):
            kinds = " ".join(sorted(operation.kinds))
            self.connection.execute(_ADVANCE, (operation.consumer, kinds, operation.seq))
        elif not isinstance(operation, Flush):
            self.connection.execute(_SAVE_DEVICE, operation.encoded)

    def finish(self) -> None:
        """Write what belongs to the whole transaction: progress and counters."""
        self.connection.executemany(
            "INSERT OR REPLACE INTO progress VALUES (?, ?, ?)",
            ((uid, boot, following) for (uid, boot), following in self.advanced.items()),
        )
        self._write_ledger()
        self.connection.executemany(
            _SAVE_HEARD,
            (
                (uid, last.boot, last.seq, last.time_ms, last.boot_id, last.boottime_ms)
                for uid, last in self.heard.items()
            ),
        )
        if self.readings:
            count_rows(self.connection, len(self.readings))
        if self.marks.seq > self.seq_before:
            self.connection.execute(
                "UPDATE meta SET value = ? WHERE name = 'seq'", (self.marks.seq,)
            )
        if self.connection.total_changes > self.changes_before:
            self.marks.commits += 1
            self.connection.execute(
                "UPDATE meta SET value = ? WHERE name = 'commits'", (self.marks.commits,)
            )
        self.bytes_used = used_bytes(self.connection)

    def close_open_commands(self, wall_ms: int) -> None:
        """End the commands that a former run has left open; their callers are gone."""
        rows = self.connection.execute(
            f"SELECT {COMMAND_COLUMNS} FROM commands WHERE state IN ('queued', 'sent')"
            " ORDER BY version"
        ).fetchall()
        for row in rows:
            record = decode_command(row).record
            if record.state is CommandState.QUEUED:
                state, detail = CommandState.EXPIRED, "never sent: the gateway was stopped before"
            else:
                state, detail = (
                    CommandState.UNKNOWN,
                    "sent, but the gateway was stopped before the answer",
                )
            record = replace(record, state=state, detail=detail, finished_at_ms=wall_ms)
            self._save_command(record, encode_command(record))

    def _append(self, operation: Append) -> None:
        first = self.marks.seq + 1
        stored = []
        rows = []
        for row, (reading, encoded) in enumerate(
            zip(operation.readings, operation.encoded, strict=True), first
        ):
            key = reading.key or f"{self.marks.journal_id}-{row}"
            stored.append(StoredReading(row, key, reading))
            rows.append((row, key, *encoded))
        before = self.connection.total_changes
        self.connection.executemany(_INSERT_READING, rows)
        duplicates = len(rows) - (self.connection.total_changes - before)
        if duplicates:
            kept = {
                row
                for (row,) in self.connection.execute(
                    "SELECT row FROM readings WHERE row >= ?", (first,)
                )
            }
            stored = [one for one in stored if one.row in kept]
            self.duplicates += duplicates
        self.marks.seq += len(rows)
        if stored:
            self.marks.last_row = stored[-1].row
        self.readings += stored
        self.entries += stored
        if operation.qualities:
            self._hold_for_clock(first, operation.qualities, stored)
        self.account.book(operation.readings, [one.reading for one in stored], operation.losses)
        self._note_heard(operation.readings)
        add_losses(self.connection, operation.losses)

    def _hold_for_clock(
        self, first: int, qualities: Sequence[Quality], stored: Sequence[StoredReading]
    ) -> None:
        self.connection.executemany(
            "INSERT INTO unsynced VALUES (?, ?)",
            ((one.row, qualities[one.row - first].value) for one in stored),
        )
        self.held += len(stored)

    def _note_heard(self, readings: Sequence[Reading]) -> None:
        for one in readings:
            if one.uid is not None and one.boot is not None and one.seq is not None:
                self.heard[one.uid] = LastSample(
                    one.boot, one.seq, one.time_ms, one.boot_id, one.boottime_ms
                )

    def _write_ledger(self) -> None:
        add_to_ledger(
            self.connection,
            (
                (device, hour_ms, count.expected, count.stored)
                for (device, hour_ms), count in self.account.hours.items()
            ),
        )
        if self.account.unexplained:
            _log.error(
                "%s neither stored nor counted as lost; this is a fault of the gateway,"
                " please report it",
                counted(self.account.unexplained, "sample"),
            )

    def _save_command(self, record: CommandRecord, encoded: tuple[object, ...]) -> None:
        self.marks.seq += 1
        self.connection.execute(_SAVE_COMMAND, (self.marks.seq, *encoded))
        self.entries.append(StoredCommand(self.marks.seq, record))

    def _save_record(self, operation: SaveRecord) -> None:
        self.marks.seq += 1
        record = replace(operation.record, seq=self.marks.seq)
        self.connection.execute(_SAVE_RECORD, (record.seq, *operation.encoded))
        self.entries.append(record)


def add_losses(connection: sqlite3.Connection, losses: Sequence[Loss]) -> None:
    """Add to the counts of lost samples, by device, hour and reason."""
    connection.executemany(
        _ADD_LOSS,
        ((loss.device, hour_of(loss.time_ms), loss.reason.value, loss.count) for loss in losses),
    )


def add_to_ledger(
    connection: sqlite3.Connection, rows: Iterable[tuple[str, int, int, int]]
) -> None:
    """Add to the counts of device, hour, expected and stored samples."""
    connection.executemany(_ADD_TO_LEDGER, rows)


def count_rows(connection: sqlite3.Connection, change: int) -> None:
    """Keep the number of readings, which SQLite would have to read a whole index to know."""
    connection.execute("UPDATE meta SET value = value + ? WHERE name = 'rows'", (change,))
