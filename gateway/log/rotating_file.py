"""A file of lines that is set aside when it is full. Knows nothing of logging; one thread uses it."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

MODE = 0o640
"""The owner writes, the group (systemd's, say) reads, nobody else does."""


class RotatingFile:
    """`path`, and `path.1` (the newest) to `path.N` set aside.

    Nothing is opened before the first `write`. A file that somebody else moved or removed is begun
    anew. `header` gives the first line of each file, or None for none.
    """

    def __init__(
        self, path: Path, *, max_bytes: int, backups: int, header: Callable[[], str | None]
    ) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._backups = backups
        self._header = header
        self._descriptor: int | None = None
        self._size = 0

    def open(self) -> None:
        """Open or create the file now. Raises `OSError`."""
        self.close()
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._descriptor = os.open(self._path, flags, MODE)
        self._size = os.fstat(self._descriptor).st_size
        header = self._header()
        if header is not None:
            self._append(_encoded(header))

    def write(self, line: str) -> None:
        """Add one line. Raises `OSError`; then nothing of it is left in the file."""
        data = _encoded(line)
        if self._descriptor is None or self._moved():
            self.open()
        if self._size > 0 and self._size + len(data) > self._max_bytes:
            self._rotate()
        self._append(data)

    def close(self) -> None:
        """Close it; the next `write` opens it again."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)

    def _append(self, data: bytes) -> None:
        assert self._descriptor is not None
        written = 0
        try:
            while written < len(data):
                written += os.write(self._descriptor, data[written:])
        except OSError:
            if written:
                # Half a line would run into the next one. Cutting works on a full disk.
                with contextlib.suppress(OSError):
                    os.ftruncate(self._descriptor, self._size)
            raise
        self._size += len(data)

    def _moved(self) -> bool:
        assert self._descriptor is not None
        try:
            there = self._path.stat()
        except OSError:
            return True
        return not os.path.samestat(there, os.fstat(self._descriptor))

    def _rotate(self) -> None:
        self.close()
        for number in range(self._backups, 0, -1):
            older = self._path if number == 1 else self._aside(number - 1)
            with contextlib.suppress(FileNotFoundError):
                older.replace(self._aside(number))
        self.open()

    def _aside(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")


def _encoded(line: str) -> bytes:
    return line.encode("utf-8", "backslashreplace") + b"\n"
