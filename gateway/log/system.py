"""Sets logging up for the whole process, and takes it down again."""

import logging
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TextIO

from arduino_iface.clock import SYSTEM_CLOCK, Clock
from gateway import __version__
from gateway.config.problems import ConfigError, Problem
from gateway.config.settings import LoggingSettings
from gateway.log.audit import AuditLog
from gateway.log.entry import Entry, make_entry
from gateway.log.layout import console_layout, file_layout
from gateway.log.log_thread import QUEUE_MAX, AuditLine, Item, LogThread
from gateway.log.output import ConsoleOutput, FileOutput
from gateway.log.redaction import Redactor
from gateway.log.rotating_file import RotatingFile

LOG_NAME = "gateway.log"
AUDIT_NAME = "commands.log"

OURS = ("gateway", "api", "arduino_iface", "dummy_hw")
"""Loggers that the level applies to; libraries stay at INFO, as pymongo's DEBUG shows documents."""

_REFUSED = (PermissionError, NotADirectoryError, FileExistsError, IsADirectoryError)
"""Mistakes of whoever set up the folder. A full or failing disk is none, and no reason not to run."""


RECENT_MAX = 500
"""Records kept for whoever asks what was logged last; each is bounded, so this is too."""


@dataclass(frozen=True, slots=True)
class LogStats:
    """What has been lost since the start: `dropped` before the queue, `unwritten` at the files."""

    dropped: int
    unwritten: int


class _Handler(logging.Handler):
    """Finishes a record in the thread that logs and hands it to the log thread."""

    def __init__(self, thread: LogThread, redactor: Redactor) -> None:
        super().__init__()
        self._thread = thread
        self._redactor = redactor

    def emit(self, record: logging.LogRecord) -> None:
        self._thread.put(make_entry(record, self._redactor))


class LogSystem:
    """The running log. Made by `set_up`; any thread may use it."""

    def __init__(
        self,
        settings: LoggingSettings,
        redactor: Redactor,
        facts: Mapping[str, object],
        console: TextIO,
        queue_max: int,
        clock: Clock,
    ) -> None:
        self._layout = file_layout(settings.format)
        self._facts = facts
        self._redactor = redactor
        self._console = ConsoleOutput(console)
        self._console_layout = console_layout(settings.format, colour=_wants_colour(console))
        self._log = FileOutput(_file(settings, LOG_NAME, self._header), LOG_NAME, clock)
        audit = _file(settings, AUDIT_NAME, _no_header)
        self._audit = FileOutput(audit, AUDIT_NAME, clock)
        self._recent: deque[Entry] = deque(maxlen=RECENT_MAX)
        self._thread = LogThread(self._handle, self._report_dropped, queue_max)
        self._handler = _Handler(self._thread, redactor)
        self._before: dict[logging.Logger, tuple[int, list[logging.Handler]]] = {}
        self.audit = AuditLog(self._thread.put, redactor, lambda: time.time_ns() // 1_000_000)

    @property
    def stats(self) -> LogStats:
        """Counts at this moment."""
        return LogStats(self._thread.dropped, self._log.lost + self._audit.lost)

    def start(self, level: str) -> None:
        """Take over the root logger; `stop` gives it back."""
        root = logging.getLogger()
        for logger in (root, *(logging.getLogger(name) for name in OURS)):
            self._before[logger] = (logger.level, list(logger.handlers))
        root.handlers[:] = [self._handler]
        self.set_level(level)
        logging.captureWarnings(True)
        self._thread.start()

    def set_level(self, level: str) -> None:
        """Change the level while running. Raises `ValueError` for a word that is not a level."""
        number = _level_number(level)
        for name in OURS:
            logging.getLogger(name).setLevel(number)
        logging.getLogger().setLevel(max(number, logging.INFO))

    def recent(self, level: str, limit: int) -> list[Entry]:
        """The newest records of `level` and above, newest first, secrets masked; from any thread.

        Raises `ValueError` for a word that is not a level.
        """
        number = _level_number(level)
        found = (entry for entry in reversed(self._recent.copy()) if entry.level >= number)
        return list(islice(found, limit))

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until everything logged so far is in the files; False when the time was too short."""
        return self._thread.flush(timeout_s)

    def stop(self, timeout_s: float = 5.0) -> bool:
        """Write what waits, close the files and give the root logger back. May be called twice.

        False when the disk did not take everything in time; the rest is lost with the process.
        """
        if not self._before:
            return True
        logging.captureWarnings(False)
        for logger, (level, handlers) in self._before.items():
            logger.setLevel(level)
            if self._handler in logger.handlers:
                logger.handlers[:] = handlers
        self._before.clear()
        if not self._thread.stop(timeout_s):
            return False  # the thread still has the files
        self._log.close()
        self._audit.close()
        return True

    def _handle(self, item: Item) -> None:
        """In the log thread, as all that follows."""
        if isinstance(item, AuditLine):
            self._audit.write(item.line, self._notice)
            return
        self._recent.append(item)
        self._log.write(self._layout(item), self._notice)
        self._console.write(self._console_layout(item))

    def _notice(self, message: str) -> None:
        self._console.write(self._console_layout(_own_entry(logging.ERROR, message)))

    def _report_dropped(self, count: int) -> None:
        message = f"{count} log records were dropped because the log could not keep up"
        self._handle(_own_entry(logging.WARNING, message))

    def _header(self) -> str:
        facts = {str(key): self._redactor.value(value) for key, value in self._facts.items()}
        facts = {"version": __version__, "pid": os.getpid(), **facts}
        return self._layout(_own_entry(logging.INFO, "log file opened", facts))


def set_up(
    settings: LoggingSettings,
    *,
    secrets: Iterable[str] = (),
    facts: Mapping[str, object] | None = None,
    console: TextIO | None = None,
    queue_max: int = QUEUE_MAX,
    clock: Clock = SYSTEM_CLOCK,
) -> LogSystem:
    """Start logging to `settings.folder` and to `console` (standard error unless given).

    `secrets` never appear in anything written. `facts` stand at the beginning of every log file.
    Raises `ConfigError` when the folder cannot be used because of how it was set up.
    """
    redactor = Redactor(secrets)
    try:
        settings.folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        for name in (LOG_NAME, AUDIT_NAME):
            with open(settings.folder / name, "ab", opener=_create):
                pass
    except _REFUSED as error:
        reason = f"the log files cannot be written: {error.strerror}"
        hint = "change its owner or set LOGS_DIRECTORY to another folder"
        raise ConfigError([Problem(str(settings.folder), reason, suggestion=hint)]) from error
    except OSError:
        # A full or failing disk: said on the console by the first line that cannot be written.
        pass
    stream = console or sys.stderr
    system = LogSystem(settings, redactor, facts or {}, stream, queue_max, clock)
    system.start(settings.level)
    return system


def _level_number(level: str) -> int:
    number = logging.getLevelNamesMapping().get(level)
    if number is None:
        raise ValueError(f"{level!r} is not a log level")
    return number


def _create(path: str, flags: int) -> int:
    return os.open(path, flags, 0o640)


def _file(settings: LoggingSettings, name: str, header: Callable[[], str | None]) -> RotatingFile:
    return RotatingFile(
        settings.folder / name,
        max_bytes=settings.max_bytes,
        backups=settings.backups,
        header=header,
    )


def _no_header() -> None:
    """The audit trail has nothing but records."""


def _own_entry(level: int, message: str, extra: Mapping[str, object] | None = None) -> Entry:
    return Entry(
        time_ms=time.time_ns() // 1_000_000,
        level=level,
        level_name=logging.getLevelName(level),
        thread="log",
        logger="gateway.log",
        message=message,
        extra=extra or {},
    )


def _wants_colour(stream: TextIO) -> bool:
    return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
