"""What others may know of a delivery: an immutable snapshot."""

from dataclasses import dataclass
from enum import StrEnum


class DeliveryStatus(StrEnum):
    """How a delivery is doing."""

    STARTING = "starting"
    """Nothing was tried yet."""
    OK = "ok"
    """Records flow."""
    IDLE = "idle"
    """Everything is delivered."""
    BACKING_OFF = "backing_off"
    """Something is wrong; everything is kept, and it is tried again by itself."""


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """A delivery at one moment; the counters count from its start.

    `lag_rows` readings are stored and not yet delivered, the oldest of them `oldest_age_s` seconds
    ago (None: none, or not known). `rejected` went to the dead letters. `error` says in plain words
    what is wrong now, `last_error` what was wrong last, both None if nothing. `since_ms` (UTC) is
    when the sink began to work, or to fail; `retry_in_s` is the rest of the back-off.
    """

    sink: str
    status: DeliveryStatus
    lag_rows: int
    oldest_age_s: float | None
    delivered: int
    duplicates: int
    rejected: int
    commands_delivered: int
    commands_rejected: int
    error: str | None
    last_error: str | None
    since_ms: int | None
    retry_in_s: float
