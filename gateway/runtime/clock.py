"""The gateway's clocks: wall time for people, monotonic time for waiting, boot time for stamping."""

import functools
import time
from pathlib import Path
from typing import Protocol

from arduino_iface.clock import SystemClock

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class WallClock(Protocol):
    """What the gateway needs of a clock; tests and the simulation have their own."""

    def monotonic(self) -> float:
        """Seconds on a clock that never jumps."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait for `seconds`."""
        ...

    def wall_ms(self) -> int:
        """UTC in ms since 1970, as far as the machine knows."""
        ...

    def boottime_ms(self) -> int:
        """Ms since the machine was started, time asleep included."""
        ...

    def boot_id(self) -> str:
        """An id of the current boot of the machine."""
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
    """Read once: every reading needs it, and it does not change while the process lives."""
    return _BOOT_ID.read_text().strip()
