"""The tables, and how an older file becomes a newer one.

`MIGRATIONS[n]` takes a file from version n to n + 1, so a new file and an old one go the same way and end
the same. A published entry never changes.
"""

import sqlite3
from typing import Final

APPLICATION_ID: Final = 0x41474A31
"""Marks the file as ours in SQLite's header."""

_READING_COLUMNS: Final = """
    key TEXT NOT NULL, device TEXT NOT NULL, time_ms INTEGER NOT NULL,
    uid TEXT, boot INTEGER, seq INTEGER,
    boot_id TEXT NOT NULL, boottime_ms INTEGER NOT NULL,
    quality TEXT NOT NULL, simulated INTEGER NOT NULL,
    "values" TEXT NOT NULL, metadata TEXT NOT NULL"""

_VERSION_1: Final = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID",
    # AUTOINCREMENT: a row number is never used again, even after the newest rows are deleted.
    f"CREATE TABLE readings (row INTEGER PRIMARY KEY AUTOINCREMENT, {_READING_COLUMNS})",
    "CREATE UNIQUE INDEX readings_by_key ON readings (key)",
    # Each ends in the row number by itself, which is what pages are ordered by after the time.
    "CREATE INDEX readings_by_device ON readings (device, time_ms)",
    "CREATE INDEX readings_by_time ON readings (time_ms)",
    # With a rowid, which REPLACE renews: the order of the rowids is the order of use.
    "CREATE TABLE progress (uid TEXT, boot INTEGER, next INTEGER NOT NULL, UNIQUE (uid, boot))",
    """CREATE TABLE losses (device TEXT, hour_ms INTEGER, reason TEXT, count INTEGER NOT NULL,
        PRIMARY KEY (device, hour_ms, reason)) WITHOUT ROWID""",
    """CREATE TABLE cursors (sink TEXT PRIMARY KEY, row INTEGER NOT NULL DEFAULT 0,
        command_version INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID""",
    f"""CREATE TABLE dead_letters (id INTEGER PRIMARY KEY, sink TEXT NOT NULL, reason TEXT NOT NULL,
        at_ms INTEGER NOT NULL, row INTEGER NOT NULL, {_READING_COLUMNS}, UNIQUE (sink, key))""",
    """CREATE TABLE commands (serial INTEGER PRIMARY KEY AUTOINCREMENT, version INTEGER NOT NULL,
        id TEXT NOT NULL UNIQUE, device TEXT NOT NULL, name TEXT NOT NULL, arguments TEXT NOT NULL,
        state TEXT NOT NULL, requested_at_ms INTEGER NOT NULL, token INTEGER,
        finished_at_ms INTEGER, duration_ms REAL, result TEXT NOT NULL, error TEXT, detail TEXT, actor TEXT,
        idempotency_key TEXT, body_hash TEXT)""",
    "CREATE UNIQUE INDEX commands_by_version ON commands (version)",
    "CREATE INDEX commands_by_device ON commands (device)",
    "CREATE INDEX commands_by_time ON commands (requested_at_ms)",
    """CREATE INDEX commands_by_idempotency ON commands (idempotency_key)
        WHERE idempotency_key IS NOT NULL""",
    """CREATE INDEX commands_open ON commands (state) WHERE state IN ('queued', 'sent')""",
    """CREATE TABLE devices (id TEXT PRIMARY KEY, name TEXT NOT NULL, uid TEXT, bus TEXT,
        address INTEGER, driver TEXT, firmware TEXT, boot INTEGER, schema_text TEXT,
        last_token INTEGER, last_seen_ms INTEGER, metadata TEXT NOT NULL) WITHOUT ROWID""",
)

_VERSION_2: Final = (
    # With the values in it, windows over a day come from this index alone: half the time, a fifth
    # more space. The row is named because it is no longer what the entries end in.
    "DROP INDEX readings_by_device",
    """CREATE INDEX readings_by_device ON readings (device, time_ms, row, "values")""",
)

LEDGER_FROM_REST: Final = """INSERT INTO ledger
    SELECT device, hour_ms, sum(lost) + sum(stored), sum(stored) FROM (
        SELECT device, hour_ms, count AS lost, 0 AS stored FROM losses UNION ALL
        SELECT device, time_ms - (time_ms % 3600000 + 3600000) % 3600000, 0, 1 FROM readings)
    WHERE true GROUP BY device, hour_ms"""

_VERSION_3: Final = (
    # By device and hour: samples that should be stored, and those that are or were. What is missing is
    # in `losses` of the same hour.
    """CREATE TABLE ledger (device TEXT, hour_ms INTEGER, expected INTEGER NOT NULL,
        stored INTEGER NOT NULL, PRIMARY KEY (device, hour_ms)) WITHOUT ROWID""",
    "CREATE INDEX ledger_by_hour ON ledger (hour_ms, device)",
    # What is known of the time before: what is still here, and what was lost.
    LEDGER_FROM_REST,
    # The newest sample of each board that is stored, whatever becomes of its reading.
    """CREATE TABLE heard (uid TEXT PRIMARY KEY, boot INTEGER NOT NULL, seq INTEGER NOT NULL,
        time_ms INTEGER NOT NULL, boot_id TEXT NOT NULL, boottime_ms INTEGER NOT NULL) WITHOUT ROWID""",
    # Readings whose time is not known yet, with the quality they have when it is.
    "CREATE TABLE unsynced (row INTEGER PRIMARY KEY, quality TEXT NOT NULL)",
    "INSERT INTO meta VALUES ('believed_ms', 0) ON CONFLICT (name) DO NOTHING",
)

RENUMBER_COMMANDS: Final = """UPDATE commands
    SET version = place + (SELECT value FROM meta WHERE name = 'seq')
    FROM (SELECT id AS renumbered, row_number() OVER (ORDER BY version) AS place FROM commands)
    WHERE id = renumbered"""
"""Gives commands of a schema before 4 numbers behind `seq`, in the order of their versions."""

RENUMBER_CURSORS: Final = """INSERT INTO cursors (consumer, kinds, seq)
    SELECT sink, 'reading', row FROM old_cursors
    UNION ALL
    SELECT sink || '-commands', 'command', (SELECT value FROM meta WHERE name = 'seq')
        + (SELECT count(*) FROM commands WHERE version <= command_version) FROM old_cursors"""
"""Makes two cursors of each of a schema before 4; must come before `RENUMBER_COMMANDS`."""

COUNT_COMMANDS: Final = (
    "UPDATE meta SET value = value + (SELECT count(*) FROM commands) WHERE name = 'seq'"
)

_VERSION_4: Final = (
    # One counter for everything that consumers follow: `seq` is the last number given. Readings keep their
    # rows, which are part of keys. Commands get new numbers above all rows and versions there were.
    """INSERT INTO meta SELECT 'seq', max(
        ifnull((SELECT max(seq) FROM sqlite_sequence WHERE name = 'readings'), 0),
        ifnull((SELECT value FROM meta WHERE name = 'command_version'), 0),
        ifnull((SELECT max(version) FROM commands), 0),
        ifnull((SELECT max(max(row, command_version)) FROM cursors), 0))""",
    "ALTER TABLE cursors RENAME TO old_cursors",
    # A cursor belongs to a consumer, which follows one or several kinds of entries.
    """CREATE TABLE cursors (consumer TEXT PRIMARY KEY, kinds TEXT NOT NULL,
        seq INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID""",
    RENUMBER_CURSORS,
    "DROP TABLE old_cursors",
    RENUMBER_COMMANDS,
    COUNT_COMMANDS,
    "DELETE FROM meta WHERE name = 'command_version'",
    # Whatever else must survive: a record that changes gets a new number, as a command does.
    """CREATE TABLE records (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, device TEXT,
        time_ms INTEGER NOT NULL, document TEXT NOT NULL, UNIQUE (kind, id))""",
    # Each ends in `seq` by itself.
    "CREATE INDEX records_by_kind ON records (kind)",
    "CREATE INDEX records_by_time ON records (kind, time_ms)",
    "CREATE INDEX records_by_device ON records (kind, device, time_ms)",
)

ONE_COUNTER_SINCE: Final = 4
"""Schema version; before it readings and commands were counted apart."""

MIGRATIONS: Final = (_VERSION_1, _VERSION_2, _VERSION_3, _VERSION_4)
SCHEMA_VERSION: Final = len(MIGRATIONS)


def migrate(connection: sqlite3.Connection, journal_id: str) -> None:
    """Bring an open file to `SCHEMA_VERSION`, all of it or nothing.

    `journal_id` names the file if it is new. Raises `sqlite3.Error` as SQLite does.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version == SCHEMA_VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statements in MIGRATIONS[version:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(
            "INSERT INTO meta VALUES ('journal_id', ?), ('rows', 0), ('commits', 0)"
            " ON CONFLICT (name) DO NOTHING",
            (journal_id,),
        )
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
