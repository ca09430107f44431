"""Sample numbers that cannot be, stored by an older version: it believed every number of a board.

Such a number is the lowest that the board would be asked for: it would never have that sample. Pure, but for
the reading of the journal.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Final

from gateway.model.ledger import BootKey

SUSPECT_MIN: Final = 1 << 30
"""Lower numbers are believed: a board that samples each second gets there in 34 years."""

_LEAP_MIN: Final = 1 << 20
_SAMPLES: Final = (
    "SELECT seq, time_ms FROM readings WHERE uid = ? AND boot = ? AND seq IS NOT NULL ORDER BY seq"
)


def repaired(connection: sqlite3.Connection, progress: Mapping[BootKey, int]) -> dict[BootKey, int]:
    """The numbers to go on with, of boots whose number has leapt. Raises `sqlite3.Error`."""
    found = {}
    for key, following in progress.items():
        if following >= SUSPECT_MIN:
            believed = before_leap(connection.execute(_SAMPLES, key), following)
            if believed != following:
                found[key] = believed
    return found


def before_leap(samples: Iterable[tuple[int, int]], following: int) -> int:
    """The number after the last sample before a leap; `following` when there is none. Pure.

    `samples`: number and time (ms) of those that are stored, in the order of their numbers. A leap is more
    than one sample in each ms. Without samples the count begins anew.
    """
    believed, at_ms = 1, None
    for seq, time_ms in samples:
        gap = seq - believed
        if at_ms is not None and gap > _LEAP_MIN and gap > abs(time_ms - at_ms):
            return believed
        believed, at_ms = seq + 1, time_ms
    return believed if following - believed > _LEAP_MIN else following
