"""Times as text: RFC 3339, UTC, milliseconds. Everywhere else a time is ms since 1970, UTC."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def format_ms(time_ms: int) -> str:
    """`2026-11-20T07:00:00.123Z`. Raises `OverflowError` outside the years 1 to 9999."""
    moment = _EPOCH + timedelta(milliseconds=time_ms)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
