"""How long to leave a sink alone after a failure: growing, bounded, out of step with others."""

import random

_JITTER = 0.25


class Backoff:
    """Waits of `first_s`, doubling up to `cap_s`, each shortened at random by up to a quarter.

    The randomness keeps many gateways from knocking together at a server that comes back.
    """

    def __init__(self, first_s: float, cap_s: float, rng: random.Random) -> None:
        """`rng` is given, so that a simulation repeats itself."""
        self._first_s = first_s
        self._cap_s = cap_s
        self._rng = rng
        self._next_s = first_s

    def failed(self) -> float:
        """Return the seconds to wait after one more failure."""
        wait_s = self._next_s
        self._next_s = min(2 * wait_s, self._cap_s)
        return wait_s * (1 - _JITTER * self._rng.random())

    def reset(self) -> None:
        """Begin again with the shortest wait: it worked."""
        self._next_s = self._first_s
