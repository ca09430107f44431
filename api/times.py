"""RFC 3339 times of the API; inside, a time is UTC in ms since 1970."""

import re
from datetime import UTC, datetime, timedelta

from gateway.model.times import format_ms

__all__ = ["format_ms", "ms_of", "parse_ms"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_RFC_3339 = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt](?P<clock>[0-9]{2}:[0-9]{2}):(?P<second>[0-9]{2})"
    r"(?:\.(?P<fraction>[0-9]{1,12}))?"
    r"(?:[Zz]|(?P<sign>[+-])(?P<hours>[0-9]{2}):(?P<minutes>[0-9]{2}))"
)


def ms_of(moment: datetime) -> int:
    """A moment in ms. Raises `TypeError` for one without a time zone."""
    return (moment - _EPOCH) // _MS


def parse_ms(text: str) -> int:
    """Understand an RFC 3339 time; digits beyond ms are cut off. Raises `ValueError`.

    A leap second counts as the first moment of the next minute, as in POSIX.
    """
    match = _RFC_3339.fullmatch(text)
    if match is None:
        raise ValueError("must be an RFC 3339 time such as 2026-11-20T07:00:00.123Z")
    second = int(match["second"])
    if second > 60:
        raise ValueError("has a second above 60")
    minute_start = datetime.fromisoformat(f"{match['date']}T{match['clock']}:00+00:00")
    fraction_ms = int(f"{match['fraction'] or '0':0<3.3}")
    if second == 60:
        fraction_ms = 0
    return (minute_start - _EPOCH) // _MS + second * 1000 + fraction_ms - _offset_ms(match)


def _offset_ms(match: re.Match[str]) -> int:
    if match["sign"] is None:
        return 0
    hours, minutes = int(match["hours"]), int(match["minutes"])
    if hours > 23 or minutes > 59:
        raise ValueError("has an offset from UTC that does not exist")
    offset = (hours * 60 + minutes) * 60_000
    return offset if match["sign"] == "+" else -offset
