"""Whether the wall clock is synchronised, as far as it can be known.

A Raspberry Pi has no battery-backed clock: until it has reached a time server, its time is arbitrary. The
kernel knows whether the clock is synchronised (adjtimex), but reports "no" on many machines whose clock is
right: containers and virtual machines whose host sets it, machines with a battery and no time service. So the
kernel's "no" counts only with further evidence:

- the clock shows a time before this program was made, or before the newest reading of the journal; or
- a time service runs that has not reached a server yet (systemd-timesyncd: a file is missing).

The kernel's "yes" counts alone. A change to "synchronised" counts only after it has lasted a moment, so that
no reading that was stamped before the clock was set passes for one that was stamped after.
"""

import ctypes
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from gateway.runtime.clock import WallClock

MADE_MS: Final = 1_735_689_600_000
"""2025-01-01: a clock that shows less is wrong."""

LOOK_EVERY_S: Final = 1.0
SETTLED_S: Final = 2.0
_BEHIND_MS: Final = 60_000
"""A clock that is being corrected may be this far behind the newest reading."""
_TIMESYNC: Final = Path("/run/systemd/timesync")
_TIMEX_BYTES: Final = 256
_TIME_ERROR: Final = 5


class Witness(StrEnum):
    """The evidence for or against the clock."""

    KERNEL = "kernel"
    """The kernel reports it as synchronised."""
    PLAUSIBLE = "plausible"
    """The kernel does not report it as synchronised, and there is no evidence against it."""
    TOO_EARLY = "too_early"
    """It shows a time in the past."""
    TIME_SERVICE = "time_service"
    """A time service has not reached a server yet."""


@dataclass(frozen=True, slots=True)
class ClockView:
    """What is known of the wall clock; `kernel`: whether the kernel reports it as synchronised."""

    synchronised: bool
    witness: Witness
    kernel: bool


def judge(kernel: bool, wall_ms: int, newest_ms: int | None, service_waits: bool) -> ClockView:
    """Pure. `newest_ms`: of what was stored before this start, UTC, None for nothing."""
    if kernel:
        return ClockView(True, Witness.KERNEL, kernel)
    earliest_ms = max(MADE_MS, (newest_ms or 0) - _BEHIND_MS)
    if wall_ms < earliest_ms:
        return ClockView(False, Witness.TOO_EARLY, kernel)
    if service_waits:
        return ClockView(False, Witness.TIME_SERVICE, kernel)
    return ClockView(True, Witness.PLAUSIBLE, kernel)


def kernel_synchronised() -> bool:
    """Whether the kernel reports the wall clock as synchronised (adjtimex does not return TIME_ERROR)."""
    libc = ctypes.CDLL(None, use_errno=True)
    timex = ctypes.create_string_buffer(_TIMEX_BYTES)  # modes = 0: only read
    state = int(libc.adjtimex(timex))
    return 0 <= state < _TIME_ERROR


def time_service_waits() -> bool:
    """Whether systemd-timesyncd runs and has not reached a server since boot."""
    # The folder is there as long as the service runs.
    return _TIMESYNC.is_dir() and not (_TIMESYNC / "synchronized").exists()


class Timekeeper:
    """Watches the wall clock. Thread-safe; looks at most once a second."""

    def __init__(
        self,
        clock: WallClock,
        *,
        kernel: Callable[[], bool] = kernel_synchronised,
        service_waits: Callable[[], bool] = time_service_waits,
    ) -> None:
        self._clock = clock
        self._kernel = kernel
        self._service_waits = service_waits
        self._looking = threading.Lock()  # guards all below; held for a few system calls
        self._newest_ms: int | None = None
        self._view: ClockView | None = None
        self._looked = 0.0
        self._right_since: float | None = None
        self._was_wrong = False

    def expect_after(self, newest_ms: int | None) -> None:
        """The journal holds a reading of this time (ms UTC), taken when the clock was synchronised."""
        with self._looking:
            self._newest_ms = newest_ms
            self._view = None

    def is_set(self) -> bool:
        """Whether the wall clock is synchronised."""
        return self.view().synchronised

    def view(self) -> ClockView:
        """What is known of the clock now."""
        now = self._clock.monotonic()
        with self._looking:
            if self._view is None or now - self._looked >= LOOK_EVERY_S:
                self._view = self._look(now)
                self._looked = now
            return self._view

    def _look(self, now: float) -> ClockView:
        found = judge(self._kernel(), self._clock.wall_ms(), self._newest_ms, self._service_waits())
        if not found.synchronised:
            self._right_since, self._was_wrong = None, True
            return found
        if self._right_since is None:
            self._right_since = now
        if self._was_wrong and now - self._right_since < SETTLED_S:
            return ClockView(False, found.witness, found.kernel)
        self._was_wrong = False
        return found
