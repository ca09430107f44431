"""What the API needs of the gateway: small interfaces that the composition root fills.

Every method is called from request threads, several at once, and answers within a bounded time.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from gateway.access.keys import KeyRing
from gateway.devices.labels import Label
from gateway.journal.types import LedgerHour
from gateway.live.feed import Event, Position
from gateway.log.entry import LogEntry
from gateway.model.command import CommandRecord
from gateway.model.reading import StoredReading
from gateway.model.registry import DeviceView
from gateway.model.windows import Window, WindowQuery
from gateway.observe.metrics import Family

Order = Literal["asc", "desc"]


class DevicesPort(Protocol):
    """The devices as they are now."""

    def all(self) -> tuple[DeviceView, ...]:
        """Every device, in the order in which they became known."""
        ...

    def get(self, device: str, /) -> DeviceView | None:
        """One device, or None."""
        ...

    def change(self, device: str, change: Callable[[Label], Label], /) -> DeviceView | None:
        """Change what a person has set for a device; the device as it is then, None: not known.

        Returns when the change is on disk. Raises `NotStored`.
        """
        ...


class ReadingsPage(Protocol):
    """One page of stored readings; `next` is the cursor of the following one, None at the end."""

    @property
    def readings(self) -> Sequence[StoredReading]:
        """In the order that was asked for."""
        ...

    @property
    def next(self) -> str | None:
        """Opaque to callers."""
        ...

    @property
    def complete(self) -> bool:
        """False when older ones exist or may exist that cannot be had now."""
        ...


class WindowsPage(Protocol):
    """One page of windows; `next` and `complete` as for readings."""

    @property
    def windows(self) -> Sequence[Window]:
        """In the order that was asked for; those without a reading are left out."""
        ...

    @property
    def next(self) -> str | None:
        """Opaque to callers."""
        ...

    @property
    def complete(self) -> bool:
        """As for readings."""
        ...


class ReadingsPort(Protocol):
    """What is stored, however old, and the newest of it."""

    def page(
        self,
        device: str,
        *,
        since_ms: int | None,
        until_ms: int | None,
        limit: int,
        order: Order,
        cursor: str | None,
    ) -> ReadingsPage:
        """Readings with since <= time < until (UTC ms, None for no bound).

        Raises `ValueError` for a cursor that is none of its own.
        """
        ...

    def every(
        self, device: str, *, since_ms: int | None, until_ms: int | None, order: Order
    ) -> Iterator[StoredReading]:
        """All of them, in bounded memory.

        Raises `gateway.history.history.HistoryUnavailable` where some cannot be had now.
        """
        ...

    def windows(
        self, query: WindowQuery, *, limit: int, order: Order, cursor: str | None
    ) -> WindowsPage:
        """Readings summed up over windows. Raises `ValueError` for a cursor that is none of its own."""
        ...

    def latest(self) -> Sequence[StoredReading]:
        """The newest reading of every device that has one."""
        ...


class CommandsPage(Protocol):
    """One page of the audit trail, newest first; `next` as for readings."""

    @property
    def records(self) -> Sequence[CommandRecord]:
        """Newest first."""
        ...

    @property
    def next(self) -> str | None:
        """Opaque to callers."""
        ...


class CommandsPort(Protocol):
    """Runs commands and remembers them."""

    def execute(
        self,
        device: str,
        name: str,
        arguments: Mapping[str, object],
        *,
        actor: str | None,
        client: str | None,
        idempotency_key: str | None,
        body_hash: str | None,
        timeout_s: float | None,
    ) -> CommandRecord:
        """Run a command and wait for its outcome; `timeout_s` None takes the gateway's own bound.

        `actor` is the name of the caller's key and `client` its address, for the audit trail.
        Returns the record when it is done. Raises `gateway.model.errors.CommandError` otherwise.
        """
        ...

    def submit(
        self,
        device: str,
        name: str,
        arguments: Mapping[str, object],
        *,
        actor: str | None,
        client: str | None,
        idempotency_key: str | None,
        body_hash: str | None,
        timeout_s: float | None,
        queue_s: float | None,
    ) -> CommandRecord:
        """Queue a command and return its record at once, or that of the first for a repetition.

        With `queue_s` it may wait so long for a device that is away. Raises
        `gateway.model.errors.CommandError` when it is not queued.
        """
        ...

    def record(self, command: str, /) -> CommandRecord | None:
        """One command by its id, or None."""
        ...

    def records(self, device: str | None, limit: int, cursor: str | None) -> CommandsPage:
        """The audit trail. Raises `ValueError` for a cursor that is none of its own."""
        ...


class EventSource(Protocol):
    """One listener's way through the events; used by one thread."""

    @property
    def position(self) -> Position:
        """The place behind everything taken so far."""
        ...

    def take(self, timeout_s: float, stopping: Callable[[], bool]) -> Sequence[Event]:
        """The next events; none when none came within `timeout_s` or `stopping` holds.

        Raises `gateway.journal.errors.JournalError` when what was missed cannot be read.
        """
        ...


class EventsPort(Protocol):
    """What happens, live and since a place in the past."""

    def open(
        self,
        last_event_id: str | None,
        devices: frozenset[str] | None,
        types: frozenset[str] | None,
    ) -> EventSource:
        """Events behind that id, or from now on; None of devices or types means all.

        Raises `ValueError` for an id that is none of its own.
        """
        ...

    def wake(self) -> None:
        """Have everyone who waits in `take` ask `stopping`."""
        ...


class Readiness(Protocol):
    """Whether the gateway collects and stores, and if not, why."""

    @property
    def ready(self) -> bool:
        """True when everything works."""
        ...

    @property
    def reasons(self) -> Sequence[str]:
        """A sentence each; empty when ready."""
        ...


class StatusPort(Protocol):
    """The gateway about itself, and its clocks."""

    def status(self) -> Mapping[str, object]:
        """The document of GET /status, ready for JSON."""
        ...

    def readiness(self) -> Readiness:
        """For /readyz."""
        ...

    def gateway_id(self) -> str:
        """The name of this gateway."""
        ...

    def now_ms(self) -> int:
        """UTC in ms since 1970."""
        ...

    def now_mono(self) -> float:
        """Monotonic seconds, of the clock that stamps `DeviceView.last_seen_mono`."""
        ...


class KeysPort(Protocol):
    """The access keys."""

    def ring(self) -> KeyRing:
        """The keys as they are now; called for every request."""
        ...


class LogsPort(Protocol):
    """The log of the running gateway."""

    def recent(self, level: str, limit: int) -> Sequence[LogEntry]:
        """The newest records of `level` and above, newest first. `ValueError` for no level."""
        ...

    def set_level(self, level: str) -> None:
        """Change what is logged from now on. `ValueError` for no level."""
        ...


class MetricsPort(Protocol):
    """What can be counted."""

    def families(self) -> Iterable[Family]:
        """Everything, as of now."""
        ...


class DummyPort(Protocol):
    """The simulated boards of `--no_i2c`."""

    def get(self, device: str, /) -> Mapping[str, object] | None:
        """One board as a document, or None."""
        ...

    def change(self, device: str, order: Mapping[str, Any], /) -> Mapping[str, object] | None:
        """Set signals, inject faults, switch it; the board as it is then, None: not known.

        All of the order is carried out or nothing: raises `ValueError` that says what is wrong.
        """
        ...


class LedgerHours(Protocol):
    """One page of the ledger; `next` is the cursor of the following one, None at the end."""

    @property
    def hours(self) -> Sequence[LedgerHour]:
        """Newest hour first."""
        ...

    @property
    def next(self) -> str | None:
        """Opaque to callers."""
        ...


class LedgerPort(Protocol):
    """The account of what should be stored, what is, and why the rest is not."""

    def ledger(
        self,
        device: str | None,
        *,
        since_ms: int | None,
        until_ms: int | None,
        limit: int,
        cursor: str | None,
    ) -> LedgerHours:
        """Hours that overlap the time from since to until (UTC ms, None for no bound).

        Raises `ValueError` for a cursor that is none of its own.
        """
        ...


class ApiSettings(Protocol):
    """The `[api]` section of the configuration."""

    @property
    def host(self) -> str:
        """Address or name to listen on."""
        ...

    @property
    def port(self) -> int:
        """TCP port; 0 takes any free one."""
        ...

    @property
    def cors_origins(self) -> Sequence[str]:
        """Origins of pages that may use the API from a browser, exactly as a browser sends them."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything the API may ask of the gateway."""

    devices: DevicesPort
    readings: ReadingsPort
    commands: CommandsPort
    status: StatusPort
    events: EventsPort
    ledger: LedgerPort
    keys: KeysPort
    logs: LogsPort
    metrics: MetricsPort
    dummy: DummyPort | None = None
    """None with real buses."""
