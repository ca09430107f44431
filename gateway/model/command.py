"""A command and what became of it: the audit record that is kept in the journal."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class CommandState(StrEnum):
    """How far a command has come."""

    QUEUED = "queued"
    SENT = "sent"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    EXPIRED = "expired"
    """Never sent."""
    UNKNOWN = "unknown"
    """Sent, not answered."""

    @property
    def final(self) -> bool:
        """Whether nothing more is expected to happen."""
        return self not in (CommandState.QUEUED, CommandState.SENT)


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """One command. Times are UTC in ms since 1970; None while they have not come.

    `token` is the number that makes the board act at most once. `idempotency_key` and `body_hash` come
    from the caller's request; `actor` is the name of the key it was made with; `error` is the contract's
    code of what went wrong, and `detail` says it in words.
    """

    id: str
    device: str
    name: str
    arguments: Mapping[str, object]
    state: CommandState
    requested_at_ms: int
    token: int | None = None
    finished_at_ms: int | None = None
    duration_ms: float | None = None
    result: object = None
    error: str | None = None
    detail: str | None = None
    actor: str | None = None
    idempotency_key: str | None = None
    body_hash: str | None = None
