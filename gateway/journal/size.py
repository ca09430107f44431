"""How much a journal file holds."""

import sqlite3


def used_bytes(connection: sqlite3.Connection) -> int:
    """The size of what the file holds; pages that are free again do not count."""
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    free = connection.execute("PRAGMA freelist_count").fetchone()[0]
    size = connection.execute("PRAGMA page_size").fetchone()[0]
    return int((pages - free) * size)
