"""The open file and its one writing connection. Only the writer's thread uses it."""

import contextlib
import logging
import secrets
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from gateway.journal.calendar import JUMP_MS, Calendar
from gateway.journal.ddl import migrate
from gateway.journal.errors import JournalClosed, JournalCorrupt, JournalUnavailable
from gateway.journal.leaps import repaired
from gateway.journal.lockfile import LockFile
from gateway.journal.operations import Operation
from gateway.journal.recovery import (
    Connect,
    look_at_header,
    prepare,
    set_aside,
    sync_folder,
    unavailable,
)
from gateway.journal.retention import Bounds, Delivered, Trimmed, trim
from gateway.journal.salvage import Salvaged, salvage
from gateway.journal.stamping import Stamped, release, restamp
from gateway.journal.transaction import Marks, Transaction
from gateway.journal.trouble import in_words, is_corrupt
from gateway.journal.types import LastSample
from gateway.model.ledger import BootKey
from gateway.model.reading import Quality
from gateway.runtime.clock import WallClock

_log = logging.getLogger(__name__)


class Store:
    """A journal file: open it, commit to it, trim it, close it.

    `marks` and `progress` outlive the file: when a damaged one is replaced while the gateway runs, numbers
    go on where they were, so that no cursor points past new entries.
    `progress` and `heard` are changed by the writer's thread only; others may look a key up at any time.
    """

    def __init__(self, path: Path, clock: WallClock, connect: Connect) -> None:
        self.path = path
        self.marks = Marks()
        self.progress: dict[BootKey, int] = {}
        self.heard: dict[str, LastSample] = {}
        self.unsynced = 0
        self.newest_ms: int | None = None
        self.salvaged = Salvaged()
        self._clock = clock
        self._connect = connect
        self._lock = LockFile(path.with_name(f"{path.name}.lock"))
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] = (0, 0)
        self._suspicions = 0
        self._commands_closed = False
        self._aside: Path | None = None
        self._calendar = Calendar(0, 0.0)
        self._believed_ms = 0
        self.bytes_used = 0

    @property
    def is_open(self) -> bool:
        """Whether it can be committed to."""
        return self._connection is not None

    def open(self) -> None:
        """Open what is there or make it; a damaged file is set aside.

        Raises `JournalInUse`, `JournalTooNew`, `NotAJournal`, `JournalUnavailable`.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise JournalUnavailable(f"{self.path.parent}: {error.strerror}") from error
        self._lock.acquire()
        if self._suspicions > 1:
            # Found damaged again although a full check had found nothing: do not believe the check.
            self._set_aside("found damaged repeatedly")
        elif not look_at_header(self.path):
            self._set_aside("not a database")
        try:
            self._open_file()
        except sqlite3.Error as error:
            self._disconnect()
            if not is_corrupt(error):
                raise unavailable(self.path, error) from error
            self._set_aside(str(error))
            self._open_again()
        except BaseException:
            self._disconnect()
            raise

    def commit(self, operations: Sequence[Operation]) -> Transaction:
        """Commit all of them, or none and raise `sqlite3.Error`. `JournalCorrupt`: the file is gone."""
        self._check_identity()
        with self._transaction() as transaction:
            for operation in operations:
                transaction.apply(operation)
        return transaction

    def trim(self, bounds: Bounds, consumers: Mapping[str, Collection[str]]) -> Trimmed:
        """Take one slice of what is over the bounds; what `consumers` (kinds by name) have not got goes last.

        Raises `sqlite3.Error`.
        """
        with self._transaction() as transaction:
            delivered = self._delivered(transaction.connection, consumers)
            today_ms = self._today(transaction.connection)
            return trim(transaction.connection, bounds, delivered, today_ms)

    def stamp(self, *, synchronised: bool, holding: bool) -> Stamped:
        """One slice of the readings whose time was not known: stamp them again if it is now.

        `holding`: sinks wait for them, so those that have waited too long are let go as they are.
        Raises `sqlite3.Error`.
        """
        with self._transaction() as transaction:
            if synchronised:
                done = restamp(transaction, self._clock)
            else:
                done = release(transaction.connection, self._clock, holding=holding)
        self.unsynced -= done.rows
        return done

    def suspect(self) -> None:
        """The file was found damaged: let go of it; the next `open` looks closely."""
        self._suspicions += 1
        self._disconnect()

    def close(self) -> None:
        """Write everything into the main file, close it, give the lock back. Idempotent."""
        if self._connection is not None:
            try:
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.Error as error:
                _log.warning("the journal was closed without a checkpoint: %s", in_words(error))
            self._disconnect()
        self._lock.release()

    def _open_again(self) -> None:
        try:
            self._open_file()
        except sqlite3.Error as error:
            self._disconnect()
            raise unavailable(self.path, error) from error

    def _open_file(self) -> None:
        self._connection = connection = self._connect(self.path)
        prepare(connection, self.path, thorough=self._suspicions > 0)
        migrate(connection, secrets.token_hex(8))
        found = self.path.stat()
        self._identity = (found.st_dev, found.st_ino)
        if self._aside is not None:
            self.salvaged = salvage(self._aside, connection, self._clock)
        self._load(connection)
        leapt = repaired(connection, self.progress)
        self.progress.update(leapt)
        for (uid, boot), following in leapt.items():
            _log.warning(
                "an impossible sample number is forgotten; board %s, boot %d goes on at %d",
                *(uid, boot, following),
            )
        with self._transaction() as transaction:
            transaction.advanced.update(leapt)
            if self._aside is not None:
                # Whatever happened to the file: no board may be asked again for what it was told to forget.
                transaction.advanced.update(self.progress)
                transaction.heard.update(self.heard)
            if not self._commands_closed:
                transaction.close_open_commands(self._clock.wall_ms())
        self._commands_closed = True
        self._aside = None
        sync_folder(self.path.parent)

    def _load(self, connection: sqlite3.Connection) -> None:
        meta = dict(connection.execute("SELECT name, value FROM meta"))
        highest = connection.execute(
            "SELECT max(seq) FROM sqlite_sequence WHERE name = 'readings'"
        ).fetchone()[0]
        self.marks = Marks(
            journal_id=meta["journal_id"],
            seq=max(self.marks.seq, meta["seq"]),
            last_row=max(self.marks.last_row, highest or 0),
            commits=meta["commits"],
        )
        for uid, boot, following in connection.execute("SELECT uid, boot, next FROM progress"):
            self.progress[uid, boot] = max(self.progress.get((uid, boot), 1), following)
        for uid, *rest in connection.execute(
            "SELECT uid, boot, seq, time_ms, boot_id, boottime_ms FROM heard"
        ):
            self.heard.setdefault(uid, LastSample(*rest))
        self.unsynced = connection.execute("SELECT count(*) FROM unsynced").fetchone()[0]
        self.newest_ms = _newest_ms(connection)
        self._believed_ms = meta["believed_ms"]
        believed_ms = self._believed_ms or self.newest_ms or 0
        self._calendar = Calendar(believed_ms, self._clock.monotonic())

    def _today(self, connection: sqlite3.Connection) -> int:
        today_ms = self._calendar.today(self._clock.wall_ms(), self._clock.monotonic())
        if abs(today_ms - self._believed_ms) >= JUMP_MS:
            connection.execute("UPDATE meta SET value = ? WHERE name = 'believed_ms'", (today_ms,))
            self._believed_ms = today_ms
        return today_ms

    def _set_aside(self, reason: str) -> None:
        self._aside = set_aside(self.path, self._clock.wall_ms(), reason)
        self._suspicions = 0

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[Transaction]:
        connection = self._opened()
        if connection.in_transaction:
            # Its ROLLBACK had failed.
            connection.execute("ROLLBACK")
        transaction = Transaction(connection, replace(self.marks), self.progress)
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield transaction
            transaction.finish()
            self._commit(transaction)
        except BaseException:
            # SQLite has rolled back by itself after some errors. If it cannot now, the next
            # transaction begins with it; the error that led here is the one to report.
            if connection.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
            raise
        self.marks = transaction.marks
        self.bytes_used = transaction.bytes_used
        self.progress.update(transaction.advanced)
        self.heard.update(transaction.heard)
        self.unsynced += transaction.held

    def _commit(self, transaction: Transaction) -> None:
        """COMMIT; an error that comes too late, when it has happened already, is none."""
        connection = transaction.connection
        try:
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection.in_transaction or transaction.marks.commits == self.marks.commits:
                raise
            # Rolled back or done, SQLite does not say which. To do it again would store twice what
            # has no key of its own.
            found = connection.execute("SELECT value FROM meta WHERE name = 'commits'").fetchone()
            if found != (transaction.marks.commits,):
                raise
            _log.info("a commit was done although SQLite reported: %s", error)

    def _delivered(
        self, connection: sqlite3.Connection, consumers: Mapping[str, Collection[str]]
    ) -> Delivered:
        cursors = dict(connection.execute("SELECT consumer, seq FROM cursors"))
        through: dict[str, int] = {}
        for consumer, kinds in consumers.items():
            seq = cursors.get(consumer, 0)
            for kind in kinds:
                through[kind] = min(seq, through.get(kind, seq))
        return Delivered(through, self.marks.seq)

    def _check_identity(self) -> None:
        """Writes to an unlinked file succeed but are lost at exit, so compare the inode."""
        try:
            found = self.path.stat()
        except FileNotFoundError as error:
            raise JournalCorrupt(f"{self.path} was removed while it was open") from error
        if (found.st_dev, found.st_ino) != self._identity:
            raise JournalCorrupt(f"{self.path} was replaced while it was open")

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            raise JournalClosed("the journal is not open")
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            # Closing writes too, and may fail for the same reason that led here; what was committed
            # is on disk already.
            with contextlib.suppress(sqlite3.Error):
                connection.close()


def _newest_ms(connection: sqlite3.Connection) -> int | None:
    """The newest time among the latest rows that was not doubted when it was stamped; None: no such row."""
    # Not of all rows: what a clock that ran ahead once has left behind must not count until it is deleted.
    found = connection.execute(
        "SELECT max(time_ms) FROM (SELECT time_ms, quality FROM readings ORDER BY row DESC LIMIT 1000)"
        " WHERE quality <> ?",
        (Quality.CLOCK_UNSYNCED.value,),
    ).fetchone()[0]
    return None if found is None else int(found)
