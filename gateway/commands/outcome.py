"""Outcomes and refusals of commands, in codes and words. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from arduino_iface.messages import CommandStatus
from gateway.journal.errors import JournalError
from gateway.model.command import CommandRecord, CommandState
from gateway.model.errors import CommandError
from gateway.model.registry import DeviceView

RETRY_AFTER_S = 1.0


class End(NamedTuple):
    """How a command ends: its state, the error code and a description of it if any, and the result."""

    state: CommandState
    error: str | None = None
    detail: str | None = None
    result: object = None


def unrecorded(error: JournalError) -> CommandError:
    """The refusal of a command that cannot be recorded."""
    return CommandError(
        "journal_unavailable",
        f"not sent, because it cannot be recorded: {error}",
        retry_after_s=5.0,
    )


def in_progress(why: str) -> CommandError:
    """The refusal of a repetition while the first command is under way."""
    return CommandError(
        "command_in_progress",
        f"there is a command with this Idempotency-Key and {why}; repeat the request for its outcome",
        retry_after_s=1.0,
    )


def no_driver(view: DeviceView) -> CommandError:
    """The refusal of a command to a device that only sends."""
    return CommandError(
        "unknown_command",
        f"{view.id} takes no commands: it sends its readings through {view.driver}",
    )


def offline(view: DeviceView) -> CommandError:
    """The refusal of a command to a device that is offline or quarantined."""
    reason = f": {view.detail}" if view.detail else ""
    return CommandError(
        "device_offline", f"{view.id} is {view.state}{reason}; nothing was sent", retry_after_s=5.0
    )


ENDS: Mapping[CommandStatus, End] = {
    CommandStatus.DONE: End(CommandState.DONE),
    CommandStatus.RUNNING: End(
        CommandState.UNKNOWN,
        "outcome_unknown",
        "the board was still executing when the timeout expired",
    ),
    CommandStatus.UNKNOWN_COMMAND: End(
        CommandState.FAILED,
        "device_failed",
        "the board does not know this command, though it described it",
    ),
    CommandStatus.BAD_ARGUMENT: End(
        CommandState.REFUSED,
        "refused",
        "the board rejects these arguments",
    ),
    CommandStatus.REFUSED: End(CommandState.REFUSED, "refused", "the board refused"),
    CommandStatus.FAILED: End(
        CommandState.FAILED, "device_failed", "the board could not carry it out"
    ),
}


_CODE_OF = {CommandState.EXPIRED: "device_offline"}
"""Of records that an earlier run left open, and that have no code."""


def outcome(record: CommandRecord) -> CommandRecord:
    """The record of a command that is done. Raises `CommandError` for every other end."""
    if record.state is CommandState.DONE:
        return record
    retry_after_s = RETRY_AFTER_S if record.state is CommandState.EXPIRED else None
    raise CommandError(
        record.error or _CODE_OF.get(record.state, "outcome_unknown"),
        record.detail or f"the command is {record.state}",
        record=record,
        retry_after_s=retry_after_s,
    )
