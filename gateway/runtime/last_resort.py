"""A deadline for the end of the process, for the case that an orderly stop hangs.

A thread that hangs in the kernel cannot be ended, and Python waits at exit for some kinds of threads. systemd
restarts a process that has ended; it does not restart one that hangs.
"""

import logging
import os
import threading

LOG_TIME_S = 0.3
"""Time for the last line to reach the log file."""

log = logging.getLogger(__name__)


def end_within(seconds: float, exit_code: int) -> threading.Timer:
    """End the process with `exit_code` in `seconds`, unless the returned timer is cancelled before."""
    timer = threading.Timer(seconds, _end, (seconds, exit_code))
    timer.name = "last-resort"
    timer.daemon = True
    timer.start()
    return timer


def _end(seconds: float, exit_code: int) -> None:
    log.critical("the stop did not finish within %.1f s: the process is ended", seconds)
    threading.Event().wait(LOG_TIME_S)
    os._exit(exit_code)
