"""Readings that were taken before the wall clock was right: stamped again when it is.

Their moment is known on the machine's own clock (boot id and CLOCK_BOOTTIME), so the same start of the
machine must still be going on. They are not delivered meanwhile, since what a sink has cannot be taken
back; but no longer than `HOLD_MS`, and not at all after a restart of the machine: then the time can no
longer be determined, and they are delivered as they are, marked.
"""

import sqlite3
from dataclasses import dataclass
from typing import Final

from gateway.journal.transaction import Transaction
from gateway.model.ledger import hour_of
from gateway.runtime.clock import WallClock

HOLD_MS: Final = 15 * 60_000
"""Longest time that delivery waits for the clock."""

_SLICE: Final = 1000


@dataclass(frozen=True, slots=True)
class Stamped:
    """What a slice did: `rows` wait no longer, of which `stamped` have another time now."""

    rows: int
    stamped: int
    more: bool


def restamp(transaction: Transaction, clock: WallClock) -> Stamped:
    """Stamp the oldest readings of a slice again, by the clock as it is now. Raises `sqlite3.Error`."""
    connection = transaction.connection
    waiting = connection.execute(
        "SELECT unsynced.row, unsynced.quality, device, time_ms, boot_id, boottime_ms"
        " FROM unsynced LEFT JOIN readings USING (row) ORDER BY unsynced.row LIMIT ?",
        (_SLICE,),
    ).fetchall()
    boot_id, offset_ms = clock.boot_id(), clock.wall_ms() - clock.boottime_ms()
    changes = []
    for row, quality, device, time_ms, taken_in, boottime_ms in waiting:
        if taken_in != boot_id:
            continue
        moved_ms = boottime_ms + offset_ms
        changes.append((moved_ms, quality, row))
        transaction.account.move(device, hour_of(time_ms), hour_of(moved_ms))
    connection.executemany("UPDATE readings SET time_ms = ?, quality = ? WHERE row = ?", changes)
    _forget(connection, [row for row, *_ in waiting])
    return Stamped(len(waiting), len(changes), len(waiting) == _SLICE)


def release(connection: sqlite3.Connection, clock: WallClock, *, holding: bool) -> Stamped:
    """Let go of the oldest readings whose time cannot be told, or not soon. Raises `sqlite3.Error`."""
    waiting = connection.execute(
        "SELECT unsynced.row, boot_id, boottime_ms FROM unsynced LEFT JOIN readings USING (row)"
        " ORDER BY unsynced.row LIMIT ?",
        (_SLICE,),
    ).fetchall()
    boot_id, latest_ms = clock.boot_id(), clock.boottime_ms() - HOLD_MS
    given_up = [
        row
        for row, taken_in, boottime_ms in waiting
        if taken_in != boot_id or (holding and boottime_ms <= latest_ms)
    ]
    _forget(connection, given_up)
    return Stamped(len(given_up), 0, len(given_up) == _SLICE)


def _forget(connection: sqlite3.Connection, rows: list[int]) -> None:
    connection.executemany("DELETE FROM unsynced WHERE row = ?", ((row,) for row in rows))
