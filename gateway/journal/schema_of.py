"""The schema version of a journal file; any process may ask."""

import contextlib
import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from gateway.journal.ddl import APPLICATION_ID


def journal_schema(path: Path) -> int | None:
    """The schema version of a journal; None when there is none or the file is not a journal.

    Any thread and process, beside a running gateway too. A file that cannot be read counts as none: the
    gateway sets a damaged one aside by itself.
    """
    if not path.is_file():
        return None
    try:
        connection = sqlite3.connect(
            f"file:{quote(os.fspath(path.absolute()))}?mode=ro", uri=True, timeout=5.0
        )
        with contextlib.closing(connection):
            application = connection.execute("PRAGMA application_id").fetchone()[0]
            version = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error:
        return None
    return int(version) if application == APPLICATION_ID else None
