"""A process that is to end ends, also when a part of it hangs for good."""

import os
import subprocess
import sys
import threading

import pytest

from gateway.runtime.last_resort import end_within
from tests.support.process import DEADLINE_S, ROOT

HANGS = """
import threading
from concurrent.futures import ThreadPoolExecutor
from gateway.runtime.last_resort import end_within
end_within(0.2, exit_code=1)
# The interpreter waits for this thread before it ends, for ever.
ThreadPoolExecutor(1).submit(threading.Event().wait)
"""


def test_a_hanging_exit_is_cut_short() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HANGS],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
        timeout=DEADLINE_S,
    )
    assert done.returncode == 1


def test_it_can_be_called_off(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    monkeypatch.setattr(os, "_exit", lambda code: ended.set())
    timer = end_within(3600.0, exit_code=1)
    timer.cancel()
    timer.join(20.0)
    assert not timer.is_alive()
    assert not ended.is_set()
