"""Commands: checked against the board's own schema, recorded before they are sent, acted on at most once.

The audit record is in the journal, durably, before the first byte is on the wire. So whatever happens to the
gateway, a command that may have been sent is known to have been, and is never sent again.
"""

import logging
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from arduino_iface.arguments import InvalidArguments
from arduino_iface.device import OutcomeUnknown
from arduino_iface.errors import BusBusy, WireError
from arduino_iface.messages import CommandStatus
from arduino_iface.schema import Command
from gateway.clock import WallClock
from gateway.collection.intake import Committed
from gateway.command_record import CommandRecord, CommandState
from gateway.drivers.base import Driver
from gateway.errors import CommandError
from gateway.journal.errors import JournalError
from gateway.registry import DeviceState, DeviceView, Registry

DEADLINE_S = 10.0
"""How long a caller waits for a board unless the caller says otherwise."""

COMMIT_TIMEOUT_S = 5.0
"""How long a command waits for its record to be durable before it is given up unsent."""

IDEMPOTENCY_KEPT_MS = 24 * 3600 * 1000

RETRY_AFTER_S = 1.0

TOKENS = 0xF000
"""Commands use tokens below this; the rest is the collection's (setting the sampling interval)."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _End:
    """How a command ends: its state, the error code if it is one, and both in words."""

    state: CommandState
    error: str | None = None
    detail: str | None = None
    result: object = None


class CommandLedger(Protocol):
    """Where commands are recorded: the journal."""

    def save_command(self, record: CommandRecord, durable: bool = True) -> Committed:
        """Insert or update by id; durable ones are committed at once."""
        ...


class CommandHistory(Protocol):
    """What was recorded: the journal's reader."""

    def command_by_idempotency(self, key: str, since_ms: int) -> CommandRecord | None:
        """The newest command with that key since `since_ms`, or None."""
        ...

    def last_token(self, device: str) -> int | None:
        """The token of the newest command to that device, or None."""
        ...


@dataclass(frozen=True, slots=True)
class CommandOrder:
    """What a caller wants done. `idempotency_key` and `body_hash` are both given or both None."""

    device: str
    name: str
    arguments: Mapping[str, object]
    actor: str | None = None
    idempotency_key: str | None = None
    body_hash: str | None = None
    timeout_s: float = DEADLINE_S


class Commander:
    """Executes orders. Called from request threads; a board does one thing at a time all the same."""

    def __init__(
        self,
        registry: Registry,
        drivers: Callable[[str], Driver | None],
        ledger: CommandLedger,
        history: CommandHistory,
        clock: WallClock,
        audit: Callable[[CommandRecord], None],
    ) -> None:
        """`drivers` finds what a command to a device goes to; `audit` is told of final records."""
        self._registry = registry
        self._drivers = drivers
        self._ledger = ledger
        self._history = history
        self._clock = clock
        self._audit = audit
        self._guard = threading.Lock()  # guards the two below, never held across a wait
        self._tokens: dict[str, int] = {}
        self._keys_under_way: set[str] = set()

    def execute(self, order: CommandOrder) -> CommandRecord:
        """Carry out an order and return its record when it is done.

        Raises `CommandError` with one of the contract's codes otherwise; its record says what happened.
        """
        key = order.idempotency_key
        if key is None:
            return self._execute(order)
        with self._guard:
            if key in self._keys_under_way:
                raise _in_progress("it is being carried out")
            self._keys_under_way.add(key)
        try:
            earlier = self._earlier(key, order)
            return _outcome(earlier) if earlier else self._execute(order)
        finally:
            with self._guard:
                self._keys_under_way.discard(key)

    def _earlier(self, key: str, order: CommandOrder) -> CommandRecord | None:
        since_ms = self._clock.wall_ms() - IDEMPOTENCY_KEPT_MS
        try:
            earlier = self._history.command_by_idempotency(key, since_ms)
        except JournalError as error:
            raise _unrecorded(error) from error
        if earlier is None or earlier.state is CommandState.EXPIRED:
            return None  # nothing was done under this key, so it may be done now
        if earlier.body_hash != order.body_hash:
            raise CommandError(
                "idempotency_mismatch",
                "this Idempotency-Key was used for another command; take a new one",
            )
        if not earlier.state.final:
            raise _in_progress("its outcome is not stored yet")
        return earlier

    def _execute(self, order: CommandOrder) -> CommandRecord:
        driver, command = self._validated(order)
        record = CommandRecord(
            id=str(uuid.uuid4()),
            device=order.device,
            name=order.name,
            arguments=order.arguments,
            state=CommandState.SENT,
            requested_at_ms=self._clock.wall_ms(),
            token=self._next_token(order.device),
            actor=order.actor,
            idempotency_key=order.idempotency_key,
            body_hash=order.body_hash,
        )
        self._record_before_sending(record)
        began = self._clock.monotonic()
        end = self._send(driver, record, command, order.timeout_s)
        finished = replace(
            record,
            state=end.state,
            error=end.error,
            detail=end.detail,
            result=end.result,
            finished_at_ms=self._clock.wall_ms(),
            duration_ms=round((self._clock.monotonic() - began) * 1000, 3),
        )
        self._record_outcome(finished)
        return _outcome(finished)

    def _validated(self, order: CommandOrder) -> tuple[Driver, Command]:
        view = self._registry.get(order.device)
        driver = self._drivers(order.device)
        if view is None or driver is None:
            raise CommandError("unknown_device", f"there is no device {order.device!r}")
        # The board's own words, also in the moment before the collection has published them.
        schema = driver.schema or view.schema
        if schema is None:
            raise _offline(view)
        command = schema.command(order.name)
        if command is None:
            known = ", ".join(one.name for one in schema.commands) or "none"
            raise CommandError(
                "unknown_command",
                f"{order.device} has no command {order.name!r}; it has: {known}",
            )
        try:
            driver.check(command, order.arguments)
        except InvalidArguments as error:
            raise CommandError("invalid_arguments", str(error), problems=error.problems) from error
        if view.state in (DeviceState.OFFLINE, DeviceState.QUARANTINED):
            raise _offline(view)
        return driver, command

    def _record_before_sending(self, record: CommandRecord) -> None:
        try:
            durable = self._ledger.save_command(record).wait(COMMIT_TIMEOUT_S)
        except JournalError as error:
            raise _unrecorded(error) from error
        if not durable:
            unsent = replace(
                record,
                state=CommandState.EXPIRED,
                error="journal_unavailable",
                detail="not sent, because it could not be recorded in time",
            )
            self._record_outcome(unsent, awaited=False)
            raise CommandError(
                "journal_unavailable", str(unsent.detail), record=unsent, retry_after_s=5.0
            )

    def _record_outcome(self, record: CommandRecord, *, awaited: bool = True) -> None:
        """The command is over, whatever becomes of its record now: its caller learns the outcome."""
        self._audit(record)
        try:
            stored = self._ledger.save_command(record)
        except JournalError:
            log.exception("outcome of command %s not stored: %s", record.id, record.state)
            return
        if awaited:
            # Whoever asks next, with the command's id or its Idempotency-Key, finds the outcome.
            stored.wait(COMMIT_TIMEOUT_S)

    def _send(
        self, driver: Driver, record: CommandRecord, command: Command, timeout_s: float
    ) -> _End:
        assert record.token is not None
        try:
            outcome = driver.execute(record.token, command, record.arguments, timeout_s)
        except OutcomeUnknown as error:
            return _End(CommandState.UNKNOWN, "outcome_unknown", str(error))
        except BusBusy as error:
            return _End(CommandState.EXPIRED, "bus_busy", f"never sent: {error}")
        except WireError as error:
            return _End(CommandState.EXPIRED, "device_offline", f"never sent: {error}")
        except Exception as error:
            log.exception("this is a fault of the gateway, please report it")
            return _End(CommandState.UNKNOWN, "outcome_unknown", f"internal error: {error}")
        state, code = _ENDS[outcome.status]
        result = None if outcome.confirmed else {"confirmed": False}
        return _End(state, code, outcome.detail, result)

    def _next_token(self, device: str) -> int:
        with self._guard:
            last = self._tokens.get(device)
        if last is None:
            try:
                last = self._history.last_token(device)
            except JournalError as error:
                raise _unrecorded(error) from error
        with self._guard:
            # Another thread may have been here meanwhile; its number is the newer one.
            last = self._tokens.get(device, last)
            start = uuid.uuid4().int % TOKENS
            token = start if last is None else (last + 1) % TOKENS
            self._tokens[device] = token
            return token


def _unrecorded(error: JournalError) -> CommandError:
    return CommandError(
        "journal_unavailable",
        f"not sent, because it cannot be recorded: {error}",
        retry_after_s=5.0,
    )


def _in_progress(why: str) -> CommandError:
    return CommandError(
        "command_in_progress",
        f"there is a command with this Idempotency-Key and {why}; ask again for its outcome",
        retry_after_s=1.0,
    )


def _offline(view: DeviceView) -> CommandError:
    reason = f": {view.detail}" if view.detail else ""
    return CommandError(
        "device_offline", f"{view.id} is {view.state}{reason}; nothing was sent", retry_after_s=5.0
    )


_ENDS: Mapping[CommandStatus, tuple[CommandState, str | None]] = {
    CommandStatus.DONE: (CommandState.DONE, None),
    CommandStatus.RUNNING: (CommandState.UNKNOWN, "outcome_unknown"),
    CommandStatus.UNKNOWN_COMMAND: (CommandState.FAILED, "device_failed"),
    CommandStatus.BAD_ARGUMENT: (CommandState.REFUSED, "refused"),
    CommandStatus.REFUSED: (CommandState.REFUSED, "refused"),
    CommandStatus.FAILED: (CommandState.FAILED, "device_failed"),
}


def _outcome(record: CommandRecord) -> CommandRecord:
    """The record of a command that is done; `CommandError` for every other end."""
    if record.state is CommandState.DONE:
        return record
    retry_after_s = RETRY_AFTER_S if record.state is CommandState.EXPIRED else None
    raise CommandError(
        record.error or "outcome_unknown",
        record.detail or f"the command is {record.state}",
        record=record,
        retry_after_s=retry_after_s,
    )
