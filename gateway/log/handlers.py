"""The standard library's logging handlers, with what they lack for a service that runs for years.

No thread but the writers' waits for a disk. When the disk is full, lines are lost, counted and reported.
"""

import contextlib
import io
import logging
import os
import stat
import sys
import threading
from collections import deque
from collections.abc import Callable
from logging.handlers import QueueHandler, QueueListener, RotatingFileHandler
from queue import SimpleQueue
from typing import Any, TextIO

from arduino_iface.clock import SYSTEM_CLOCK, Clock
from gateway.config.settings import LoggingSettings
from gateway.log.entry import LogEntry, make_entry
from gateway.log.layout import Layout
from gateway.log.redaction import Redactor
from gateway.model.wording import counted

MODE = 0o640
"""The owner writes, the group (adm, for example) reads, others do neither."""

RETRY_S = 5.0
"""Seconds between two attempts to write a file after a failure."""

RECENT_MAX = 500
"""The newest entries, kept for GET /logs. Each is bounded, so this is too."""


class BoundedQueue(QueueHandler):
    """`QueueHandler` that drops and counts records beyond `maximum`. Never blocks; any thread.

    A `SimpleQueue`, because a destructor that logs may interrupt `put` in the same thread: at the lock of a
    `Queue` that thread would wait for itself. Threads that race may exceed the bound by their number.
    """

    queue: SimpleQueue[Any]

    def __init__(self, maximum: int) -> None:
        super().__init__(SimpleQueue())
        self.maximum = maximum
        self.dropped = 0

    def enqueue(self, record: logging.LogRecord) -> None:
        """Queue or drop `record`."""
        if self.queue.qsize() < self.maximum:
            self.queue.put(record)
        else:
            self.dropped += 1


class EntryQueue(BoundedQueue):
    """Queues a finished `LogEntry`, as the `msg` of a record, instead of arguments that may change."""

    def __init__(self, maximum: int, redactor: Redactor) -> None:
        super().__init__(maximum)
        self._redactor = redactor
        self.recent: deque[LogEntry] = deque(maxlen=RECENT_MAX)

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """In the thread that logs."""
        entry = make_entry(record, self._redactor)
        self.recent.append(entry)
        return logging.makeLogRecord({"msg": entry})


class EntryFormatter(logging.Formatter):
    """Formats the records of an `EntryQueue`."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self._layout = layout

    def format(self, record: logging.LogRecord) -> str:
        """The line or lines of `record`."""
        assert isinstance(record.msg, LogEntry)
        return self._layout(record.msg)


class QueueWriter(QueueListener):
    """`QueueListener` with a named thread, a `flush`, and a warning in `log` about what its queue dropped."""

    def __init__(
        self, name: str, queue: BoundedQueue, log: BoundedQueue, *handlers: logging.Handler
    ) -> None:
        super().__init__(queue.queue, *handlers)
        self._name = name
        self._source = queue
        self._log = log
        self._reported = 0

    def start(self) -> None:
        """Start the thread; once."""
        super().start()
        assert self._thread is not None
        self._thread.name = self._name

    def handle(self, record: logging.LogRecord | threading.Event) -> None:
        """Write a record, or answer a `flush`; in the thread."""
        if isinstance(record, threading.Event):
            self._report_dropped()
            record.set()
            return
        for handler in self.handlers:
            # Not `handle`: its lock would make `logging.shutdown` wait for a disk that hangs.
            handler.emit(record)
        self._report_dropped()

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything queued so far is written; False when the time was too short."""
        done = threading.Event()
        self._source.queue.put(done)
        return done.wait(timeout_s)

    def _report_dropped(self) -> None:
        count = self._source.dropped - self._reported
        if count and self._source.queue.qsize() <= self._source.maximum // 2:
            self._reported += count
            records = counted(count, f"{self._name} record was", f"{self._name} records were")
            text = f"{records} dropped because the log could not keep up"
            record = logging.LogRecord(__name__, logging.WARNING, "", 0, text, None, None)
            self._log.queue.put(
                self._log.prepare(record)
            )  # also when other threads filled it again


class LogFile(RotatingFileHandler):
    """`RotatingFileHandler` that survives a full disk. One thread writes; any may read `lost`.

    Beyond the base class: mode 0640; a `header` line in each file; a size in bytes, not characters; a new
    file when the old one was moved or removed (as `WatchedFileHandler`); whole lines or nothing; and on a
    failure a pause of `RETRY_S`, a `notice` at the beginning and the end, and a count of the lines lost.
    """

    def __init__(
        self,
        name: str,
        settings: LoggingSettings,
        notice: Callable[[str], None],
        clock: Clock = SYSTEM_CLOCK,
        header: Callable[[], str] | None = None,
    ) -> None:
        path, errors = settings.folder / name, "backslashreplace"
        super().__init__(path, "a", settings.max_bytes, settings.backups, "utf-8", True, errors)
        self.set_name(name)
        self._notice = notice
        self._clock = clock
        self._header = header
        self._failed_at: float | None = None
        self._lost_before = 0
        self.lost = 0
        """Lines that could not be written since the start."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line or count it as lost."""
        if self._failed_at is not None and self._clock.monotonic() - self._failed_at < RETRY_S:
            self.lost += 1
            return
        lost = self.lost
        super().emit(record)
        if self._failed_at is not None and self.lost == lost:
            self._failed_at = None
            lines = counted(lost - self._lost_before, "line was", "lines were")
            self._notice(f"{self.name} can be written again; {lines} lost")

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802
        """Whether `record` does not fit; opens the file, so that its header counts."""
        if self.stream is not None and self._moved(self.stream):
            self.stream.close()
            self.stream = None
        if self.stream is None:
            self.stream = self._open()
        found = os.fstat(self.stream.fileno())
        size = len(f"{self.format(record)}\n".encode("utf-8", "backslashreplace"))
        too_large = found.st_size + size > self.maxBytes
        return too_large and found.st_size > 0 and stat.S_ISREG(found.st_mode)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Leave the file alone for a while; any other error than the system's is printed."""
        error = sys.exception()
        if not isinstance(error, OSError):
            super().handleError(record)
            return
        if self._failed_at is None:
            self._lost_before = self.lost
            self._notice(f"{self.name} cannot be written: {error.strerror}; lines are lost")
        self._failed_at = self._clock.monotonic()
        self.lost += 1
        stream, self.stream = self.stream, None
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()

    def _open(self) -> io.TextIOWrapper:
        file = _WholeWrites(self.baseFilename, "ab", opener=create)
        stream = io.TextIOWrapper(file, self.encoding, self.errors, write_through=True)
        try:
            if self._header is not None:
                stream.write(f"{self._header()}\n")
        except OSError:
            stream.close()
            raise
        return stream

    def _moved(self, stream: TextIO) -> bool:
        # Writes to an unlinked file succeed but are lost at exit, so compare the inode.
        try:
            return not os.path.samestat(os.stat(self.baseFilename), os.fstat(stream.fileno()))
        except OSError:
            return True


class _WholeWrites(io.FileIO):
    """A file that holds all of what a `write` was given, or nothing of it."""

    def write(self, data: Any) -> int:
        size = os.fstat(self.fileno()).st_size
        written = 0
        try:
            while written < len(data):
                written += os.write(self.fileno(), data[written:])
        except OSError:
            if written:
                # Half a line would run into the next one. Cutting works on a full disk.
                with contextlib.suppress(OSError):
                    os.ftruncate(self.fileno(), size)
            raise
        return written


def create(path: str, flags: int) -> int:
    """An opener for files of `MODE`."""
    return os.open(path, flags, MODE)
