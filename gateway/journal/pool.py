"""Reading connections: opened when needed, a bounded number, one user at a time each."""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from gateway.journal.errors import JournalCorrupt, JournalUnavailable
from gateway.journal.trouble import in_words, is_corrupt

_CACHE_KIB = 512
"""Of each connection: SQLite would keep 2 MiB, and the kernel has the pages anyway."""


@dataclass(frozen=True, slots=True)
class _Opened:
    connection: sqlite3.Connection
    identity: tuple[int, int]


class ReadPool:
    """At most `size` read-only connections to a path, for any thread.

    A connection belongs to one file; when another file has come to the path, it is closed, not used.
    """

    def __init__(self, path: Path, size: int, timeout_s: float) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._free = threading.BoundedSemaphore(size)
        self._lock = threading.Lock()
        self._idle: list[_Opened] = []
        self._closed = False

    @contextlib.contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """A connection for one query. SQLite's errors come out as the journal's.

        Raises `JournalUnavailable` (also when none is free in time, or after `close`), `JournalCorrupt`.
        """
        if not self._free.acquire(timeout=self._timeout_s):
            raise JournalUnavailable(f"no reading connection was free within {self._timeout_s} s")
        try:
            opened = self._checkout()
            try:
                yield opened.connection
            except sqlite3.Error as error:
                opened.connection.close()
                raise self._translated(error) from error
            except BaseException:
                opened.connection.close()
                raise
            self._give_back(opened)
        finally:
            self._free.release()

    def close(self) -> None:
        """Close all connections; those in use when they come back. Idempotent."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for opened in idle:
            opened.connection.close()

    def _checkout(self) -> _Opened:
        identity = self._identity()
        with self._lock:
            if self._closed:
                raise JournalUnavailable("the journal's reader is closed")
            idle, self._idle = self._idle, []
            stale = [opened for opened in idle if opened.identity != identity]
            fresh = [opened for opened in idle if opened.identity == identity]
            found = fresh.pop() if fresh else None
            self._idle = fresh
        for opened in stale:
            opened.connection.close()
        return found or self._open(identity)

    def _open(self, identity: tuple[int, int]) -> _Opened:
        try:
            connection = sqlite3.connect(
                f"file:{quote(os.fspath(self._path.absolute()))}?mode=ro",
                uri=True,
                timeout=1.0,
                isolation_level=None,
                check_same_thread=False,
            )
        except sqlite3.Error as error:
            raise self._translated(error) from error
        try:
            connection.execute("PRAGMA query_only = ON")
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        except sqlite3.Error as error:
            connection.close()
            raise self._translated(error) from error
        return _Opened(connection, identity)

    def _give_back(self, opened: _Opened) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(opened)
                return
        opened.connection.close()

    def _identity(self) -> tuple[int, int]:
        try:
            found = self._path.stat()
        except OSError as error:
            raise JournalUnavailable(f"{self._path}: {error.strerror}") from error
        return found.st_dev, found.st_ino

    def _translated(self, error: sqlite3.Error) -> JournalUnavailable | JournalCorrupt:
        if is_corrupt(error):
            return JournalCorrupt(f"{self._path}: {error}")
        return JournalUnavailable(f"{self._path}: {in_words(error)}")
