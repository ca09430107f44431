"""A multitimer for each device that survives errors of its callback.

`multitimer.RepeatingTimer` ends silently when its callback raises, keeps the interpreter alive unless it is
a daemon, and skips ticks that come while the callback runs. So the callback is guarded, the thread is a
daemon, a dead one is replaced, and missed ticks are counted where the due times are known (`Schedule`).
"""

import logging
from collections.abc import Callable

from multitimer import RepeatingTimer

log = logging.getLogger(__name__)


class DeviceTimer:
    """Calls `callback` each `period_s` in a thread of its own. Owned by the collection thread."""

    def __init__(self, name: str, period_s: float, callback: Callable[[], None]) -> None:
        self.name = name
        self.period_s = period_s
        self._callback = callback
        self._timer: RepeatingTimer | None = None
        self._stopped = False

    def start(self) -> None:
        """Start ticking now."""
        timer = RepeatingTimer(self.period_s, self._callback)
        timer.name = self.name
        timer.daemon = True
        self._timer = timer
        timer.start()

    @property
    def started(self) -> bool:
        """Whether `start` was called and `stop` was not."""
        return self._timer is not None and not self._stopped

    def keep(self, period_s: float) -> None:
        """Replace the timer if its thread has died or the period has changed."""
        timer = self._timer
        if timer is None or self._stopped:
            return
        if not timer.is_alive():
            log.error("timer died and was replaced", extra={"device": self.name})
        elif period_s == self.period_s:
            return
        timer.stop()
        self.period_s = period_s
        self.start()

    def restart(self) -> None:
        """Tick now and restart the phase; a no-op before `start` and after `stop`."""
        if self._timer is not None and not self._stopped:
            self._timer.stop()
            self.start()

    def stop(self) -> None:
        """End after the callback that may be running; it cannot be started again."""
        self._stopped = True
        if self._timer is not None:
            self._timer.stop()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; False when the callback still runs after `timeout_s`."""
        if self._timer is None:
            return True
        self._timer.join(timeout_s)
        return not self._timer.is_alive()


MakeTimer = Callable[[str, float, Callable[[], None]], DeviceTimer]
"""Makes a timer from name, period (s) and callback; a simulation makes its own, for its single thread."""
