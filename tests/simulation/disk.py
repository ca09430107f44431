"""The journal's disk: SQLite for real, with statements that fail and a process that dies in them."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "COMMIT")


@dataclass
class Fuse:
    """Goes off at the `count`-th statement from now: `kind` "full", "io", "late", "kill" or "slow"."""

    count: int
    kind: str
    after: bool = False
    """Whether the statement is executed before."""


class SimDisk:
    """What shall go wrong with the disk; all connections of the gateway's writer ask here."""

    def __init__(self, die: Callable[[], None], sleep: Callable[[float], None]) -> None:
        self.full = False
        self.statements = 0
        self._fuses: list[Fuse] = []
        self._die = die
        self._sleep = sleep
        self.dead = False
        self.connection: SimConnection | None = None

    def connect(self, path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=0.5, isolation_level=None, factory=SimConnection)
        connection.disk = self
        self.connection = connection
        return connection

    def light(self, fuse: Fuse) -> None:
        self._fuses.append(fuse)

    def heal(self) -> None:
        self.full = False
        self._fuses.clear()

    def kill(self) -> None:
        """The process is dead: whatever its handlers try now fails."""
        self.dead = True

    def revive(self) -> None:
        """A new process."""
        self.dead = False

    def forget(self) -> None:
        if self.connection is not None:
            sqlite3.Connection.close(self.connection)
            self.connection = None

    def before(self, sql: str) -> str:
        """What shall happen after the statement."""
        if self.dead:
            self._die()
        self.statements += 1
        if self.full and sql.lstrip().upper().startswith(_WRITES):
            raise _error(sqlite3.SQLITE_FULL, "database or disk is full")
        later = ""
        for fuse in list(self._fuses):
            fuse.count -= 1
            if fuse.count > 0:
                continue
            if fuse.kind == "late" and sql != "COMMIT":
                continue  # waits for the next commit
            self._fuses.remove(fuse)
            if fuse.after or fuse.kind == "late":
                later = fuse.kind
            else:
                self.happen(fuse.kind)
        return later

    def happen(self, kind: str) -> None:
        if kind == "kill":
            self._die()
        elif kind == "slow":
            self._sleep(0.4)
        elif kind == "full":
            raise _error(sqlite3.SQLITE_FULL, "database or disk is full")
        elif kind:
            raise _error(sqlite3.SQLITE_IOERR, "disk I/O error")

    def happen_to(self, cursor: sqlite3.Cursor, kind: str) -> None:
        """As `happen`, after a statement; one that failed reads nothing any more."""
        try:
            self.happen(kind)
        except BaseException:
            cursor.close()
            raise


class SimConnection(sqlite3.Connection):
    """A writer's connection that asks its disk before and after each statement."""

    disk: SimDisk | None = None

    def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
        later = self.disk.before(sql) if self.disk else ""
        cursor = super().execute(sql, *arguments)
        if self.disk:
            self.disk.happen_to(cursor, later)
        return cursor

    def executemany(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
        later = self.disk.before(sql) if self.disk else ""
        cursor = super().executemany(sql, *arguments)
        if self.disk:
            self.disk.happen_to(cursor, later)
        return cursor


def _error(code: int, text: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error
