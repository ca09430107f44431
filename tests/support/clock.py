"""The one fake clock; the simulation has its own, whose `sleep` lets the other workers run meanwhile."""

import threading


class FakeClock:
    """Every clock the gateway asks, set by the test. Thread-safe; `sleep` returns at once."""

    def __init__(self, start: float = 1000.0, wall_ms: int = 1_700_000_000_000) -> None:
        self._lock = threading.Lock()
        self._start = start
        self._now = start
        self._wall_ms = wall_ms

    def monotonic(self) -> float:
        with self._lock:
            return self._now

    def sleep(self, seconds: float) -> None:
        self.advance(max(seconds, 0.0))

    def advance(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError("time does not go back")
        with self._lock:
            self._now += seconds

    def wall_ms(self) -> int:
        return self._wall_ms + round((self.monotonic() - self._start) * 1000)

    def boottime_ms(self) -> int:
        return round(self.monotonic() * 1000)

    def boot_id(self) -> str:
        return "00000000-0000-4000-8000-000000000001"
