"""The gateway's clocks: wall time for people, monotonic time for waiting, boot time for stamping."""

import functools
import time
from pathlib import Path
from typing import Protocol

from arduino_iface.clock import SystemClock

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class WallClock(Protocol):
    """Everything the gateway asks a clock; the simulation brings its own."""

    def monotonic(self) -> float:
        """Seconds on a clock that is never set."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        ...

    def wall_ms(self) -> int:
        """UTC in ms since 1970, as far as the machine knows."""
        ...

    def boottime_ms(self) -> int:
        """Ms since the machine was started, time asleep included."""
        ...

    def boot_id(self) -> str:
        """A name for this start of the machine."""
        ...


class MachineClock(SystemClock):
    """The clocks of this machine."""

    def wall_ms(self) -> int:
        """UTC in ms since 1970."""
        return time.time_ns() // 1_000_000

    def boottime_ms(self) -> int:
        """CLOCK_BOOTTIME in ms."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000

    def boot_id(self) -> str:
        """The kernel's boot id. Raises `OSError` where there is no Linux kernel."""
        return _kernel_boot_id()


@functools.cache
def _kernel_boot_id() -> str:
    """Read once: it is asked for with every reading, and outlives this process."""
    return _BOOT_ID.read_text().strip()
