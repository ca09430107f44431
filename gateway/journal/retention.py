"""Keeps the journal inside its bounds of age and size, a slice at a time.

Age takes only what every consumer has. Size takes, in this order: delivered readings, old commands and
records, dead letters, and only then readings that some consumer has not got; the last two are counted as
lost (shed by bound), in the same transaction. Commands and records that are not delivered stay.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.journal.size import used_bytes
from gateway.journal.transaction import count_rows
from gateway.journal.types import Kind
from gateway.model.ledger import HOUR_MS
from gateway.model.reading import LossReason

_SLICE: Final = 5000
_COMMANDS_KEPT_MS: Final = 24 * HOUR_MS
"""Repeated commands are recognised for 24 h, so that long they stay whatever the bounds say."""
_LOSSES_KEPT_MS: Final = 366 * 24 * HOUR_MS
_BOOTS_KEPT: Final = 64
_SLACK: Final = 0.98
"""Down to this part of the size, so that not every commit has a trim behind it."""
_HOUR: Final = f"time_ms - (time_ms % {HOUR_MS} + {HOUR_MS}) % {HOUR_MS}"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long (ms) and how much (bytes) is kept."""

    keep_ms: int
    max_bytes: int


@dataclass(frozen=True, slots=True)
class Delivered:
    """Up to which number all consumers of a kind have it; up to `last` where it has no consumer."""

    by_kind: Mapping[str, int]
    last: int

    def through(self, kind: str) -> int:
        """The highest number of this kind that may go."""
        return self.by_kind.get(kind, self.last)


@dataclass(frozen=True, slots=True)
class Trimmed:
    """What a slice took. `shed`: readings lost by it; `more`: there is more to take at once."""

    rows: int
    shed: int
    more: bool


def trim(
    connection: sqlite3.Connection, bounds: Bounds, delivered: Delivered, wall_ms: int
) -> Trimmed:
    """Take one slice, inside a transaction of the caller's; ages are reckoned from `wall_ms`.

    Raises `sqlite3.Error`.
    """
    rows, full = _trim_by_age(connection, bounds, delivered, wall_ms)
    shed = 0
    before = used_bytes(connection)
    if before > bounds.max_bytes:
        taken, shed = _trim_by_size(connection, bounds, delivered, wall_ms)
        rows += taken
        full = full or (taken + shed > 0 and used_bytes(connection) > bounds.max_bytes)
    return Trimmed(rows=rows, shed=shed, more=full)


def _trim_by_age(
    connection: sqlite3.Connection, bounds: Bounds, delivered: Delivered, wall_ms: int
) -> tuple[int, bool]:
    cutoff = wall_ms - bounds.keep_ms
    rows = _delete_readings(
        connection,
        # Those whose time is not known yet have no age.
        "time_ms < ? AND row <= min(?, ifnull((SELECT min(row) - 1 FROM unsynced), 9e18))"
        " ORDER BY time_ms LIMIT ?",
        (cutoff, delivered.through(Kind.READING), _SLICE),
    )
    others = _delete_others(connection, min(cutoff, wall_ms - _COMMANDS_KEPT_MS), delivered)
    for table in ("losses", "ledger"):
        connection.execute(f"DELETE FROM {table} WHERE hour_ms < ?", (wall_ms - _LOSSES_KEPT_MS,))
    # A board in a reset loop makes a boot a second.
    connection.execute(
        "DELETE FROM progress WHERE rowid IN (SELECT rowid FROM (SELECT rowid, row_number()"
        " OVER (PARTITION BY uid ORDER BY rowid DESC) AS place FROM progress) WHERE place > ?)",
        (_BOOTS_KEPT,),
    )
    return rows, _SLICE in (rows, *others)


def _trim_by_size(
    connection: sqlite3.Connection, bounds: Bounds, delivered: Delivered, wall_ms: int
) -> tuple[int, int]:
    """Readings taken that were delivered, and readings shed."""
    count, through = _rows_over(connection, bounds), delivered.through(Kind.READING)
    rows = _delete_readings(connection, "row <= ? ORDER BY row LIMIT ?", (through, count))
    if rows or any(_delete_others(connection, wall_ms - _COMMANDS_KEPT_MS, delivered)):
        return rows, 0
    shed = _shed(connection, "dead_letters", "id", "1 ORDER BY id LIMIT ?", (count,))
    if shed:
        return 0, shed
    shed = _shed(connection, "readings", "row", "row > ? ORDER BY row LIMIT ?", (through, count))
    count_rows(connection, -shed)
    return 0, shed


def _rows_over(connection: sqlite3.Connection, bounds: Bounds) -> int:
    """About how many rows must go to come under the bound with some slack; one slice at most."""
    used = used_bytes(connection)
    held = int(connection.execute("SELECT value FROM meta WHERE name = 'rows'").fetchone()[0])
    over = used - bounds.max_bytes * _SLACK
    return min(_SLICE, int(over / used * held) + 1)


def _delete_readings(
    connection: sqlite3.Connection, condition: str, parameters: tuple[int, ...]
) -> int:
    deleted = connection.execute(
        f"DELETE FROM readings WHERE row IN (SELECT row FROM readings WHERE {condition})",
        parameters,
    ).rowcount
    count_rows(connection, -deleted)
    return deleted


def _delete_others(
    connection: sqlite3.Connection, cutoff_ms: int, delivered: Delivered
) -> list[int]:
    """How many commands, and how many records of each kind, were deleted."""
    kinds = connection.execute("SELECT DISTINCT kind FROM records").fetchall()
    return [
        _delete_commands(connection, cutoff_ms, delivered.through(Kind.COMMAND)),
        *(
            connection.execute(
                "DELETE FROM records WHERE seq IN (SELECT seq FROM records WHERE kind = ?"
                " AND time_ms < ? AND seq <= ? ORDER BY time_ms LIMIT ?)",
                (kind, cutoff_ms, delivered.through(kind), _SLICE),
            ).rowcount
            for (kind,) in kinds
        ),
    ]


def _delete_commands(connection: sqlite3.Connection, cutoff_ms: int, through: int) -> int:
    return connection.execute(
        "DELETE FROM commands WHERE serial IN (SELECT serial FROM commands"
        " WHERE requested_at_ms < ? AND version <= ? AND state NOT IN ('queued', 'sent')"
        " ORDER BY requested_at_ms LIMIT ?)",
        (cutoff_ms, through, _SLICE),
    ).rowcount


def _shed(
    connection: sqlite3.Connection,
    table: str,
    key: str,
    condition: str,
    parameters: tuple[int, ...],
) -> int:
    """Delete readings that are nowhere else and count them as lost in the hour they are from."""
    chosen = f"{key} IN (SELECT {key} FROM {table} WHERE {condition})"
    connection.execute(
        f"INSERT INTO ledger SELECT device, {_HOUR}, 0, -count(*)"
        f" FROM {table} WHERE {chosen} GROUP BY 1, 2"
        " ON CONFLICT (device, hour_ms) DO UPDATE SET stored = stored + excluded.stored",
        parameters,
    )
    connection.execute(
        f"INSERT INTO losses SELECT device, {_HOUR}, ?, count(*)"
        f" FROM {table} WHERE {chosen} GROUP BY 1, 2"
        " ON CONFLICT (device, hour_ms, reason) DO UPDATE SET count = count + excluded.count",
        (LossReason.SHED_BY_BOUND.value, *parameters),
    )
    return connection.execute(f"DELETE FROM {table} WHERE {chosen}", parameters).rowcount
