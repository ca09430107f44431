"""The end of the process, also when something in it hangs that nothing can interrupt.

A thread that hangs in the kernel cannot be ended, and Python waits at its exit for some kinds of threads.
A process that neither works nor ends is the worst of all: nobody starts it again.
"""

import logging
import os
import threading

LOG_TIME_S = 0.3
"""For the last line to reach the log file."""

log = logging.getLogger(__name__)


def end_within(seconds: float, exit_code: int) -> threading.Timer:
    """From now on the process lives so long at most; after that it ends with `exit_code`.

    Cancel what is returned to call it off.
    """
    timer = threading.Timer(seconds, _end, (seconds, exit_code))
    timer.name = "last-resort"
    timer.daemon = True
    timer.start()
    return timer


def _end(seconds: float, exit_code: int) -> None:
    log.critical("not ended in order within %.1f s: ending all the same", seconds)
    threading.Event().wait(LOG_TIME_S)
    os._exit(exit_code)
