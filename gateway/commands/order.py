"""What a caller wants done."""

from collections.abc import Mapping
from dataclasses import dataclass

DEADLINE_S = 10.0
"""How long a caller waits for a board unless the caller says otherwise."""


@dataclass(frozen=True, slots=True)
class CommandOrder:
    """What a caller wants done. `idempotency_key` and `body_hash` are both given or both None.

    `actor` is the name of the caller's key and `client` the address the order came from, if any.
    """

    device: str
    name: str
    arguments: Mapping[str, object]
    actor: str | None = None
    client: str | None = None
    idempotency_key: str | None = None
    body_hash: str | None = None
    timeout_s: float = DEADLINE_S
    queue_s: float | None = None
    """How long it may wait for a device that is away; None: it is refused then."""
