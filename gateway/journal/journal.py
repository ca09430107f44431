"""The journal: every reading is here before anything else happens to it.

Invariants:

1. A ticket is done only after the COMMIT (synchronous=FULL) that contains everything it stands for.
2. `next_seq` of a boot is advanced by the commit that stores its readings, in the same transaction, and
   is never deleted with them: a board is told to forget only what is on disk.
3. A key is stored once. Readings of boards that speak the protocol bring theirs; others get
   `<journal id>-<row>`, and the id is random per file.
4. Readings, commands and records take their numbers from one counter, which only rises: nothing is
   committed below a number that was seen, so the place of a consumer is one number.
5. What was taken into the queue leaves it only by a COMMIT. A failed commit changes nothing, neither on
   disk nor in the queue nor its order.
6. The queue is bounded; what does not fit is refused whole (`JournalFull`) and stays with its owner.
7. One connection writes and checkpoints, in the thread that calls `open`, `step` and `close`. A lock file
   keeps a second gateway out.
8. A reading that leaves the journal is with every registered consumer, or in the dead-letter table, or
   counted in the loss table by the transaction that deletes it.
9. A damaged file is renamed, never deleted, and what can be read of it is taken over; a file of a newer
   version is not touched.
10. In the ledger, expected = stored + lost for each device and hour; it is written by the transactions that
   store, lose and move readings.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from gateway.journal.operations import (
    Advance,
    Append,
    DeadLetterAppend,
    Flush,
    SaveCommand,
    SaveDevice,
    SaveRecord,
)
from gateway.journal.pending import PendingQueue
from gateway.journal.recovery import Connect, connect_writer
from gateway.journal.retention import Bounds
from gateway.journal.rows import (
    check_integer,
    check_text,
    encode_command,
    encode_device,
    encode_reading,
    encode_record,
)
from gateway.journal.store import Store
from gateway.journal.ticket import Ticket
from gateway.journal.types import (
    DeadLetter,
    DeviceRow,
    Entry,
    JournalState,
    LastSample,
    Record,
)
from gateway.journal.writer import Writer
from gateway.model.command import CommandRecord
from gateway.model.reading import Loss, Quality, Reading, StoredReading
from gateway.runtime.clock import WallClock


class Journal:
    """The durable record of a gateway. See the invariants at the top of this file.

    `commit_interval_s`: least time between commits that are not urgent, so that SD cards live; at a
    power cut, what came within it is lost here and still held by boards that speak the protocol.
    `keep_s` and `max_bytes` bound what is kept, `queue_max` how many readings may wait to be stored.
    `clock_is_set` tells whether the wall clock is right; what is appended while it is not is marked
    `clock_unsynced` and stamped again later. `connect` makes the writing connection; fault injection
    brings its own.

    `open`, `step` and `close` belong to one thread, the journal writer. Everything else may be called
    from any thread and never waits for the disk.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: WallClock,
        commit_interval_s: float = 1.0,
        keep_s: float = 7 * 86400,
        max_bytes: int = 1 << 30,
        queue_max: int = 20000,
        clock_is_set: Callable[[], bool] = lambda: True,
        connect: Connect = connect_writer,
    ) -> None:
        self.path = path
        self._clock = clock
        self._clock_is_set = clock_is_set
        self._pending = PendingQueue(queue_max)
        self._writer = Writer(
            Store(path, clock, connect),
            self._pending,
            interval_s=commit_interval_s,
            bounds=Bounds(keep_ms=int(keep_s * 1000), max_bytes=max_bytes),
            queue_max=queue_max,
            clock_is_set=clock_is_set,
        )

    def open(self) -> None:
        """Open the file, or make it; sets a damaged one aside. Idempotent.

        At its first call commands that a former run left queued become expired, sent ones unknown.
        Raises `JournalInUse`, `JournalTooNew` and `NotAJournal` (do not start), `JournalUnavailable`
        (try again later; what is appended meanwhile waits in the queue).
        """
        self._writer.open(self._clock.monotonic())

    def step(self, now: float) -> float:
        """Commit and trim what is due at `now` (monotonic); seconds until the next step is wanted.

        Infinity never comes back: retention wants a step each minute. Raises `JournalClosed`, and
        `JournalCorrupt` when the file was found damaged or is gone: call `open` again.
        """
        return self._writer.step(now)

    def wait_for_work(self, timeout_s: float) -> bool:
        """Wait until something may be due earlier than `step` returned; False after `timeout_s`."""
        return self._pending.wait_for_news(timeout_s)

    def wake(self) -> None:
        """End `wait_for_work` now."""
        self._pending.wake()

    def close(self) -> None:
        """Store what is queued, checkpoint, close and unlock. Idempotent.

        What cannot be stored is logged and stays queued, in case the journal is opened again.
        """
        self._writer.close(self._clock.monotonic())

    def append(
        self, readings: Sequence[Reading], losses: Sequence[Loss] = (), *, urgent: bool = False
    ) -> Ticket:
        """Store readings, and losses noticed with them, in one transaction; `urgent`: at once.

        Readings whose key is already stored are ignored and counted. Raises `JournalFull` (nothing was
        taken) and `ValueError` for what cannot be stored at all, such as NaN, or more than the queue's
        bound at once.
        """
        for loss in losses:
            check_text(loss.device)
            check_integer(loss.time_ms)
            check_integer(loss.count)
            if loss.count < 1:
                raise ValueError(f"a loss of {loss.count} samples")
        qualities: tuple[Quality, ...] = ()
        if readings and not self._clock_is_set():
            qualities = tuple(reading.quality for reading in readings)
            readings = [replace(one, quality=Quality.CLOCK_UNSYNCED) for one in readings]
        encoded = [encode_reading(reading) for reading in readings]
        operation = Append(tuple(readings), encoded, tuple(losses), qualities)
        if not readings and not losses:
            operation.ticket.complete()
            return operation.ticket
        return self._pending.put(operation, urgent)

    def flush(self) -> Ticket:
        """Ask for a commit now. The ticket is done when all that was queued before is on disk.

        Raises `JournalFull`.
        """
        return self._pending.put(Flush(), urgent=True)

    def save_command(self, record: CommandRecord, durable: bool = True) -> Ticket:
        """Store a command, new or changed (by id); `durable`: at once, not with the next commit.

        Raises `JournalFull`, and `ValueError` for what is not JSON.
        """
        return self._pending.put(SaveCommand(record, encode_command(record)), urgent=durable)

    def save_device(self, device: DeviceRow) -> Ticket:
        """Store a device, new or changed (by id). Raises `JournalFull`, `ValueError`."""
        return self._pending.put(SaveDevice(encode_device(device)), urgent=False)

    def record(
        self,
        kind: str,
        name: str,
        device: str | None,
        time_ms: int,
        document: Mapping[str, object],
        *,
        urgent: bool = False,
    ) -> Ticket:
        """Store a record, new or changed (by kind and `name`, its id); `urgent`: at once.

        `device` None: it concerns none. `time_ms` (UTC) is what its age is reckoned from. Raises
        `JournalFull`, and `ValueError` for what is not JSON and for a kind that is not a record's.
        """
        record = Record(0, kind, name, device, time_ms, document)
        return self._pending.put(SaveRecord(record, encode_record(record)), urgent)

    def register(self, consumer: str, kinds: Collection[str]) -> None:
        """From now on keep what this consumer has not got yet of these kinds.

        Call it for every consumer within a minute of `open`: after that retention begins, and a kind
        without consumer counts as delivered.
        """
        self._writer.register(consumer, frozenset(kinds))
        self._pending.put_advance(Advance(consumer, 0, frozenset(kinds)))

    def advance(self, consumer: str, seq: int) -> Ticket:
        """The consumer has everything up to number `seq`.

        Written with a later commit; a cursor never goes back. A crash may lose it: then those entries are
        delivered once more, under the same keys.
        """
        return self._pending.put_advance(Advance(consumer, seq))

    def advanced(self, consumer: str) -> int:
        """A consumer's cursor that is not on disk yet, or 0."""
        return self._pending.advanced(consumer)

    def dead_letter(self, sink: str, items: Sequence[DeadLetter]) -> Ticket:
        """Copy readings that the sink refuses for good to the dead-letter table. Raises `JournalFull`.

        Call it before `advance` moves past them: then no crash in between can lose one.
        """
        letters = DeadLetterAppend(sink, tuple(items), self._clock.wall_ms())
        return self._pending.put(letters, urgent=False)

    def next_seq(self, uid: str, boot: int) -> int:
        """The lowest sample number of this boot that is not durably stored; 1 for an unknown boot.

        After a gap it is the number behind the highest one stored or reported as lost: what is missing below
        is the caller's to report. Raises `JournalClosed` before the first `open`.
        """
        return self._writer.next_seq((uid, boot))

    def last_sample(self, uid: str) -> LastSample | None:
        """The newest stored sample of a board, of any boot; None: it was never heard of."""
        return self._writer.last_sample(uid)

    def newest_ms(self) -> int | None:
        """The newest time, UTC, that a clock which was right had stamped when the file was opened."""
        return self._writer.newest_ms()

    def state(self) -> JournalState:
        """How the writer is doing."""
        return self._writer.state()

    def subscribe(self, callback: Callable[[Sequence[StoredReading]], None]) -> Callable[[], None]:
        """Call `callback` in the writer's thread with newly stored readings after each commit.

        It must be quick. What it raises is logged and counted. Returns what ends the subscription.
        """
        return self._writer.readings.add(callback)

    def follow(self, callback: Callable[[Sequence[Entry]], None]) -> Callable[[], None]:
        """Like `subscribe`, for entries of every kind, in the order of their numbers."""
        return self._writer.entries.add(callback)
