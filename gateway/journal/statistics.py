"""The numbers of a journal, cheap to ask for however much it holds."""

import sqlite3

from gateway.journal.size import used_bytes
from gateway.journal.types import JournalStats, Kind, SinkProgress
from gateway.model.reading import LossReason


def read_stats(connection: sqlite3.Connection) -> JournalStats:
    """Everything as of one moment. Raises `sqlite3.Error`."""
    connection.execute("BEGIN")
    try:
        return _read(connection)
    finally:
        connection.execute("ROLLBACK")


def _read(connection: sqlite3.Connection) -> JournalStats:
    meta = dict(connection.execute("SELECT name, value FROM meta"))
    oldest, newest, first, last = connection.execute(
        "SELECT (SELECT min(time_ms) FROM readings), (SELECT max(time_ms) FROM readings),"
        " (SELECT min(row) FROM readings), (SELECT max(row) FROM readings)"
    ).fetchone()
    dead = dict(connection.execute("SELECT sink, count(*) FROM dead_letters GROUP BY sink"))
    cursors = connection.execute("SELECT consumer, kinds, seq FROM cursors ORDER BY consumer")
    consumers = {consumer: (kinds.split(), seq) for consumer, kinds, seq in cursors}
    sinks = {
        consumer: SinkProgress(
            seq=seq,
            # Numbers between those of readings make it a little too high.
            lag_rows=0 if last is None else min(meta["rows"], max(0, last - max(seq, first - 1))),
            dead_letters=dead.get(consumer, 0),
        )
        for consumer, (kinds, seq) in consumers.items()
        if Kind.READING in kinds
    }
    return JournalStats(
        journal_id=meta["journal_id"],
        rows=meta["rows"],
        seq=meta["seq"],
        last_row=last or 0,
        oldest_ms=oldest,
        newest_ms=newest,
        bytes_used=used_bytes(connection),
        cursors={consumer: seq for consumer, (_, seq) in consumers.items()},
        sinks=sinks,
        losses={
            LossReason(reason): count
            for reason, count in connection.execute(
                "SELECT reason, sum(count) FROM losses GROUP BY reason"
            )
        },
    )
