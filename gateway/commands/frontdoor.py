"""What request threads may ask of the gateway: stored readings, commands and the audit trail."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from gateway.commands.commander import DEADLINE_S, Commander, CommandOrder
from gateway.history.history import History, HistoryPage, WindowPage
from gateway.journal.reader import JournalReader
from gateway.journal.types import Order
from gateway.live.latest import LiveHub
from gateway.model.command import CommandRecord
from gateway.model.reading import StoredReading
from gateway.model.windows import WindowQuery


class Readings:
    """Stored readings by page, single or summed up over windows, and the newest of each device."""

    def __init__(self, history: History, hub: LiveHub) -> None:
        """Reads nothing yet."""
        self._history = history
        self._hub = hub

    def page(
        self,
        device: str,
        *,
        since_ms: int | None,
        until_ms: int | None,
        limit: int,
        order: Literal["asc", "desc"],
        cursor: str | None,
    ) -> HistoryPage:
        """Readings with since <= time < until. Raises `InvalidCursor`, a `ValueError`."""
        return self._history.page(device, since_ms, until_ms, limit, Order(order), cursor)

    def every(
        self,
        device: str,
        *,
        since_ms: int | None,
        until_ms: int | None,
        order: Literal["asc", "desc"],
    ) -> Iterator[StoredReading]:
        """All of them, read a page at a time. Raises `HistoryUnavailable` where some are out of reach."""
        return self._history.every(device, since_ms, until_ms, Order(order))

    def windows(
        self, query: WindowQuery, *, limit: int, order: Literal["asc", "desc"], cursor: str | None
    ) -> WindowPage:
        """Readings summed up. Raises `InvalidCursor`, a `ValueError`."""
        return self._history.window_page(query, limit, Order(order), cursor)

    def latest(self) -> Sequence[StoredReading]:
        """The newest reading of every device that has one."""
        return self._hub.latest()


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some commands, newest first; `next` is the cursor of the following page."""

    records: Sequence[CommandRecord]
    next: str | None


class Commands:
    """Commands to devices, and what became of earlier ones."""

    def __init__(self, commander: Commander, reader: JournalReader) -> None:
        """Sends nothing yet."""
        self._commander = commander
        self._reader = reader

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
        """Run a command and wait for its outcome. Raises `CommandError` unless it is done."""
        return self._commander.execute(
            CommandOrder(
                device=device,
                name=name,
                arguments=arguments,
                actor=actor,
                client=client,
                idempotency_key=idempotency_key,
                body_hash=body_hash,
                timeout_s=DEADLINE_S if timeout_s is None else timeout_s,
            )
        )

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
        """Queue a command and return its record. Raises `CommandError` when it is not queued."""
        return self._commander.submit(
            CommandOrder(
                device=device,
                name=name,
                arguments=arguments,
                actor=actor,
                client=client,
                idempotency_key=idempotency_key,
                body_hash=body_hash,
                timeout_s=DEADLINE_S if timeout_s is None else timeout_s,
                queue_s=queue_s,
            )
        )

    def record(self, command: str) -> CommandRecord | None:
        """One command by its id, or None."""
        stored = self._reader.command(command)
        return stored.record if stored else None

    def records(self, device: str | None, limit: int, cursor: str | None) -> AuditPage:
        """The audit trail, newest first. Raises `InvalidCursor`, a `ValueError`."""
        page = self._reader.commands(device, limit=limit, cursor=cursor)
        return AuditPage([one.record for one in page.commands], page.next)
