"""Where finished lines go, in spite of trouble there: a full disk must stop neither us nor the reader."""

from collections.abc import Callable
from typing import TextIO

from arduino_iface.clock import Clock
from gateway.log.rotating_file import RotatingFile

RETRY_S = 5.0
"""After a failure the file is left alone for this long."""

Notice = Callable[[str], None]


class FileOutput:
    """A file whose failures are said once, on the console, and whose lost lines are counted.

    For the log thread alone, but `lost`, which any thread may read.
    """

    def __init__(self, file: RotatingFile, name: str, clock: Clock) -> None:
        self._file = file
        self._name = name
        self._clock = clock
        self._failed_at: float | None = None
        self._missing = 0
        self.lost = 0
        """Lines that could not be written since the start."""

    def write(self, line: str, notice: Notice) -> None:
        """Add a line or count it as lost; `notice` is told when that begins and when it ends."""
        if self._failed_at is not None and self._clock.monotonic() - self._failed_at < RETRY_S:
            self._lose()
            return
        try:
            self._file.write(line)
        except OSError as error:
            if self._failed_at is None:
                notice(f"{self._name} cannot be written: {error.strerror}; lines are lost")
            self._failed_at = self._clock.monotonic()
            self._file.close()
            self._lose()
            return
        if self._failed_at is not None:
            missing, self._missing, self._failed_at = self._missing, 0, None
            notice(f"{self._name} can be written again; {missing} lines were lost")

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _lose(self) -> None:
        self._missing += 1
        self.lost += 1


class ConsoleOutput:
    """The standard error. When nobody reads it any more (closed pipe), it is left alone."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._usable = True

    def write(self, line: str) -> None:
        """Write a line, if there is still somebody to read it."""
        if not self._usable:
            return
        try:
            self._stream.write(_for(self._stream, line) + "\n")
            self._stream.flush()
        except (OSError, ValueError):  # ValueError: the stream was closed
            self._usable = False


def _for(stream: TextIO, line: str) -> str:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return line.encode(encoding, "backslashreplace").decode(encoding)
