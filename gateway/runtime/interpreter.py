"""What the whole process shares of the Python interpreter."""

import gc
import sys

SWITCH_INTERVAL_S = 0.001
"""How long a thread that computes keeps others waiting. The default of 5 ms, several times over while a
backlog is delivered, is what a command or the next batch would wait for."""

GARBAGE_AFTER = 20_000
"""New containers before Python looks for reference cycles. Readings make many containers and no cycles: at
the default of 700 the search takes a tenth of the time that a backlog needs."""


def tune_interpreter() -> None:
    """Set what suits a program of many threads that passes much data on."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    gc.set_threshold(GARBAGE_AFTER, 20, 20)
