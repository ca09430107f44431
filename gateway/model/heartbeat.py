"""A gateway's sign of life for those who look after many."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """How a gateway describes itself.

    `address` is where its API answers, None when it does not listen. `devices` are the ids of the known
    devices. `seen_at_ms` is UTC in ms since 1970.
    """

    version: str
    address: str | None
    devices: Sequence[str]
    seen_at_ms: int
