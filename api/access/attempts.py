"""How often one client may try keys that do not exist: a token bucket for each address."""

import ipaddress
import threading
from collections import OrderedDict
from collections.abc import Callable

BURST = 10
"""Failed attempts in a row before the client has to wait."""

REFILL_S = 6.0
"""One more attempt after this long."""

CLIENTS_MAX = 1024
"""Addresses remembered; the one not seen for longest is forgotten first."""


class FailedAttempts:
    """Counts failures by client. Thread-safe."""

    def __init__(self, now: Callable[[], float]) -> None:
        """`now` gives monotonic seconds."""
        self._now = now
        self._guard = threading.Lock()  # guards _buckets, held for a few statements
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens, at

    def failed(self, address: str) -> float | None:
        """Note a failure: None while it may go on trying, else the seconds until it may again."""
        client = _client(address)
        now = self._now()
        with self._guard:
            tokens, at = self._buckets.pop(client, (float(BURST), now))
            tokens = min(float(BURST), tokens + (now - at) / REFILL_S)
            allowed = tokens >= 1
            tokens -= 1 if allowed else 0
            self._buckets[client] = (tokens, now)
            while len(self._buckets) > CLIENTS_MAX:
                self._buckets.popitem(last=False)
        return None if allowed else (1 - tokens) * REFILL_S


def _client(address: str) -> str:
    """Who has one address of an IPv6 network has them all."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 6:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
