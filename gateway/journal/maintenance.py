"""What a person does to a journal by hand: check it, and settle what a sink refused for good."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.journal.ddl import SCHEMA_VERSION
from gateway.journal.errors import JournalTooNew, JournalUnavailable
from gateway.journal.lockfile import LockFile
from gateway.journal.pool import ReadPool
from gateway.journal.recovery import connect_writer, look_at_header, unavailable
from gateway.journal.schema_of import journal_schema

_FINDINGS_MAX: Final = 20


def verify(path: Path) -> list[str]:
    """Read the whole file and check it; what is wrong, in SQLite's words, or nothing.

    Any process, beside a running gateway too. Raises `JournalUnavailable`, `JournalCorrupt`.
    """
    pool = ReadPool(path, 1, 5.0)
    with contextlib.closing(pool), pool.connection() as connection:
        rows = connection.execute(f"PRAGMA integrity_check({_FINDINGS_MAX})").fetchall()
    found = [str(row[0]) for row in rows]
    return [] if found == ["ok"] else found


def retry_dead_letters(path: Path, sink: str | None) -> int:
    """Have them delivered again, None: of every sink; returns how many.

    The sink's place goes back to before the first of them. What follows and was delivered already is
    recognised there by its key. A dead letter whose reading is no longer kept stays where it is. Raises
    `JournalInUse` while a gateway has the journal, `JournalUnavailable`.
    """
    with _for_itself(path) as connection:
        kept = "EXISTS (SELECT 1 FROM readings WHERE readings.row = dead_letters.row)"
        places = connection.execute(
            f"SELECT sink, min(row) FROM dead_letters WHERE (?1 IS NULL OR sink = ?1) AND {kept}"
            " GROUP BY sink",
            (sink,),
        ).fetchall()
        for name, row in places:
            connection.execute(
                "UPDATE cursors SET seq = min(seq, ?) WHERE consumer = ?", (row - 1, name)
            )
        return connection.execute(
            f"DELETE FROM dead_letters WHERE (?1 IS NULL OR sink = ?1) AND {kept}", (sink,)
        ).rowcount


def drop_dead_letters(path: Path, sink: str | None) -> int:
    """Forget them, None: of every sink; returns how many. The readings stay in the journal.

    Raises `JournalInUse` while a gateway has the journal, `JournalUnavailable`.
    """
    with _for_itself(path) as connection:
        return connection.execute(
            "DELETE FROM dead_letters WHERE ?1 IS NULL OR sink = ?1", (sink,)
        ).rowcount


def number_behind(path: Path, other: Path) -> None:
    """Give the next entry a number that neither journal has used.

    For a copy that takes the place of `other`: both have the same id, and readings without a number of their
    own are known by id and row. A sink must not take a new reading for one that it got from `other`. Raises
    `JournalInUse` while a gateway has the journal, `JournalUnavailable`.
    """
    last = _last_seq(other)
    with _for_itself(path) as connection:
        connection.execute("UPDATE meta SET value = max(value, ?) WHERE name = 'seq'", (last,))


def _last_seq(path: Path) -> int:
    """The highest number that a journal of any version has given."""
    pool = ReadPool(path, 1, 5.0)
    with contextlib.closing(pool), pool.connection() as connection:
        found = connection.execute(
            "SELECT max(ifnull((SELECT max(seq) FROM sqlite_sequence WHERE name = 'readings'), 0),"
            " ifnull((SELECT max(value) FROM meta WHERE name IN ('seq', 'command_version')), 0))"
        ).fetchone()
    return int(found[0])


@contextlib.contextmanager
def _for_itself(path: Path) -> Iterator[sqlite3.Connection]:
    """A transaction on a journal that no gateway has open, and that has this program's form."""
    if not path.is_file():
        raise JournalUnavailable(f"there is no journal {path}")
    look_at_header(path)
    lock = LockFile(path.with_name(f"{path.name}.lock"))
    lock.acquire()
    _give_to_owner(lock.path, path)
    try:
        schema = journal_schema(path)
        if schema != SCHEMA_VERSION:
            raise JournalTooNew(
                f"{path} has schema {schema} and not {SCHEMA_VERSION}; let this gateway run once"
            )
        with contextlib.closing(connect_writer(path)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise unavailable(path, error) from error
    finally:
        lock.release()


def _give_to_owner(lock: Path, journal: Path) -> None:
    """Root, who may have made the lock just now, must not keep the gateway's user out of it."""
    if os.geteuid() == 0:
        owner = journal.stat()
        os.chown(lock, owner.st_uid, owner.st_gid)
