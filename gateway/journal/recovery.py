"""Opening whatever is found at the journal's path: new, sound, damaged, foreign or too new.

A damaged file is renamed, never deleted: what is in it can still be read by hand.
"""

import logging
import os
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from gateway.journal.ddl import APPLICATION_ID, SCHEMA_VERSION
from gateway.journal.errors import JournalTooNew, JournalUnavailable, NotAJournal
from gateway.journal.trouble import in_words

Connect = Callable[[Path], sqlite3.Connection]

_MAGIC: Final = b"SQLite format 3\0"
_HEADER_SIZE: Final = 100
_USER_VERSION_AT: Final = 60
_APPLICATION_ID_AT: Final = 68
_PARTS: Final = ("", "-wal", "-shm")
# A full check reads everything: affordable at each start only while the file is small.
_FULL_CHECK_MAX_BYTES: Final = 32 << 20
_WAL_KEPT_BYTES: Final = 16 << 20
_log = logging.getLogger(__name__)


def connect_writer(path: Path) -> sqlite3.Connection:
    """The writing connection, owned by the calling thread. Raises `sqlite3.Error`."""
    return sqlite3.connect(path, timeout=0.5, isolation_level=None)


def look_at_header(path: Path) -> bool:
    """Whether the file can be opened as a journal, judged without opening it as a database.

    False when it is not a database at all. Raises `JournalTooNew` or `NotAJournal`.
    """
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_SIZE)
    except FileNotFoundError:
        return True
    except OSError as error:
        raise JournalUnavailable(f"{path}: {error.strerror}") from error
    if not header:
        return True
    if len(header) < _HEADER_SIZE or not header.startswith(_MAGIC):
        return False
    version = int.from_bytes(header[_USER_VERSION_AT : _USER_VERSION_AT + 4], "big")
    application = int.from_bytes(header[_APPLICATION_ID_AT : _APPLICATION_ID_AT + 4], "big")
    _refuse_foreign(path, application, version)
    return True


def prepare(connection: sqlite3.Connection, path: Path, thorough: bool) -> None:
    """Set the connection up and check the file, every page of it if it is small or `thorough`.

    Raises `sqlite3.DatabaseError` (code CORRUPT or NOTADB) for a damaged file, `JournalTooNew`,
    `NotAJournal`, other `sqlite3.Error` when it cannot be used now.
    """
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        _refuse_foreign(path, application, version)
        if application == 0:
            raise _not_ours(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA journal_size_limit = {_WAL_KEPT_BYTES}")
    # Brings the main file up to date, so that its length can be compared with what it should be.
    held_up, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    pages = int(connection.execute("PRAGMA page_count").fetchone()[0])
    page_size = int(connection.execute("PRAGMA page_size").fetchone()[0])
    # While somebody reads an older state, the newest pages are still in the write-ahead log alone.
    if not held_up and path.stat().st_size < pages * page_size:
        raise _corrupt(f"the file is cut off: {path.stat().st_size} of {pages * page_size} bytes")
    if thorough:
        _check(connection, "integrity_check")
    elif pages * page_size <= _FULL_CHECK_MAX_BYTES:
        _check(connection, "quick_check")


def set_aside(path: Path, wall_ms: int, reason: str) -> Path:
    """Rename a damaged file and its companions; returns the new name.

    Raises `JournalUnavailable` when it cannot be renamed.
    """
    stamp = datetime.fromtimestamp(wall_ms / 1000, UTC).strftime("%Y%m%dT%H%M%S")
    base = path.with_name(f"{path.name}.corrupt-{stamp}Z")
    target, number = base, 1
    while any(Path(f"{target}{part}").exists() for part in _PARTS):
        number += 1
        target = base.with_name(f"{base.name}-{number}")
    try:
        for part in _PARTS:
            source = Path(f"{path}{part}")
            if source.exists():
                source.rename(f"{target}{part}")
        sync_folder(path.parent)
    except OSError as error:
        raise JournalUnavailable(f"{path} is damaged and cannot be renamed: {error}") from error
    _log.error("the journal %s is damaged (%s); it was set aside as %s", path, reason, target)
    return target


def sync_folder(folder: Path) -> None:
    """Make new names in a folder survive a power cut. Raises `OSError`."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unavailable(path: Path, error: sqlite3.Error) -> JournalUnavailable:
    """The error for a file that cannot be used now."""
    return JournalUnavailable(f"{path}: {in_words(error)}")


def _refuse_foreign(path: Path, application: int, version: int) -> None:
    if application == 0 and version == 0:
        # Empty, or another program's that says no name: `prepare` looks for tables in it.
        return
    if application != APPLICATION_ID:
        raise _not_ours(path)
    if version > SCHEMA_VERSION:
        raise JournalTooNew(
            f"{path} was written by a newer gateway (schema {version}, this one knows"
            f" {SCHEMA_VERSION}); install that version again, or give the journal another path"
        )


def _not_ours(path: Path) -> NotAJournal:
    return NotAJournal(f"{path} is the database of another program; give the journal its own path")


def _check(connection: sqlite3.Connection, pragma: str) -> None:
    findings = [row[0] for row in connection.execute(f"PRAGMA {pragma}(3)")]
    if findings != ["ok"]:
        raise _corrupt("; ".join(findings))


def _corrupt(reason: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(reason)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error
