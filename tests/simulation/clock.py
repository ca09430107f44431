"""The simulation's only time. Whoever waits lets the others work meanwhile."""

from collections.abc import Callable

SLICE_S = 0.25
"""In a longer wait the others get their turn this often."""


class SimClock:
    """Every clock the gateway asks. `sleep` lets time pass and then calls `passed`."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.passed: Callable[[], None] = lambda: None
        self.on_wire = 0
        """Transactions on a wire: their bus is locked, and time passes for nobody else."""
        self.wire_s = 0.0
        """Time spent on wires so far."""
        self.machine_starts = 1
        self._wall_ms = 1_700_000_000_000

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return
        end = self.now + seconds
        if self.on_wire:
            self.now = end
            self.wire_s += seconds
            return
        while self.now < end:
            self.now = min(self.now + SLICE_S, end)
            self.passed()

    def wall_ms(self) -> int:
        return self._wall_ms + round(self.now * 1000)

    def set_wall(self, by_ms: int) -> None:
        """Somebody sets the clock of the machine."""
        self._wall_ms += by_ms

    def boottime_ms(self) -> int:
        return round(self.now * 1000)

    def boot_id(self) -> str:
        return f"00000000-0000-4000-8000-{self.machine_starts:012d}"
