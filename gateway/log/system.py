"""Sets logging up for the whole process, and takes it down again."""

import logging
import os
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TextIO

from arduino_iface.clock import SYSTEM_CLOCK, Clock
from gateway import __version__
from gateway.config.problems import ConfigError, Problem
from gateway.config.settings import LoggingSettings
from gateway.log.audit import AuditLog
from gateway.log.entry import LogEntry
from gateway.log.handlers import (
    BoundedQueue,
    EntryFormatter,
    EntryQueue,
    LogFile,
    QueueWriter,
    create,
)
from gateway.log.layout import console_layout, file_layout
from gateway.log.redaction import Redactor

LOG_NAME = "gateway.log"
AUDIT_NAME = "commands.log"

OURS = ("gateway", "api", "arduino_iface", "dummy_hw")
"""Loggers that the level applies to; libraries stay at INFO, as pymongo's DEBUG shows documents."""

QUEUE_MAX = 10_000
"""Records that may wait for the disk; more are dropped and counted."""

AUDIT_MAX = 1_000
"""The same for commands.log: a queue of its own, so that a flood of other records does not drop any."""

_REFUSED = (PermissionError, NotADirectoryError, FileExistsError, IsADirectoryError)
"""Mistakes in how the folder was set up. A full or failing disk is no reason not to run."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LogStats:
    """What was lost since the start: `dropped` by full queues, `unwritten` by the disk."""

    dropped: int
    unwritten: int


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
        self._facts = {str(key): redactor.value(value) for key, value in facts.items()}
        self._layout = file_layout(settings.format)
        colour = _wants_colour(console)
        self._console = logging.StreamHandler(console)
        self._console.setFormatter(EntryFormatter(console_layout(settings.format, colour=colour)))
        self._file = LogFile(LOG_NAME, settings, self._notice, clock, self._header)
        self._file.setFormatter(EntryFormatter(self._layout))
        self._queue = EntryQueue(queue_max, redactor)
        self._writer = QueueWriter("log", self._queue, self._queue, self._file, self._console)
        self._audit_file = LogFile(AUDIT_NAME, settings, log.error, clock)
        self._audit_queue = BoundedQueue(AUDIT_MAX)
        self._audit_writer = QueueWriter("audit", self._audit_queue, self._queue, self._audit_file)
        self._before: dict[logging.Logger, tuple[int, list[logging.Handler]]] = {}
        self.audit = AuditLog(self._audit_queue, redactor, lambda: time.time_ns() // 1_000_000)

    @property
    def stats(self) -> LogStats:
        """Counts at this moment."""
        return LogStats(
            self._queue.dropped + self._audit_queue.dropped,
            self._file.lost + self._audit_file.lost,
        )

    def start(self, level: str) -> None:
        """Take over the root logger; `stop` gives it back."""
        root = logging.getLogger()
        for logger in (root, *(logging.getLogger(name) for name in OURS)):
            self._before[logger] = (logger.level, list(logger.handlers))
        root.handlers[:] = [self._queue]
        self.set_level(level)
        logging.captureWarnings(True)
        self._writer.start()
        self._audit_writer.start()

    def set_level(self, level: str) -> None:
        """Change the level while running. Raises `ValueError` for a word that is not a level."""
        number = _level_number(level)
        for name in OURS:
            logging.getLogger(name).setLevel(number)
        logging.getLogger().setLevel(max(number, logging.INFO))

    def recent(self, level: str, limit: int) -> list[LogEntry]:
        """The newest records of `level` and above, newest first, secrets masked; from any thread.

        Raises `ValueError` for a word that is not a level.
        """
        number = _level_number(level)
        entries = reversed(self._queue.recent.copy())
        return list(islice((entry for entry in entries if entry.level >= number), limit))

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until everything logged so far is in the files; False when the time was too short."""
        # The audit's first, since its writer may log. A disk that hangs gets half the time of each.
        return self._audit_writer.flush(timeout_s / 2) & self._writer.flush(timeout_s / 2)

    def stop(self, timeout_s: float = 5.0) -> bool:
        """Write what waits, close the files and give the root logger back. Idempotent.

        False when the disk did not take everything in time; the rest is lost with the process.
        """
        if not self._before:
            return True
        done = self.flush(timeout_s)
        logging.captureWarnings(False)
        for logger, (level, handlers) in self._before.items():
            logger.setLevel(level)
            if self._queue in logger.handlers:
                logger.handlers[:] = handlers
        self._before.clear()
        if done:  # otherwise the threads still have the files
            for writer in (self._audit_writer, self._writer):
                writer.stop()
            for file in (self._audit_file, self._file):
                file.close()
        return done

    def _notice(self, message: str) -> None:
        """Trouble with gateway.log itself: on the console alone; in the writing thread."""
        self._console.emit(logging.makeLogRecord({"msg": _own_entry(logging.ERROR, message)}))

    def _header(self) -> str:
        facts = {"version": __version__, "pid": os.getpid(), **self._facts}
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

    `secrets` never appear in anything written. `facts` are written at the beginning of every log file.
    Raises `ConfigError` when the folder cannot be used because of how it was set up.
    """
    redactor = Redactor(secrets)
    try:
        settings.folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        for name in (LOG_NAME, AUDIT_NAME):
            with open(settings.folder / name, "ab", opener=create):
                pass
    except _REFUSED as error:
        reason = f"the log files cannot be written: {error.strerror}"
        hint = "change its owner or set LOGS_DIRECTORY to another folder"
        raise ConfigError([Problem(str(settings.folder), reason, suggestion=hint)]) from error
    except OSError:
        # A full or failing disk: the first line that cannot be written reports it on the console.
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


def _own_entry(level: int, message: str, extra: Mapping[str, object] | None = None) -> LogEntry:
    return LogEntry(
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
