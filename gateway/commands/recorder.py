"""Writes what becomes of commands: to the journal, and to the audit trail."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from gateway.commands.outcome import unrecorded
from gateway.drivers.intake import Committed
from gateway.journal.errors import JournalError
from gateway.model.command import CommandRecord, CommandState
from gateway.model.errors import CommandError

COMMIT_TIMEOUT_S = 5.0
"""How long a command waits for its record to be durable before it is given up unsent."""

log = logging.getLogger(__name__)


class CommandLedger(Protocol):
    """Stores commands: the journal."""

    def save_command(self, record: CommandRecord, durable: bool = True) -> Committed:
        """Insert or update by id; durable ones are committed at once."""
        ...


class CommandRecorder:
    """Records commands before they are sent and when they have ended. Thread-safe."""

    def __init__(
        self, ledger: CommandLedger, audit: Callable[[CommandRecord, str | None], None]
    ) -> None:
        """`audit` is called with every final record and the address of the client."""
        self._ledger = ledger
        self._audit = audit
        self._guard = threading.Lock()  # guards _clients
        self._clients: dict[str, str] = {}  # addresses that orders under way came from, by command

    def note_client(self, command: str, client: str) -> None:
        """Remember the address that an order came from, until its outcome is recorded."""
        with self._guard:
            self._clients[command] = client

    def before_sending(self, record: CommandRecord) -> None:
        """Store a record durably. Raises `CommandError` when that fails: nothing must be sent then."""
        try:
            durable = self._ledger.save_command(record).wait(COMMIT_TIMEOUT_S)
        except JournalError as error:
            raise unrecorded(error) from error
        if not durable:
            unsent = replace(
                record,
                state=CommandState.EXPIRED,
                error="journal_unavailable",
                detail="not sent, because it could not be recorded in time",
            )
            self.outcome(unsent, awaited=False)
            raise CommandError(
                "journal_unavailable", str(unsent.detail), record=unsent, retry_after_s=5.0
            )

    def outcome(self, record: CommandRecord, *, awaited: bool = True) -> None:
        """Record the outcome. The caller learns it also when the record cannot be stored."""
        with self._guard:
            client = self._clients.pop(record.id, None)
        self._audit(record, client)
        stored = self.save(record)
        if awaited and stored is not None:
            # The next request with the command's id or its Idempotency-Key finds the outcome.
            stored.wait(COMMIT_TIMEOUT_S)

    def save(self, record: CommandRecord) -> Committed | None:
        """Store a record with the next commit; None when it is not taken, which is logged."""
        try:
            return self._ledger.save_command(record)
        except JournalError:
            log.exception("state of command %s not stored: %s", record.id, record.state)
            return None
