"""How long to leave something alone after a failure: growing and bounded."""

import random

SILENT_FIRST_S = 0.5
SILENT_MAX_S = 10.0
"""For a device that does not answer."""
_JITTER = 0.25


class BackOff:
    """Waits of `first_s` seconds, doubling up to `most_s`. Pure: the time comes from outside.

    With `rng` each wait is shortened at random by up to a quarter: jitter avoids a thundering herd when a
    server recovers.
    """

    def __init__(
        self,
        first_s: float = SILENT_FIRST_S,
        most_s: float = SILENT_MAX_S,
        rng: random.Random | None = None,
    ) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self._rng = rng
        self._next_s = first_s

    @property
    def next_s(self) -> float:
        """Seconds that the next failure will wait, before jitter."""
        return self._next_s

    def failed(self) -> float:
        """One more failure: seconds to wait from now."""
        wait_s = self._next_s
        self._next_s = min(2 * wait_s, self._most_s)
        return wait_s if self._rng is None else wait_s * (1 - _JITTER * self._rng.random())

    def reset(self) -> None:
        """It worked: the next failure waits briefly again."""
        self._next_s = self._first_s
