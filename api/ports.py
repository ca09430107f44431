"""What the API needs of the gateway: small interfaces that the composition root fills.

Every method is called from request threads, several at once, and answers within a bounded time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from gateway.command_record import CommandRecord
from gateway.journal.types import LedgerHour
from gateway.reading import StoredReading
from gateway.registry import DeviceView

Order = Literal["asc", "desc"]


class DevicesPort(Protocol):
    """The devices as they are now."""

    def all(self) -> tuple[DeviceView, ...]:
        """Every device, in the order in which they became known."""
        ...

    def get(self, device: str, /) -> DeviceView | None:
        """One device, or None."""
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


class ReadingsPort(Protocol):
    """What the journal holds, and the newest of it."""

    def page(
        self,
        device: str | None,
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
        idempotency_key: str | None,
        body_hash: str | None,
        timeout_s: float | None,
    ) -> CommandRecord:
        """Run a command and wait for its outcome; `timeout_s` None takes the gateway's own bound.

        Returns the record when it is done. Raises `gateway.errors.CommandError` otherwise.
        """
        ...

    def record(self, command: str, /) -> CommandRecord | None:
        """One command by its id, or None."""
        ...

    def records(self, device: str | None, limit: int, cursor: str | None) -> CommandsPage:
        """The audit trail. Raises `ValueError` for a cursor that is none of its own."""
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

    def now_ms(self) -> int:
        """UTC in ms since 1970."""
        ...

    def now_mono(self) -> float:
        """Monotonic seconds, of the clock that stamps `DeviceView.last_seen_mono`."""
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
    ledger: LedgerPort
