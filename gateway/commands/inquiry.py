"""Finding out what became of a command that was sent and not answered.

A board answers a token that it remembers and does not act on it again. One that does not remember it would
act: so the command itself is never sent a second time. What is sent is its token with a code that the board
has no command for. A board that has carried the command out tells the outcome; one that the command never
reached says "unknown command", and keeps that as the outcome of the token: a late copy of the command would
not be acted on either.

Two things must hold for the answer to mean that. The board is in the boot that the command was sent in,
for a start empties its memory: it is asked who it is after the answer, not before. And no other command was
sent to it since, for it remembers four tokens only: the commander drops the inquiry when one is.
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
"""How long a board is asked at a time."""

NOT_CARRIED_OUT: Final[End] = End(
    CommandState.EXPIRED,
    "device_offline",
    "it was sent and did not reach the board: it was not carried out, and will not be",
)


@dataclass(frozen=True, slots=True, eq=False)
class Inquiry:
    """A command whose outcome is unknown, and the board and boot that it was sent to."""

    record: CommandRecord
    uid: str
    boot: int


class Answer(Enum):
    """What an inquiry may end with beside a status."""

    LATER = "later"
    NEVER = "never"


LATER: Final = Answer.LATER
"""It could not be asked, or is still at it: ask again."""
NEVER: Final = Answer.NEVER
"""Nobody knows any more."""


def ask(device: ProtocolDevice, inquiry: Inquiry) -> CommandStatus | Answer:
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
