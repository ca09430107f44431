"""A log record as plain, finished text: made in the thread that logs, written by another.

Finished means: arguments are formatted (they may change later), the traceback is text, secrets are masked,
and everything is cut to a bounded length, so that the queue is bounded in bytes too.
"""

import logging
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.log.redaction import Redactor, safe_str

MESSAGE_MAX = 4096
"""Characters of a message or of one extra value that are kept."""

UNSEEN_MAX = 4 * MESSAGE_MAX
"""Characters searched for secrets; more than is kept, so that no secret is cut in two."""

TRACEBACK_MAX = 16384
"""Characters of a traceback that are kept, from its end, which has the error."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One record. `time_ms` is UTC in ms since 1970; `extra`: the caller's extra values."""

    time_ms: int
    level: int
    level_name: str
    thread: str
    logger: str
    message: str
    extra: Mapping[str, object] = field(default_factory=dict)
    exception: str | None = None


def make_entry(record: logging.LogRecord, redactor: Redactor) -> LogEntry:
    """The finished form of `record`. Does not raise: the message tells when it cannot be formatted."""
    extra = {
        key: _short_value(redactor.value(value))
        for key, value in vars(record).items()
        if key not in _STANDARD and not key.startswith("_")
    }
    exception = _traceback(record)
    return LogEntry(
        time_ms=int(record.created * 1000),
        level=record.levelno,
        level_name=record.levelname,
        thread=_thread_name(record),
        logger=record.name,
        message=_short(redactor.text(_message(record)[:UNSEEN_MAX])),
        extra=extra,
        exception=redactor.text(exception)[-TRACEBACK_MAX:] if exception else None,
    )


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:
        return f"{safe_str(record.msg)} (its arguments could not be put in: {type(error).__name__})"


def _traceback(record: logging.LogRecord) -> str | None:
    if record.exc_info and record.exc_info[0] is not None:
        return "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
    return record.exc_text or record.stack_info


def _thread_name(record: logging.LogRecord) -> str:
    name = record.threadName or "unknown"
    return "main" if name == "MainThread" else "_".join(name.split()) or "unknown"


def _short(text: str) -> str:
    if len(text) <= MESSAGE_MAX:
        return text
    return f"{text[:MESSAGE_MAX]}... (cut)"


def _short_value(value: object) -> object:
    text = value if isinstance(value, str) else str(value)
    return value if len(text) <= MESSAGE_MAX else _short(text)
