"""SQLite's errors, sorted by what the journal does next, and in words."""

import sqlite3
from typing import Final

_CORRUPT: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_WORDS: Final = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "the file, its folder or the file system is read-only",
    sqlite3.SQLITE_PERM: "the gateway may not write the file",
    sqlite3.SQLITE_AUTH: "the gateway may not write the file",
    sqlite3.SQLITE_BUSY: "another program holds the file locked",
    sqlite3.SQLITE_LOCKED: "another program holds the file locked",
    sqlite3.SQLITE_IOERR: "the disk reports a read or write error",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened",
    sqlite3.SQLITE_PROTOCOL: "another program holds the file locked",
    sqlite3.SQLITE_INTERRUPT: "the write was interrupted",
}


def is_corrupt(error: sqlite3.Error) -> bool:
    """Whether the file is damaged: it will not get better, set it aside."""
    return _primary_code(error) in _CORRUPT


def is_temporary(error: sqlite3.Error) -> bool:
    """Whether the file is sound but cannot be used now: keep everything, try again later."""
    return isinstance(error, sqlite3.OperationalError) and _primary_code(error) in _WORDS


def in_words(error: Exception) -> str:
    """What is wrong, for a person, with SQLite's own words behind it."""
    words = _WORDS.get(_primary_code(error))
    return f"{words} ({error})" if words else str(error)


def _primary_code(error: Exception) -> int:
    # Absent on errors that Python's own module raises; the low byte is the code, the rest detail.
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF
