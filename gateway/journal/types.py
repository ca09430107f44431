"""The journal's records and snapshots. All are immutable and may be passed between threads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from gateway.model.command import CommandRecord
from gateway.model.reading import LossReason, StoredReading

_NO_METADATA: Mapping[str, str] = MappingProxyType({})


class Kind(StrEnum):
    """The kinds of entries that every journal has; each kind of record is one more."""

    READING = "reading"
    COMMAND = "command"


class Order(StrEnum):
    """Which end of the journal a list begins with."""

    ASC = "asc"
    DESC = "desc"


class JournalStatus(StrEnum):
    """Whether the journal takes what it is given."""

    OK = "ok"
    BLOCKED = "blocked"
    """Nothing can be stored now; what is queued stays queued."""


@dataclass(frozen=True, slots=True)
class StoredCommand:
    """A command as it is in the journal; each save takes the next number of the journal's counter."""

    version: int
    record: CommandRecord

    @property
    def seq(self) -> int:
        """Its number among all entries."""
        return self.version


@dataclass(frozen=True, slots=True)
class Record:
    """What is neither a reading nor a command and must survive: an alert, an aggregate.

    `kind` and `id` name it; a change takes the next number `seq`. `device` is None for what concerns none;
    `time_ms` is UTC in ms; `document` is JSON.
    """

    seq: int
    kind: str
    id: str
    device: str | None
    time_ms: int
    document: Mapping[str, object]


Entry = StoredReading | StoredCommand | Record
"""What consumers follow; each has a `seq`, from one counter, which only rises."""


def kind_of(entry: Entry) -> str:
    """The kind of an entry."""
    if isinstance(entry, Record):
        return entry.kind
    return Kind.READING if isinstance(entry, StoredReading) else Kind.COMMAND


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One reading, by row and key, that a sink refuses for good, and why."""

    row: int
    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class DeadReading:
    """A reading in the dead-letter table. `at_ms`: UTC in ms when it was put there."""

    sink: str
    reason: str
    at_ms: int
    stored: StoredReading


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """What must be known of a device after a restart.

    None means not known, or not fitting for its driver. `last_seen_ms` is UTC in ms.
    """

    id: str
    name: str
    uid: str | None = None
    bus: str | None = None
    address: int | None = None
    driver: str | None = None
    firmware: str | None = None
    boot: int | None = None
    schema_text: str | None = None
    last_seen_ms: int | None = None
    metadata: Mapping[str, str] | None = field(default_factory=lambda: _NO_METADATA)


@dataclass(frozen=True, slots=True)
class Page:
    """Some readings; `next` is the cursor of the following page, None on the last one."""

    readings: tuple[StoredReading, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class CommandPage:
    """Some commands; `next` is the cursor of the following page, None on the last one."""

    commands: tuple[StoredCommand, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Some records; `next` is the cursor of the following page, None on the last one."""

    records: tuple[Record, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class LastSample:
    """The newest stored sample of a board: its boot and number, and when it was taken.

    `time_ms` is UTC; `boottime_ms` the same moment on the clock of the machine's start `boot_id`.
    """

    boot: int
    seq: int
    time_ms: int
    boot_id: str
    boottime_ms: int


@dataclass(frozen=True, slots=True)
class LedgerHour:
    """The account of one device for the hour that began at `hour_ms` (UTC); see `gateway.model.ledger`."""

    device: str
    hour_ms: int
    expected: int
    stored: int
    lost: Mapping[LossReason, int]


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """Some hours of the ledger; `next` is the cursor of the following page, None on the last one."""

    hours: tuple[LedgerHour, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class SinkProgress:
    """How far a consumer of readings has come: up to number `seq`.

    `lag_rows` is never too small and exactly 0 when it has all readings; `dead_letters` counts what it
    refused.
    """

    seq: int
    lag_rows: int
    dead_letters: int


@dataclass(frozen=True, slots=True)
class JournalStats:
    """What the journal holds. Times are UTC in ms, None when it holds no reading.

    `seq` is the last number that was given to an entry, `last_row` the number of the newest reading.
    `cursors` has the place of each consumer, `sinks` those that follow readings.
    """

    journal_id: str
    rows: int
    seq: int
    last_row: int
    oldest_ms: int | None
    newest_ms: int | None
    bytes_used: int
    cursors: Mapping[str, int]
    sinks: Mapping[str, SinkProgress]
    losses: Mapping[LossReason, int]


@dataclass(frozen=True, slots=True)
class JournalState:
    """The writer's snapshot; the counters count from the start of the process.

    `detail` says in words why it is blocked, or is empty. `queued` is the number of readings not yet stored.
    `shedding`: the bound is reached and undelivered readings are dropped. `unsynced_rows` wait for the clock
    to be right. When a damaged file was set aside, `salvaged_rows` were taken over and `unreadable_rows`
    could not be read.
    `last_commit_mono` and `blocked_since_mono` are monotonic seconds, None: never, not blocked.
    """

    status: JournalStatus
    detail: str
    journal_id: str
    queued: int
    queue_max: int
    committed_rows: int
    commits: int
    failed_commits: int
    duplicates: int
    shed_rows: int
    trimmed_rows: int
    shedding: bool
    unsynced_rows: int
    salvaged_rows: int
    unreadable_rows: int
    callback_errors: int
    bytes_used: int
    last_row: int
    last_commit_mono: float | None
    blocked_since_mono: float | None
