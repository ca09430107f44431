"""A connection whose disk can be made to fail, for the journal's `connect` argument."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from gateway.journal.recovery import connect_writer


class FaultyDisk:
    """Makes the writing connection, keeps it, and lets statements fail on it."""

    def __init__(self) -> None:
        self.connection: sqlite3.Connection | None = None

    def connect(self, path: Path) -> sqlite3.Connection:
        self.connection = connect_writer(path)
        return self.connection

    def fill(self) -> None:
        """From now on the file cannot grow: SQLite reports a full disk."""
        self._run("PRAGMA max_page_count = 1")

    def make_room(self) -> None:
        self._run("PRAGMA max_page_count = 1000000")

    def interrupt_after(self, steps: int) -> Callable[[], bool]:
        """Break the statement that is running `steps` machine steps from now, once.

        Returns whether that has happened.
        """
        count = 0

        def progress() -> int:
            nonlocal count
            count += 1
            return 1 if count == steps else 0

        assert self.connection is not None
        self.connection.set_progress_handler(progress, 1)
        return lambda: count >= steps

    def no_interrupts(self) -> None:
        assert self.connection is not None
        self.connection.set_progress_handler(None, 0)

    def _run(self, sql: str) -> None:
        assert self.connection is not None
        self.connection.execute(sql)
