"""Time as an argument: the system's clock, replaced by a fake one in tests and simulations."""

import time
from typing import Protocol


class Clock(Protocol):
    """Monotonic seconds, and waiting. The origin has no meaning; only differences do."""

    def monotonic(self) -> float:
        """Seconds on a clock that is never set."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass; no-op for zero or less."""
        ...


class SystemClock:
    """The machine's own monotonic clock."""

    def monotonic(self) -> float:
        """Seconds since an arbitrary origin (CLOCK_MONOTONIC)."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block the calling thread; only for waits of milliseconds between wire transactions."""
        if seconds > 0:
            time.sleep(seconds)


SYSTEM_CLOCK = SystemClock()
"""Stateless; shared by all users of real time."""
