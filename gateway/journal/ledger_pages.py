"""Pages of the loss ledger."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.journal.cursors import decode_cursor, encode_cursor
from gateway.journal.types import LedgerHour, LedgerPage, Order
from gateway.model.ledger import HOUR_MS
from gateway.model.reading import LossReason

Query = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]
_FURTHEST_MS = 2**62


@dataclass(frozen=True, slots=True)
class LedgerQuery:
    """Which hours: of a device, or of all; times are UTC in ms, None for no bound."""

    device: str | None
    since_ms: int | None
    until_ms: int | None
    limit: int
    cursor: str | None


def read_ledger(query: Query, asked: LedgerQuery) -> LedgerPage:
    """One page, newest hour first. Raises `InvalidCursor`."""
    # The cursor counts rows of the last hour that was shown: the ids of devices are not numbers.
    hour_ms, shown = _FURTHEST_MS, 0
    if asked.cursor is not None:
        hour_ms, shown = decode_cursor(asked.cursor, Order.DESC, 2)
    since_ms = -_FURTHEST_MS if asked.since_ms is None else asked.since_ms - HOUR_MS
    until_ms = _FURTHEST_MS if asked.until_ms is None else asked.until_ms
    found = query(
        "SELECT ledger.device, ledger.hour_ms, expected, stored,"
        " (SELECT json_group_object(reason, count) FROM losses"
        "  WHERE losses.device = ledger.device AND losses.hour_ms = ledger.hour_ms)"
        " FROM ledger WHERE (?1 IS NULL OR ledger.device = ?1) AND ledger.hour_ms <= ?2"
        " AND ledger.hour_ms > ?3 AND ledger.hour_ms < ?4"
        " AND (expected <> 0 OR stored <> 0)"
        " ORDER BY ledger.hour_ms DESC, ledger.device LIMIT ?6 OFFSET ?5",
        (asked.device, hour_ms, since_ms, until_ms, max(0, shown), asked.limit + 1),
    )
    hours = tuple(_hour(row) for row in found[: asked.limit])
    if len(found) <= asked.limit:
        return LedgerPage(hours, None)
    last_ms = hours[-1].hour_ms
    behind = sum(hour.hour_ms == last_ms for hour in hours)
    if last_ms == hour_ms:
        behind += shown
    return LedgerPage(hours, encode_cursor(Order.DESC, last_ms, behind))


def _hour(row: Sequence[Any]) -> LedgerHour:
    counted = json.loads(row[4])
    lost = {reason: int(counted.get(reason.value, 0)) for reason in LossReason}
    return LedgerHour(row[0], row[1], row[2], row[3], lost)
