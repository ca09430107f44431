"""What can still be read of a damaged journal is taken over into the new one.

Without it a damaged page would cost every reading that was not delivered yet, the memory of which commands
were carried out, and the ledger. What cannot be read is skipped: rows are read in slices, and a slice with
a damaged row in halves, down to the row. The damaged file is only read, and stays.
"""

import contextlib
import logging
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from gateway.journal.ddl import (
    COUNT_COMMANDS,
    LEDGER_FROM_REST,
    ONE_COUNTER_SINCE,
    RENUMBER_COMMANDS,
    RENUMBER_CURSORS,
)
from gateway.journal.rows import READING_COLUMNS
from gateway.journal.transaction import count_rows
from gateway.model.wording import counted
from gateway.runtime.clock import WallClock

_SLICE: Final = 2000
_BUDGET_S: Final = 20.0
"""The gateway starts meanwhile, so it must come to an end; the newest readings come first."""
_SMALL_TABLES: Final = (
    "progress", "heard", "losses", "ledger", "cursors", "devices", "commands", "records",
    "dead_letters", "unsynced",
)  # fmt: skip
_READING_MARKS: Final = ",".join("?" * len(READING_COLUMNS.split(",")))
_NUMBERS_OF_SOURCE: Final = (
    "SELECT max(value) FROM meta WHERE name IN ('seq', 'command_version')",
    "SELECT max(seq) FROM sqlite_sequence WHERE name = 'readings'",
    "SELECT max(max(row, command_version)) FROM cursors",
)
_NUMBERS_OF_TARGET: Final = (
    "SELECT max(version) FROM commands",
    "SELECT max(seq) FROM records",
    "SELECT max(seq) FROM cursors",
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Salvaged:
    """Readings that were taken over, and row numbers that should have held one and could not be read."""

    readings: int = 0
    unreadable: int = 0


def salvage(aside: Path, connection: sqlite3.Connection, clock: WallClock) -> Salvaged:
    """Copy what can be read of `aside` into the new file that is open. Raises `sqlite3.Error` of the new."""
    # A write-ahead log is read with it; without one nothing must be left beside the file.
    log = Path(f"{aside}-wal")
    mode = "mode=ro" if log.exists() and log.stat().st_size else "mode=ro&immutable=1"
    address = f"file:{quote(str(aside.absolute()))}?{mode}"
    try:
        source = sqlite3.connect(address, uri=True, timeout=0.5, isolation_level=None)
    except sqlite3.Error as error:
        _log.error("nothing can be read of %s: %s", aside, error)
        return Salvaged()
    with contextlib.closing(source):
        # Or SQLite reads nothing at all of a file that was cut off.
        source.execute("PRAGMA writable_schema = ON")
        connection.execute("BEGIN IMMEDIATE")
        try:
            copied = _copy(source, connection, clock)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    _log.warning(
        "taken over from %s: %s; %d could not be read", aside, counted(copied.readings, "reading"),
        copied.unreadable,
    )  # fmt: skip
    return copied


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, clock: WallClock) -> Salvaged:
    two_counters = (_number(source, "PRAGMA user_version") or 0) < ONE_COUNTER_SINCE
    for table in _SMALL_TABLES:
        if not two_counters or table not in ("cursors", "records"):
            _copy_table(source, target, table)
    last = _number(source, "SELECT max(row) FROM readings") or _number(
        source, "SELECT max(seq) FROM sqlite_sequence WHERE name = 'readings'"
    )
    _count_on(source, target, last or 0)
    if two_counters:
        _renumber(source, target)
    if not last:
        return Salvaged()
    first = _number(source, "SELECT min(row) FROM readings") or 1
    readings = unreadable = 0
    deadline = clock.monotonic() + _BUDGET_S
    for low in range(last - (last - first) % _SLICE, first - 1, -_SLICE):
        if clock.monotonic() > deadline:
            unreadable += low + _SLICE - first
            break
        high = min(low + _SLICE, last + 1)
        for rows, missed in _rows(source, low, high):
            unreadable += missed
            target.executemany(
                f"INSERT INTO readings ({READING_COLUMNS}) VALUES ({_READING_MARKS})"
                " ON CONFLICT DO NOTHING",
                rows,
            )
            readings += len(rows)
    count_rows(target, readings)
    _make_consistent(target)
    return Salvaged(readings, unreadable)


def _make_consistent(target: sqlite3.Connection) -> None:
    """Where one table was read and another was not, they must agree all the same."""
    target.execute(
        "INSERT INTO progress (uid, boot, next) SELECT uid, boot, max(seq) + 1 FROM readings"
        " WHERE uid IS NOT NULL GROUP BY uid, boot"
        " ON CONFLICT (uid, boot) DO UPDATE SET next = max(next, excluded.next)"
    )
    target.execute(f"{LEDGER_FROM_REST} ON CONFLICT (device, hour_ms) DO NOTHING")
    target.execute(
        "UPDATE ledger SET expected = stored + (SELECT ifnull(sum(count), 0) FROM losses"
        " WHERE losses.device = ledger.device AND losses.hour_ms = ledger.hour_ms)"
    )
    target.execute("DELETE FROM unsynced WHERE row NOT IN (SELECT row FROM readings)")


def _count_on(source: sqlite3.Connection, target: sqlite3.Connection, last_row: int) -> None:
    """No number that a consumer has seen comes again."""
    known = [
        last_row,
        *(_number(source, sql) or 0 for sql in _NUMBERS_OF_SOURCE),
        *(_number(target, sql) or 0 for sql in _NUMBERS_OF_TARGET),
    ]
    target.execute("UPDATE meta SET value = ? WHERE name = 'seq'", (max(known),))


def _renumber(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """What migration 4 does to commands and cursors."""
    target.execute("CREATE TEMP TABLE old_cursors (sink, row, command_version)")
    found = list(_readable(source, "SELECT sink, row, command_version FROM cursors", "cursors"))
    target.executemany("INSERT INTO old_cursors VALUES (?, ?, ?)", found)
    for statement in (RENUMBER_CURSORS, RENUMBER_COMMANDS, COUNT_COMMANDS):
        target.execute(statement)
    target.execute("DROP TABLE old_cursors")


def _rows(
    source: sqlite3.Connection, low: int, high: int
) -> Iterator[tuple[list[tuple[object, ...]], int]]:
    """Rows from `low` up to, not with, `high`, and how many could not be read."""
    try:
        found = source.execute(
            f"SELECT {READING_COLUMNS} FROM readings WHERE row >= ? AND row < ?", (low, high)
        ).fetchall()
    except (sqlite3.Error, UnicodeDecodeError):
        if high - low == 1:
            yield [], 1
            return
        middle = (low + high) // 2
        yield from _rows(source, low, middle)
        yield from _rows(source, middle, high)
        return
    yield [row for row in found if _is_sound(row)], sum(not _is_sound(row) for row in found)


def _is_sound(row: tuple[object, ...]) -> bool:
    """A damaged page can read as something else altogether."""
    return isinstance(row[1], str) and isinstance(row[2], str) and isinstance(row[3], int)


def _copy_table(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> None:
    """As many rows as can be read, from the beginning on."""
    columns = [row[1] for row in target.execute(f"PRAGMA table_info({table})")]
    names = ", ".join(f'"{column}"' for column in columns)
    marks = ",".join("?" * len(columns))
    for row in _readable(source, f"SELECT {names} FROM {table}", table):
        with contextlib.suppress(sqlite3.IntegrityError):
            target.execute(f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})", row)


def _number(source: sqlite3.Connection, sql: str) -> int | None:
    try:
        found = source.execute(sql).fetchone()[0]
    except sqlite3.Error:
        return None
    return found if isinstance(found, int) else None


def _readable(source: sqlite3.Connection, sql: str, table: str) -> Iterator[tuple[object, ...]]:
    """Rows up to the first damage."""
    try:
        yield from source.execute(sql)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        _log.warning("`%s` was not taken over in full: %s", table, error)
