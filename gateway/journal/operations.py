"""What can be asked of the writer: values that wait in the queue until they are committed.

They are already encoded, so that applying them can only fail for the disk's reasons.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.journal.ticket import Ticket
from gateway.journal.types import DeadLetter, Record
from gateway.model.command import CommandRecord
from gateway.model.reading import Loss, Quality, Reading

Encoded = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Append:
    """Readings and losses that belong together: all of it is stored, or nothing.

    `qualities`, if not empty, are those the readings get when their time is known; until then they are
    marked.
    """

    readings: Sequence[Reading]
    encoded: Sequence[Encoded]
    losses: Sequence[Loss]
    qualities: Sequence[Quality] = ()
    ticket: Ticket = field(default_factory=Ticket)


@dataclass(frozen=True, slots=True)
class SaveCommand:
    """A command as it is now, new or changed."""

    record: CommandRecord
    encoded: Encoded
    ticket: Ticket = field(default_factory=Ticket)


@dataclass(frozen=True, slots=True)
class SaveDevice:
    """A device as it is now, new or changed."""

    encoded: Encoded
    ticket: Ticket = field(default_factory=Ticket)


@dataclass(frozen=True, slots=True)
class SaveRecord:
    """A record as it is now, new or changed; it gets its number when it is committed."""

    record: Record
    encoded: Encoded
    ticket: Ticket = field(default_factory=Ticket)


@dataclass(frozen=True, slots=True)
class DeadLetterAppend:
    """Readings that a sink refuses for good."""

    sink: str
    items: Sequence[DeadLetter]
    at_ms: int
    ticket: Ticket = field(default_factory=Ticket)


@dataclass(frozen=True, slots=True)
class Advance:
    """How far a consumer has come. A cursor never goes back: the higher of two counts.

    `kinds`: what it follows; empty leaves them as they are.
    """

    consumer: str
    seq: int
    kinds: frozenset[str] = frozenset()
    ticket: Ticket = field(default_factory=Ticket)


@dataclass(frozen=True, slots=True)
class Flush:
    """Nothing but a ticket: everything queued before it is on disk when it is done."""

    ticket: Ticket = field(default_factory=Ticket)


Operation = Append | SaveCommand | SaveDevice | SaveRecord | DeadLetterAppend | Advance | Flush
