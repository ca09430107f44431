"""What a delivery asks of a sink, and the ways in which a sink says no.

A sink is called by its delivery thread only (but for `hasten`). Every call is idempotent: a record
that is there already counts as delivered, because an interrupted call may have stored what it was
given.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from gateway.journal.types import StoredCommand
from gateway.model.reading import StoredReading


class SinkUnavailable(Exception):
    """Nothing is wrong with the records: keep the batch and back off.

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
    """A record that the sink will never take, and why: dead-letter it.

    `row` is the reading's row or the command's version, `key` the reading's key or the command's
    id.
    """

    row: int
    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A gateway's sign of life for those who look after many.

    `address` is where its API answers, None when it does not listen. `devices` are the ids of the
    known devices. `seen_at_ms` is UTC in ms since 1970.
    """

    version: str
    address: str | None
    devices: Sequence[str]
    seen_at_ms: int


class Sink(Protocol):
    """A place where records go.

    The deliveries raise `SinkUnavailable` when all records are to be kept; any other exception
    means that the sink did not understand what happened, and the delivery finds out which record
    causes it.
    """

    @property
    def name(self) -> str:
        """A short name: of the cursor in the journal, in the log and in the status."""
        ...

    @property
    def duplicates(self) -> int:
        """How many readings were there already, since the start. Any thread."""
        ...

    def deliver(self, readings: Sequence[StoredReading]) -> Sequence[Rejected]:
        """Store readings; on return every one is durably stored or in the answer."""
        ...

    def deliver_commands(self, commands: Sequence[StoredCommand]) -> Sequence[Rejected]:
        """Store command records by id; a newer version is never replaced by an older one."""
        ...

    def heartbeat(self, heartbeat: Heartbeat) -> None:
        """Replace this gateway's sign of life."""
        ...

    def hasten(self, timeout_s: float) -> None:
        """From now on no call may take longer than this: the gateway is stopping. Any thread."""
        ...

    def close(self) -> None:
        """Let go of connections. May be called again, and before anything else."""
        ...


@runtime_checkable
class PreparesAhead(Protocol):
    """A sink that can get readings ready while it still delivers those before them."""

    def prepare(self, readings: Sequence[StoredReading]) -> None:
        """Do what can be done without the connection; any thread. `deliver` gets the same object later."""
        ...
