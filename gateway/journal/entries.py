"""Entries of several kinds as one list, in the order of their numbers."""

import heapq
import sqlite3
from collections.abc import Collection, Sequence
from itertools import islice
from typing import Final

from gateway.journal.batch import SELECT_BATCH, RowBatch
from gateway.journal.rows import (
    COMMAND_COLUMNS,
    READING_COLUMNS,
    RECORD_COLUMNS,
    decode_command,
    decode_reading,
    decode_record,
)
from gateway.journal.types import Entry, Kind

_LAST: Final = 2**63 - 1


def read_undelivered(
    connection: sqlite3.Connection, kinds: Collection[str], after: int, limit: int
) -> Sequence[Entry]:
    """Entries behind number `after`, up to the first reading whose time is not known yet.

    Readings alone come as a `RowBatch`. Raises `sqlite3.Error`.
    """
    if set(kinds) == {Kind.READING}:
        return RowBatch(connection.execute(SELECT_BATCH, (after, limit)).fetchone()[0])
    # All kinds as of one moment: one that is read later could be ahead of another's newest entries.
    connection.execute("BEGIN")
    try:
        before = _LAST
        if Kind.READING in kinds:
            found = connection.execute("SELECT min(row) FROM unsynced").fetchone()[0]
            before = _LAST if found is None else found
        parts = [_of_kind(connection, kind, after, before, limit) for kind in kinds]
    finally:
        connection.execute("ROLLBACK")
    return list(islice(heapq.merge(*parts, key=lambda entry: entry.seq), limit))


def _of_kind(
    connection: sqlite3.Connection, kind: str, after: int, before: int, limit: int
) -> list[Entry]:
    if kind == Kind.READING:
        rows = connection.execute(
            f"SELECT {READING_COLUMNS} FROM readings WHERE row > ? AND row < ? ORDER BY row LIMIT ?",
            (after, before, limit),
        )
        return [decode_reading(row) for row in rows]
    if kind == Kind.COMMAND:
        rows = connection.execute(
            f"SELECT {COMMAND_COLUMNS} FROM commands WHERE version > ? AND version < ?"
            " ORDER BY version LIMIT ?",
            (after, before, limit),
        )
        return [decode_command(row) for row in rows]
    rows = connection.execute(
        f"SELECT {RECORD_COLUMNS} FROM records WHERE kind = ? AND seq > ? AND seq < ?"
        " ORDER BY seq LIMIT ?",
        (kind, after, before, limit),
    )
    return [decode_record(row) for row in rows]
