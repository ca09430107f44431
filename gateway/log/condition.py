"""One log line when something fails and one when it works again, however many failures lie between."""

import logging
import threading
from collections.abc import Mapping
from types import MappingProxyType

from arduino_iface.clock import SYSTEM_CLOCK, Clock
from gateway.model.wording import counted

_NOTHING: Mapping[str, object] = MappingProxyType({})


class Condition:
    """Something that can fail for a while, such as a board that is silent. Thread-safe.

    `failing` and `resumed` are the texts of the two lines ("delivery is interrupted", "delivery resumed");
    `extra` goes with both (device, bus).
    """

    def __init__(
        self,
        logger: logging.Logger,
        failing: str,
        resumed: str,
        *,
        extra: Mapping[str, object] = _NOTHING,
        level: int = logging.WARNING,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._logger = logger
        self._failing = failing
        self._resumed = resumed
        self._extra = dict(extra)
        self._level = level
        self._clock = clock
        # Guards what follows and the order of the lines, which must alternate. Logging under it does not
        # block: a record is only put into a queue.
        self._lock = threading.Lock()
        self._began_mono = 0.0
        self._failures = 0
        self._reason = ""

    def failed(self, reason: object) -> bool:
        """Note a failure; `reason` may be an exception. True for the first one, which is logged."""
        with self._lock:
            self._failures += 1
            self._reason = str(reason) or type(reason).__name__
            if self._failures > 1:
                return False
            self._began_mono = self._clock.monotonic()
            self._logger.log(self._level, "%s: %s", self._failing, self._reason, extra=self._extra)
            return True

    def ok(self) -> bool:
        """Note a success. True when it ends the condition, which is logged."""
        if not self._failures:
            return False  # the usual case, without the lock
        with self._lock:
            failures, self._failures = self._failures, 0
            if not failures:
                return False
            duration_s = self._clock.monotonic() - self._began_mono
            self._logger.log(
                logging.INFO,
                "%s after %.1f s (%s; last: %s)",
                *(self._resumed, duration_s, counted(failures, "failure"), self._reason),
                extra=self._extra,
            )
            return True
