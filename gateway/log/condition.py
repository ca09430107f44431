"""Logs once when something begins to be wrong and once when it is right again, not a line a failure."""

import logging
import threading
from collections.abc import Mapping
from types import MappingProxyType

from arduino_iface.clock import SYSTEM_CLOCK, Clock

_NOTHING: Mapping[str, object] = MappingProxyType({})


class Condition:
    """Something that can be wrong for a while, such as a board that is silent. Any thread may use it.

    `what` names it in the log; `extra` goes with both lines (device, bus).
    """

    def __init__(
        self,
        logger: logging.Logger,
        what: str,
        *,
        extra: Mapping[str, object] = _NOTHING,
        level: int = logging.WARNING,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._logger = logger
        self._what = what
        self._extra = dict(extra)
        self._level = level
        self._clock = clock
        # Guards what follows, and the order of the lines: beginnings and ends must alternate. Logging
        # under it is harmless because a record is only put on a queue.
        self._lock = threading.Lock()
        self._began_mono = 0.0
        self._failures = 0
        self._reason = ""

    @property
    def active(self) -> bool:
        """Whether it is wrong now."""
        return self._failures > 0

    @property
    def failures(self) -> int:
        """Failures since it began; 0 while all is well."""
        return self._failures

    def failed(self, reason: object) -> bool:
        """It failed (again), for `reason`, such as an exception. True when this is the beginning."""
        with self._lock:
            self._failures += 1
            self._reason = str(reason) or type(reason).__name__
            if self._failures > 1:
                return False
            self._began_mono = self._clock.monotonic()
            self._logger.log(self._level, "%s: %s", self._what, self._reason, extra=self._extra)
            return True

    def ok(self) -> bool:
        """It went well. True when this ends a condition."""
        if not self._failures:
            return False  # the usual case, without the lock
        with self._lock:
            failures, self._failures = self._failures, 0
            if not failures:
                return False
            duration_s = self._clock.monotonic() - self._began_mono
            self._logger.log(
                logging.INFO,
                "%s: over after %.1f s and %d failures; the last: %s",
                *(self._what, duration_s, failures, self._reason),
                extra=self._extra,
            )
            return True
