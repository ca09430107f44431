"""One group commit: applies operations and keeps what they change until the COMMIT has succeeded."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from gateway.command_record import CommandRecord, CommandState
from gateway.journal.operations import Advance, Append, Bury, Flush, Operation, SaveCommand
from gateway.journal.rows import (
    COMMAND_COLUMNS,
    DEVICE_COLUMNS,
    READING_COLUMNS,
    decode_command,
    encode_command,
)
from gateway.journal.size import used_bytes
from gateway.journal.types import StoredCommand
from gateway.reading import Loss, StoredReading

HOUR_MS: Final = 3_600_000
BootKey = tuple[str, int]
"""Device uid and boot number: what sequence numbers count within."""

_INSERT_READING: Final = (
    f"INSERT INTO readings ({READING_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"
    " ON CONFLICT (key) DO NOTHING"
)
_ADD_LOSS: Final = (
    "INSERT INTO losses VALUES (?, ?, ?, ?)"
    " ON CONFLICT (device, hour_ms, reason) DO UPDATE SET count = count + excluded.count"
)


def _upsert(table: str, columns: str, key: str) -> str:
    names = [name.strip() for name in columns.split(",")]
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name != key)
    marks = ",".join("?" * len(names))
    return f"INSERT INTO {table} ({columns}) VALUES ({marks}) ON CONFLICT ({key}) DO UPDATE SET {changes}"


_SAVE_COMMAND: Final = _upsert("commands", COMMAND_COLUMNS, "id")
_SAVE_DEVICE: Final = _upsert("devices", DEVICE_COLUMNS, "id")
_ADVANCE: Final = (
    "INSERT INTO cursors VALUES (?, ?, ?) ON CONFLICT (sink) DO UPDATE SET"
    " row = max(row, excluded.row), command_version = max(command_version, excluded.command_version)"
)
_BURY: Final = (
    f"INSERT INTO dead_letters (sink, reason, at_ms, {READING_COLUMNS})"
    f" SELECT ?, ?, ?, {READING_COLUMNS} FROM readings WHERE row = ?"
    " ON CONFLICT (sink, key) DO UPDATE SET reason = excluded.reason"
)


@dataclass(slots=True)
class Marks:
    """The numbers the writer counts on with; a copy is changed and adopted after the COMMIT."""

    journal_id: str = ""
    next_row: int = 1
    command_version: int = 0
    commits: int = 0


@dataclass(slots=True)
class Transaction:
    """What a transaction has done so far. Only the writer's thread uses it."""

    connection: sqlite3.Connection
    marks: Marks
    progress: Mapping[BootKey, int]
    readings: list[StoredReading] = field(default_factory=list)
    commands: list[StoredCommand] = field(default_factory=list)
    advanced: dict[BootKey, int] = field(default_factory=dict)
    duplicates: int = 0
    bytes_used: int = 0
    changes_before: int = field(init=False)

    def __post_init__(self) -> None:
        self.changes_before = self.connection.total_changes

    def apply(self, operation: Operation) -> None:
        """Do one operation. Raises `sqlite3.Error`."""
        if isinstance(operation, Append):
            self._append(operation)
        elif isinstance(operation, SaveCommand):
            self._save_command(operation.record, operation.encoded)
        elif isinstance(operation, Bury):
            self.connection.executemany(
                _BURY,
                (
                    (operation.sink, item.reason, operation.at_ms, item.row)
                    for item in operation.items
                ),
            )
        elif isinstance(operation, Advance):
            self.connection.execute(
                _ADVANCE, (operation.sink, operation.row, operation.command_version)
            )
        elif not isinstance(operation, Flush):
            self.connection.execute(_SAVE_DEVICE, operation.encoded)

    def finish(self) -> None:
        """Write what belongs to the whole transaction: progress and counters."""
        self.connection.executemany(
            "INSERT OR REPLACE INTO progress VALUES (?, ?, ?)",
            ((uid, boot, following) for (uid, boot), following in self.advanced.items()),
        )
        if self.readings:
            count_rows(self.connection, len(self.readings))
        if self.commands:
            self.connection.execute(
                "UPDATE meta SET value = ? WHERE name = 'command_version'",
                (self.marks.command_version,),
            )
        if self.connection.total_changes > self.changes_before:
            self.marks.commits += 1
            self.connection.execute(
                "UPDATE meta SET value = ? WHERE name = 'commits'", (self.marks.commits,)
            )
        self.bytes_used = used_bytes(self.connection)

    def close_open_commands(self, wall_ms: int) -> None:
        """End the commands that a former run has left open; nobody waits for them any more."""
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
        first = self.marks.next_row
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
        self.marks.next_row += len(rows)
        self.readings += stored
        self._note_progress(operation)
        add_losses(self.connection, operation.losses)

    def _note_progress(self, operation: Append) -> None:
        for reading in operation.readings:
            # Encoding has made sure that all three are there, or none.
            if reading.uid is None or reading.boot is None or reading.seq is None:
                continue
            key = (reading.uid, reading.boot)
            known = self.advanced.get(key) or self.progress.get(key, 1)
            self.advanced[key] = max(known, reading.seq + 1)

    def _save_command(self, record: CommandRecord, encoded: tuple[object, ...]) -> None:
        self.marks.command_version += 1
        self.connection.execute(_SAVE_COMMAND, (self.marks.command_version, *encoded))
        self.commands.append(StoredCommand(self.marks.command_version, record))


def add_losses(connection: sqlite3.Connection, losses: Sequence[Loss]) -> None:
    """Add to the counts of lost samples, by device, hour and reason."""
    connection.executemany(
        _ADD_LOSS,
        (
            (loss.device, loss.time_ms - loss.time_ms % HOUR_MS, loss.reason.value, loss.count)
            for loss in losses
        ),
    )


def count_rows(connection: sqlite3.Connection, change: int) -> None:
    """Keep the number of readings, which SQLite would have to read a whole index to know."""
    connection.execute("UPDATE meta SET value = value + ? WHERE name = 'rows'", (change,))
