"""Opaque cursors: where a page ended and which way the list goes. Pure."""

import base64
import binascii
import json
from typing import Final

from gateway.journal.errors import InvalidCursor
from gateway.journal.types import Order

_LENGTH_MAX: Final = 200
_INTEGER_MAX: Final = 2**63 - 1


def encode_cursor(order: Order, *position: int) -> str:
    """A cursor behind `position`, in URL-safe characters without padding."""
    text = json.dumps([order.value, *position], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, order: Order, length: int) -> tuple[int, ...]:
    """The position of `length` integers. Raises `InvalidCursor`, also for the other order."""
    if len(cursor) > _LENGTH_MAX:
        raise InvalidCursor("the cursor is too long")
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        found = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise InvalidCursor("the cursor was not issued by this gateway") from error
    if not isinstance(found, list) or len(found) != length + 1:
        raise InvalidCursor("the cursor was not issued by this gateway")
    position = found[1:]
    if not all(type(part) is int and abs(part) <= _INTEGER_MAX for part in position):
        raise InvalidCursor("the cursor was not issued by this gateway")
    if found[0] != order.value:
        raise InvalidCursor("the cursor belongs to a list in another order")
    return tuple(position)


def page_position(
    order: Order, cursor: str | None, since_ms: int, until_ms: int
) -> tuple[str, str, tuple[int, int, int]]:
    """Where a page by time begins and ends: a condition on (time, number), direction, parameters.

    Raises `InvalidCursor`.
    """
    position = decode_cursor(cursor, order, 2) if cursor is not None else None
    if order is Order.ASC:
        # Numbers begin at 1, so (since, 0) lies before the first entry of that moment.
        time_ms, seq = max(position or (since_ms, 0), (since_ms, 0))
        return "> (?, ?) AND time_ms < ?", "", (time_ms, seq, until_ms)
    time_ms, seq = min(position or (until_ms, 0), (until_ms, 0))
    return "< (?, ?) AND time_ms >= ?", " DESC", (time_ms, seq, since_ms)
