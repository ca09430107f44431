"""The formats of a log entry: text line, JSON line, console."""

import json
import logging
from collections.abc import Callable

from gateway.config.settings import LogFormat
from gateway.log.entry import LogEntry
from gateway.model.times import format_ms

Layout = Callable[[LogEntry], str]

_RESET = "\x1b[0m"
_COLOURS = (
    (logging.ERROR, "\x1b[31m"),
    (logging.WARNING, "\x1b[33m"),
    (logging.INFO, ""),
    (logging.NOTSET, "\x1b[2m"),
)


def escape(text: str) -> str:
    r"""`text` on one line: line breaks, control and direction characters become \n, \x1b, \u202e.

    What a device sends may be logged; it must not be able to forge a line or control a terminal.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def text_line(entry: LogEntry) -> str:
    """The line of gateway.log."""
    line = f"{format_ms(entry.time_ms)} {entry.level_name:<5} {_body(entry)}"
    return f"{line} | {escape(entry.exception)}" if entry.exception else line


def json_line(entry: LogEntry) -> str:
    """One object; extra values under their own names, with "_" appended to a name that is taken."""
    record: dict[str, object] = {
        "time": format_ms(entry.time_ms),
        "level": entry.level_name,
        "thread": entry.thread,
        "logger": entry.logger,
        "message": entry.message,
    }
    if entry.exception:
        record["exception"] = entry.exception
    for key, value in entry.extra.items():
        record[f"{key}_" if key in record else key] = value
    return to_json(record)


def to_json(record: object) -> str:
    """One line of JSON from a `Redactor.value`. ASCII, so that no reader splits the line."""
    return json.dumps(record, allow_nan=False, separators=(",", ":"))


def console_line(entry: LogEntry, *, colour: bool) -> str:
    """Shorter, with a traceback on lines of its own."""
    time = format_ms(entry.time_ms)[11:19]
    text = f"{time} {entry.level_name:<5} {_body(entry)}"
    if entry.exception:
        rows = (f"    {escape(row)}" for row in entry.exception.split("\n"))
        text = "\n".join((text, *rows))
    paint = next(code for level, code in _COLOURS if entry.level >= level) if colour else ""
    return f"{paint}{text}{_RESET}" if paint else text


def file_layout(kind: LogFormat) -> Layout:
    """The layout of the log file."""
    return json_line if kind is LogFormat.JSON else text_line


def console_layout(kind: LogFormat, *, colour: bool) -> Layout:
    """The layout of the console."""
    if kind is LogFormat.JSON:
        return json_line
    return lambda entry: console_line(entry, colour=colour)


def _body(entry: LogEntry) -> str:
    extra = "".join(f"{escape(key)}={_quoted(value)} " for key, value in entry.extra.items())
    return f"{escape(entry.thread)} {extra}{escape(entry.message)}"


def _quoted(value: object) -> str:
    text = str(value) if isinstance(value, (str, int, float)) else to_json(value)
    if text and not any(c in ' "=' or not c.isprintable() for c in text):
        return text
    return json.dumps(text)
