"""Reading the journal from any thread, without ever holding up the writer.

Only what is committed is seen. Pages are keyset pages over (time, row): whatever was stored when the
first page was read and is still there comes exactly once, in order, however much is stored in between. A
reading stored in between is seen if its place in the order is ahead of the cursor, and not otherwise.
"""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final

from gateway.journal.cursors import decode_cursor, encode_cursor, page_position
from gateway.journal.entries import read_undelivered
from gateway.journal.ledger_pages import LedgerQuery, read_ledger
from gateway.journal.pool import ReadPool
from gateway.journal.rows import (
    COMMAND_COLUMNS,
    DEVICE_COLUMNS,
    READING_COLUMNS,
    RECORD_COLUMNS,
    check_integer,
    decode_command,
    decode_device,
    decode_reading,
    decode_record,
)
from gateway.journal.statistics import read_stats
from gateway.journal.types import (
    CommandPage,
    DeadReading,
    DeviceRow,
    Entry,
    JournalStats,
    LedgerPage,
    Order,
    Page,
    Record,
    RecordPage,
    StoredCommand,
)
from gateway.journal.windows import read_windows
from gateway.model.command import CommandRecord
from gateway.model.reading import StoredReading
from gateway.model.windows import Window, WindowQuery

LIMIT_MAX: Final = 10_000
_FIRST_MS: Final = -(2**63 - 1)
_LAST_MS: Final = 2**63 - 1
_LATEST: Final = f"""
    WITH RECURSIVE names (device) AS (
        SELECT min(device) FROM readings
        UNION ALL
        SELECT (SELECT min(device) FROM readings WHERE device > names.device)
        FROM names WHERE names.device IS NOT NULL)
    SELECT {READING_COLUMNS} FROM readings WHERE row IN (
        SELECT (SELECT row FROM readings WHERE device = names.device
                ORDER BY time_ms DESC, row DESC LIMIT 1)
        FROM names WHERE device IS NOT NULL)
    ORDER BY device"""


class JournalReader:
    """Queries. All methods may be called from any thread.

    All raise `JournalUnavailable` when the file cannot be read now, `JournalCorrupt` when it is damaged
    where it was read, `ValueError` for a limit outside 1..10000 or numbers beyond 64 bits.
    """

    def __init__(self, path: Path, *, connections_max: int = 8, timeout_s: float = 5.0) -> None:
        self._pool = ReadPool(path, connections_max, timeout_s)

    def close(self) -> None:
        """Close all connections. Idempotent."""
        self._pool.close()

    def readings(
        self,
        device: str | None = None,
        *,
        since_ms: int | None = None,
        until_ms: int | None = None,
        limit: int = 1000,
        order: Order = Order.ASC,
        cursor: str | None = None,
    ) -> Page:
        """Readings of one device, None: of all, from `since_ms` (inclusive) to `until_ms` (exclusive).

        Raises `InvalidCursor`.
        """
        order = Order(order)
        since = _FIRST_MS if since_ms is None else since_ms
        until = _LAST_MS if until_ms is None else until_ms
        condition, direction, position = page_position(order, cursor, since, until)
        parameters: list[object] = [*position]
        if device is not None:
            condition = f"{condition} AND device = ?"
            parameters.append(device)
        found = self._query(
            f"SELECT {READING_COLUMNS} FROM readings WHERE (time_ms, row) {condition}"
            f" ORDER BY time_ms{direction}, row{direction} LIMIT ?",
            [*parameters, _checked(limit) + 1],
        )
        page = tuple(decode_reading(row) for row in found[:limit])
        if len(found) <= limit:
            return Page(page, None)
        return Page(page, encode_cursor(order, page[-1].reading.time_ms, page[-1].row))

    def span(
        self, device: str, since_ms: int | None = None, until_ms: int | None = None
    ) -> tuple[int, int] | None:
        """Times (UTC ms) of the oldest and newest reading of a device in a range; None: there is none."""
        where = "FROM readings WHERE device = ? AND time_ms >= ? AND time_ms < ?"
        since = _FIRST_MS if since_ms is None else since_ms
        until = _LAST_MS if until_ms is None else until_ms
        # Two queries: each is one step into the index, and both at once would read all of it.
        oldest, newest = self._query(
            f"SELECT (SELECT min(time_ms) {where}), (SELECT max(time_ms) {where})",
            (device, since, until) * 2,
        )[0]
        return None if oldest is None else (oldest, newest)

    def windows(self, query: WindowQuery) -> list[Window]:
        """Every window of the query that has a reading, oldest first."""
        for number in (query.every_ms, query.since_ms, query.until_ms):
            check_integer(number)
        with self._pool.connection() as connection:
            return read_windows(connection, query)

    def readings_after(self, row: int, limit: int) -> list[StoredReading]:
        """Readings behind a row number, in the order they were stored."""
        found = self._query(
            f"SELECT {READING_COLUMNS} FROM readings WHERE row > ? ORDER BY row LIMIT ?",
            (row, _checked(limit)),
        )
        return [decode_reading(row) for row in found]

    def undelivered(self, kinds: Collection[str], after: int, limit: int) -> Sequence[Entry]:
        """Entries of these kinds behind number `after`, each as it is now, in the order of their numbers.

        Where readings are among the kinds it ends before the first one whose time is not known yet. Readings
        alone come as a `RowBatch`.
        """
        check_integer(after)
        with self._pool.connection() as connection:
            return read_undelivered(connection, kinds, after, _checked(limit))

    def latest(self) -> list[StoredReading]:
        """The reading with the newest time of each device, by device."""
        return [decode_reading(row) for row in self._query(_LATEST)]

    def commands(
        self,
        device: str | None = None,
        *,
        limit: int = 100,
        order: Order = Order.DESC,
        cursor: str | None = None,
    ) -> CommandPage:
        """Commands in the order they were first saved. Raises `InvalidCursor`."""
        order = Order(order)
        if order is Order.ASC:
            condition, direction, start = "serial > ?", "", 0
        else:
            condition, direction, start = "serial < ?", " DESC", _LAST_MS
        if cursor is not None:
            (start,) = decode_cursor(cursor, order, 1)
        parameters: list[object] = [start]
        if device is not None:
            condition = f"device = ? AND {condition}"
            parameters.insert(0, device)
        found = self._query(
            f"SELECT {COMMAND_COLUMNS}, serial FROM commands WHERE {condition}"
            f" ORDER BY serial{direction} LIMIT ?",
            [*parameters, _checked(limit) + 1],
        )
        page = tuple(decode_command(row) for row in found[:limit])
        following = encode_cursor(order, found[limit - 1][-1]) if len(found) > limit else None
        return CommandPage(page, following)

    def command(self, command_id: str) -> StoredCommand | None:
        """The command with this id; None: there is none, or no longer."""
        found = self._query(f"SELECT {COMMAND_COLUMNS} FROM commands WHERE id = ?", (command_id,))
        return decode_command(found[0]) if found else None

    def command_by_idempotency(self, key: str, since_ms: int = 0) -> CommandRecord | None:
        """The newest command asked for with this idempotency key at `since_ms` or later, or None."""
        found = self._query(
            f"SELECT {COMMAND_COLUMNS} FROM commands WHERE idempotency_key = ?"
            " AND requested_at_ms >= ? ORDER BY serial DESC LIMIT 1",
            (key, since_ms),
        )
        return decode_command(found[0]).record if found else None

    def last_token(self, device: str) -> int | None:
        """The token of the newest command to a device that has one; None: there is none."""
        found = self._query(
            "SELECT token FROM commands WHERE device = ? AND token IS NOT NULL"
            " ORDER BY serial DESC LIMIT 1",
            (device,),
        )
        return int(found[0][0]) if found else None

    def commands_changed_since(self, version: int, limit: int) -> list[StoredCommand]:
        """Commands saved after `version`, each as it is now, in the order of their last save."""
        found = self._query(
            f"SELECT {COMMAND_COLUMNS} FROM commands WHERE version > ? ORDER BY version LIMIT ?",
            (version, _checked(limit)),
        )
        return [decode_command(row) for row in found]

    def record(self, kind: str, name: str) -> Record | None:
        """The record of this kind and id; None: there is none, or no longer."""
        found = self._query(
            f"SELECT {RECORD_COLUMNS} FROM records WHERE kind = ? AND id = ?", (kind, name)
        )
        return decode_record(found[0]) if found else None

    def records(
        self,
        kind: str,
        device: str | None = None,
        *,
        since_ms: int | None = None,
        until_ms: int | None = None,
        limit: int = 100,
        order: Order = Order.DESC,
        cursor: str | None = None,
    ) -> RecordPage:
        """Records of a kind by their time, from `since_ms` (inclusive) to `until_ms` (exclusive).

        `device` None: of all. Raises `InvalidCursor`.
        """
        order = Order(order)
        since = _FIRST_MS if since_ms is None else since_ms
        until = _LAST_MS if until_ms is None else until_ms
        condition, direction, position = page_position(order, cursor, since, until)
        parameters: list[object] = [kind, *position]
        if device is not None:
            condition = f"{condition} AND device = ?"
            parameters.append(device)
        found = self._query(
            f"SELECT {RECORD_COLUMNS} FROM records WHERE kind = ? AND (time_ms, seq) {condition}"
            f" ORDER BY time_ms{direction}, seq{direction} LIMIT ?",
            [*parameters, _checked(limit) + 1],
        )
        page = tuple(decode_record(row) for row in found[:limit])
        if len(found) <= limit:
            return RecordPage(page, None)
        return RecordPage(page, encode_cursor(order, page[-1].time_ms, page[-1].seq))

    def devices(self) -> list[DeviceRow]:
        """All devices that were saved, by id."""
        found = self._query(f"SELECT {DEVICE_COLUMNS} FROM devices ORDER BY id")
        return [decode_device(row) for row in found]

    def dead_letters(self, sink: str | None = None, *, limit: int = 100) -> list[DeadReading]:
        """The newest readings that a sink (None: any) refused for good, newest first."""
        found = self._query(
            f"SELECT {READING_COLUMNS}, sink, reason, at_ms FROM dead_letters"
            " WHERE ?1 IS NULL OR sink = ?1 ORDER BY id DESC LIMIT ?2",
            (sink, _checked(limit)),
        )
        return [DeadReading(row[-3], row[-2], row[-1], decode_reading(row)) for row in found]

    def ledger(
        self,
        device: str | None = None,
        *,
        since_ms: int | None = None,
        until_ms: int | None = None,
        limit: int = 1000,
        cursor: str | None = None,
    ) -> LedgerPage:
        """Hours of one device, None: of all, that overlap the time from `since_ms` to `until_ms`.

        Newest first, devices by id inside an hour. Raises `InvalidCursor`.
        """
        return read_ledger(
            self._query,
            LedgerQuery(device, since_ms, until_ms, _checked(limit), cursor),
        )

    def stats(self) -> JournalStats:
        """What the journal holds."""
        with self._pool.connection() as connection:
            return read_stats(connection)

    def _query(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        for value in parameters:
            if isinstance(value, int):
                check_integer(value)
        with self._pool.connection() as connection:
            # All at once: a statement left half read would keep the write-ahead log from shrinking.
            return connection.execute(sql, parameters).fetchall()


def _checked(limit: int) -> int:
    if not 1 <= limit <= LIMIT_MAX:
        raise ValueError(f"limit must be 1..{LIMIT_MAX}, not {limit}")
    return limit
