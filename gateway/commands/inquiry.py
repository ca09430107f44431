"""Determines the outcome of a command that was sent and not answered.

A board answers a token that it remembers without acting on it again. One that does not remember it would act,
so the command itself is never sent a second time. Instead its token is sent with a code for which the board
has no command. A board that has carried the command out reports the outcome; one that the command never
reached replies "unknown command", and keeps that as the outcome of the token: a late copy of the command has
no effect either.

The answer means that under two conditions. The board is still in the boot in which the command was sent,
since a restart clears its memory: it is identified after the answer, not before. And no other command was
sent to it since, because it remembers four tokens only: the commander drops the inquiry when one is.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from arduino_iface.device import ProtocolDevice
from arduino_iface.errors import WireError
from arduino_iface.lock import Priority
from arduino_iface.messages import CommandStatus
from arduino_iface.schema import BUILT_IN_CODE_MIN
from gateway.commands.outcome import End
from gateway.model.command import CommandRecord, CommandState

ANSWER_S = 2.0
"""Timeout of one attempt, seconds."""

NOT_CARRIED_OUT: Final[End] = End(
    CommandState.EXPIRED,
    "device_offline",
    "sent, but it did not reach the board: not carried out, and it will not be",
)


@dataclass(frozen=True, slots=True, eq=False)
class Inquiry:
    """A command of unknown outcome, and the board and boot that it was sent to."""

    record: CommandRecord
    uid: str
    boot: int


class InquiryResult(Enum):
    """Results of an inquiry other than a status."""

    LATER = "later"
    NEVER = "never"


LATER: Final = InquiryResult.LATER
"""The board could not be asked, or is still executing: ask again."""
NEVER: Final = InquiryResult.NEVER
"""The outcome can no longer be determined."""


def ask(device: ProtocolDevice, inquiry: Inquiry) -> CommandStatus | InquiryResult:
    """Ask the board once. UNKNOWN_COMMAND: it was not carried out. Any thread."""
    token = inquiry.record.token
    identity = device.identity
    if identity is None:
        return LATER
    code = len(identity.schema.commands)
    known = (inquiry.uid, inquiry.boot)
    if (identity.uid, identity.boot) != known or token is None or code >= BUILT_IN_CODE_MIN:
        return NEVER
    try:
        status = device.command(token, code, b"", timeout_s=ANSWER_S)
        hello = device.hello(Priority.COMMAND, ANSWER_S)
    except WireError:
        return LATER
    if (hello.uid.hex(), hello.boot) != known:
        return NEVER
    return LATER if status is CommandStatus.RUNNING else status
