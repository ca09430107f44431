"""Commands: checked against the board's own schema, recorded before they are sent, executed at most once.

The audit record is durably in the journal before the first byte is on the wire. So a command that may have
been sent is recorded as sent, whatever happens to the gateway, and is never sent again.
"""

import contextlib
import logging
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from arduino_iface.arguments import InvalidArguments
from arduino_iface.errors import BusBusy, OutcomeUnknown, WireError
from arduino_iface.messages import CommandStatus
from arduino_iface.schema import Command
from gateway.commands.inquiry import LATER, NEVER, NOT_CARRIED_OUT, Inquiry, ask
from gateway.commands.order import CommandOrder
from gateway.commands.outcome import (
    ENDS,
    End,
    in_progress,
    no_driver,
    offline,
    outcome,
    unrecorded,
)
from gateway.commands.queue import CommandQueue, Job
from gateway.commands.recorder import CommandLedger, CommandRecorder
from gateway.commands.tokens import CommandHistory, Tokens
from gateway.drivers.base import Driver
from gateway.journal.errors import JournalError
from gateway.model.command import CommandRecord, CommandState
from gateway.model.errors import CommandError, DeviceInMaintenance
from gateway.model.registry import Registry
from gateway.presence.presence import ABSENT
from gateway.runtime.clock import WallClock

IDEMPOTENCY_KEPT_MS = 24 * 3600 * 1000

WAITED_FOR = ("device_offline", "maintenance")
"""Refusals that a queued command waits out."""


log = logging.getLogger(__name__)


class Commander:
    """Executes orders. Called from request threads; each board executes one command at a time."""

    def __init__(
        self,
        registry: Registry,
        drivers: Callable[[str], Driver | None],
        ledger: CommandLedger,
        history: CommandHistory,
        clock: WallClock,
        audit: Callable[[CommandRecord, str | None], None],
        *,
        use: Callable[[str], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        """`drivers` returns the driver of a device, None for a device without one.

        `audit` is called with every final record and the address of the client. `use` is entered while a
        device is sent something, and raises `DeviceInMaintenance` when it must not be.
        """
        self._registry = registry
        self._drivers = drivers
        self._history = history
        self._clock = clock
        self._use = use
        self.queue = CommandQueue()
        self._recorder = CommandRecorder(ledger, audit)
        self._tokens = Tokens(history)
        self._guard = threading.Lock()  # guards what follows, never held across a wait
        self._keys_under_way: set[str] = set()

    def execute(self, order: CommandOrder) -> CommandRecord:
        """Carry out an order and return its record when it is done.

        Raises `CommandError` with one of the contract's codes otherwise; its record says what happened.
        """
        with self._reserved(order.idempotency_key):
            earlier = self._earlier(order)
            if earlier is None:
                return self._execute(order)
            if not earlier.state.final:
                raise in_progress("its outcome is not stored yet")
            return outcome(earlier)

    def submit(self, order: CommandOrder) -> CommandRecord:
        """Record an order and return; it is carried out by the queue's worker as soon as that can be.

        Raises `CommandError` when it cannot be queued. An order that is a repetition is not queued again:
        its record is returned, however far it has come.
        """
        with self._reserved(order.idempotency_key):
            earlier = self._earlier(order)
            if earlier is not None:
                return earlier
            self._checked(order, away_too=order.queue_s is not None)
            record = self._record_of(order, CommandState.QUEUED, None)
            self.queue.reserve()
            try:
                self._recorder.before_sending(record)
            except CommandError:
                self.queue.give_back()
                raise
            expires_mono = self._clock.monotonic() + (order.queue_s or 0.0)
            self.queue.add(Job(record, order, expires_mono))
            return record

    def carry_out(self, job: Job) -> bool:
        """Try to carry out a queued order; False: its device cannot be reached, and it goes on waiting.

        Does not raise: the outcome is in its record.
        """
        patient = self._clock.monotonic() < job.expires_mono
        try:
            driver, command = self._checked(job.order)
        except CommandError as error:
            if error.code in WAITED_FOR and patient:
                return False
            self.expire(job, error.code, f"never sent: {error.detail}")
            return True
        try:
            token = self._tokens.following(job.order.device)
            record = replace(job.record, state=CommandState.SENT, token=token)
            self._recorder.before_sending(record)
        except CommandError as error:
            self.expire(job, error.code, f"never sent: {error.detail}")
            return True
        finished, inquiry = self._finished(record, driver, command, job.order.timeout_s)
        if finished.state is CommandState.EXPIRED and patient:
            self._recorder.save(job.record)  # it was not sent, so it waits as before
            return False
        self._conclude(finished, inquiry)
        return True

    def expire(self, job: Job, code: str, detail: str, *, awaited: bool = True) -> None:
        """End an order that was never sent."""
        ended = replace(
            job.record,
            state=CommandState.EXPIRED,
            error=code,
            detail=detail,
            finished_at_ms=self._clock.wall_ms(),
        )
        self._recorder.outcome(ended, awaited=awaited)

    def is_away(self, device: str) -> bool:
        """Whether a command to it would be refused because it is offline or in maintenance."""
        view = self._registry.get(device)
        return view is not None and (view.maintenance is not None or view.state in ABSENT)

    def is_held(self, device: str) -> bool:
        """Whether the device is in maintenance."""
        view = self._registry.get(device)
        return view is not None and view.maintenance is not None

    def inquiries(self) -> Sequence[Inquiry]:
        """Commands whose outcome is unknown and may be found out."""
        return self._tokens.inquiries()

    def inquire(self, inquiry: Inquiry) -> None:
        """Ask the board what became of a command, and correct its record; see `gateway.commands.inquiry`."""
        driver = self._drivers(inquiry.record.device)
        board = None if driver is None else driver.board
        try:
            with self._use(inquiry.record.device):
                answer = NEVER if board is None else ask(board, inquiry)
        except DeviceInMaintenance:
            return
        if answer is LATER:
            return
        if not self._tokens.settle(inquiry) or not isinstance(answer, CommandStatus):
            return
        never_arrived = answer is CommandStatus.UNKNOWN_COMMAND
        end = NOT_CARRIED_OUT if never_arrived else ENDS[answer]
        log.info("outcome determined: command %s is %s", inquiry.record.id, end.state)
        finished_at_ms = self._clock.wall_ms()
        self._recorder.outcome(
            replace(
                inquiry.record,
                state=end.state,
                error=end.error,
                detail=end.detail,
                finished_at_ms=finished_at_ms,
                duration_ms=float(max(0, finished_at_ms - inquiry.record.requested_at_ms)),
            )
        )

    @contextlib.contextmanager
    def _reserved(self, key: str | None) -> Iterator[None]:
        """One request at a time for an Idempotency-Key. Raises `CommandError` for the second."""
        if key is None:
            yield
            return
        with self._guard:
            if key in self._keys_under_way:
                raise in_progress("it is being carried out")
            self._keys_under_way.add(key)
        try:
            yield
        finally:
            with self._guard:
                self._keys_under_way.discard(key)

    def _earlier(self, order: CommandOrder) -> CommandRecord | None:
        key = order.idempotency_key
        if key is None:
            return None
        since_ms = self._clock.wall_ms() - IDEMPOTENCY_KEPT_MS
        try:
            earlier = self._history.command_by_idempotency(key, since_ms)
        except JournalError as error:
            raise unrecorded(error) from error
        if earlier is None or earlier.state is CommandState.EXPIRED:
            return None  # nothing was sent under this key, so it may be sent now
        if earlier.body_hash != order.body_hash:
            raise CommandError(
                "idempotency_mismatch",
                "this Idempotency-Key was used for another command; take a new one",
            )
        return earlier

    def _execute(self, order: CommandOrder) -> CommandRecord:
        driver, command = self._checked(order)
        record = self._record_of(order, CommandState.SENT, self._tokens.following(order.device))
        self._recorder.before_sending(record)
        finished, inquiry = self._finished(record, driver, command, order.timeout_s)
        self._conclude(finished, inquiry)
        return outcome(finished)

    def _record_of(
        self, order: CommandOrder, state: CommandState, token: int | None
    ) -> CommandRecord:
        command_id = str(uuid.uuid4())
        if order.client is not None:
            self._recorder.note_client(command_id, order.client)
        return CommandRecord(
            id=command_id,
            device=order.device,
            name=order.name,
            arguments=order.arguments,
            state=state,
            requested_at_ms=self._clock.wall_ms(),
            token=token,
            actor=order.actor,
            idempotency_key=order.idempotency_key,
            body_hash=order.body_hash,
        )

    def _checked(self, order: CommandOrder, *, away_too: bool = False) -> tuple[Driver, Command]:
        """Check all that can be checked before sending; `away_too`: the device need not be reachable."""
        view = self._registry.get(order.device)
        driver = self._drivers(order.device)
        if view is None:
            raise CommandError("unknown_device", f"there is no device {order.device!r}")
        if driver is None:
            raise no_driver(view)
        if not away_too and view.maintenance is not None:
            raise DeviceInMaintenance(view.id, view.maintenance)
        # The board's own description, also before the collection has published it.
        schema = driver.schema or view.schema
        if schema is None:
            raise offline(view)
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
        if not away_too and view.state in ABSENT:
            raise offline(view)
        return driver, command

    def _finished(
        self, record: CommandRecord, driver: Driver, command: Command, timeout_s: float
    ) -> tuple[CommandRecord, Inquiry | None]:
        """Send it; its record as it ends, not stored yet, and what is to be found out later."""
        identity = driver.board.identity if driver.board is not None else None
        began = self._clock.monotonic()
        end = self._send(driver, record, command, timeout_s)
        ended = replace(
            record,
            state=end.state,
            error=end.error,
            detail=end.detail,
            result=end.result,
            finished_at_ms=self._clock.wall_ms(),
            duration_ms=round((self._clock.monotonic() - began) * 1000, 3),
        )
        if end.state is not CommandState.UNKNOWN or identity is None:
            return ended, None
        return ended, Inquiry(ended, identity.uid, identity.boot)

    def _conclude(self, ended: CommandRecord, inquiry: Inquiry | None) -> None:
        self._recorder.outcome(ended)
        if inquiry is not None:
            # Only now: what is found out must not be stored before it.
            self._tokens.inquire(inquiry)
            self.queue.wake()

    def _send(
        self, driver: Driver, record: CommandRecord, command: Command, timeout_s: float
    ) -> End:
        assert record.token is not None
        try:
            with self._use(record.device):
                done = driver.execute(record.token, command, record.arguments, timeout_s)
        except DeviceInMaintenance as error:
            return End(CommandState.EXPIRED, error.code, f"never sent: {error}")
        except OutcomeUnknown as error:
            return End(CommandState.UNKNOWN, "outcome_unknown", str(error))
        except BusBusy as error:
            return End(CommandState.EXPIRED, "bus_busy", f"never sent: {error}")
        except WireError as error:
            return End(CommandState.EXPIRED, "device_offline", f"never sent: {error}")
        except Exception as error:
            log.exception("this is a fault of the gateway, please report it")
            return End(CommandState.UNKNOWN, "outcome_unknown", f"internal error: {error}")
        end = ENDS[done.status]
        result = None if done.confirmed else {"confirmed": False}
        return end._replace(detail=done.detail or end.detail, result=result)
