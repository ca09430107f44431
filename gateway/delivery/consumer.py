"""What follows the journal with a cursor of its own: a sink in the network, or a part of this process.

A consumer is called by its delivery thread only (but for `prepare` and `hasten`). Every call is idempotent:
an entry that was taken already counts as taken, because an interrupted call may have stored what it was
given. While the engine looks for an entry that always fails, it may give entries ahead of their turn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from gateway.journal.types import Entry, Kind

__all__ = [
    "Closes",
    "Consumer",
    "CountsDuplicates",
    "Entry",
    "Hastens",
    "Kind",
    "PreparesAhead",
    "Rejected",
    "SinkUnavailable",
]


class SinkUnavailable(Exception):
    """Nothing is wrong with the entries: keep the batch and back off.

    `detail` says in plain words what is wrong, and for `misconfigured` what to do about it: waiting
    alone will not help then, a person has to change a setting, so the back-off is longer.
    """

    def __init__(self, detail: str, *, misconfigured: bool = False) -> None:
        """`detail` is shown to people and must hold no secret."""
        super().__init__(detail)
        self.detail = detail
        self.misconfigured = misconfigured


@dataclass(frozen=True, slots=True)
class Rejected:
    """An entry that the consumer will never take, and why: put it aside.

    `seq` is its number, `key` the reading's key or the id of a command or record.
    """

    seq: int
    key: str
    reason: str


class Consumer(Protocol):
    """Follows the entries of some kinds.

    `take` and `idle` raise `SinkUnavailable` when all entries are to be kept; any other exception means that
    the consumer did not understand what happened, and the engine finds out which entry causes it.
    """

    @property
    def name(self) -> str:
        """The name of its cursor in the journal, and in the dead letters."""
        ...

    @property
    def kinds(self) -> frozenset[str]:
        """What it follows. Without kinds it has no cursor, and only `idle` is called."""
        ...

    def take(self, entries: Sequence[Entry], deadline: float) -> Sequence[Rejected]:
        """Take entries in the order of their numbers; on return each is done with or in the answer.

        `deadline`: monotonic seconds; the call must not last longer.
        """
        ...

    def idle(self, now: float) -> float:
        """Called when nothing waits: seconds until it wants to be called again.

        `now`: monotonic seconds. Infinity means that there was nothing to do; after any other answer the
        sink counts as working.
        """
        ...


@runtime_checkable
class CountsDuplicates(Protocol):
    """A consumer that knows how much of what it was given was there already."""

    @property
    def duplicates(self) -> int:
        """How many entries, since the start. Any thread."""
        ...


@runtime_checkable
class PreparesAhead(Protocol):
    """A consumer that can get entries ready while it still takes those before them."""

    def prepare(self, entries: Sequence[Entry]) -> None:
        """Do what can be done without the connection; any thread. `take` gets the same object later."""
        ...


@runtime_checkable
class Hastens(Protocol):
    """A consumer whose calls can be made to end sooner."""

    def hasten(self, timeout_s: float) -> None:
        """From now on no call may take longer than this: the gateway is stopping. Any thread."""
        ...


@runtime_checkable
class Closes(Protocol):
    """A consumer that holds something."""

    def close(self) -> None:
        """Let go of connections. Idempotent, and allowed before anything else."""
        ...
