"""A worker is an object with a step; its thread is only a wrapper around it.

A step gets the time and returns when it wants the next one, so the whole gateway also runs in one thread
under a fake clock. Progress is the end of a step, not "the thread is alive".
"""

import logging
import threading
from abc import ABC, abstractmethod

from gateway.runtime.clock import WallClock

_STEP_WAIT_MAX_S = 1.0
"""Longest wait between two steps, so that progress stays visible."""

log = logging.getLogger(__name__)


class Worker(ABC):
    """Owns a part of the gateway and works on it step by step.

    All methods but `wake` are called by one thread, the worker's own.
    """

    name: str
    stall_after_s: float = 15.0
    """A step that takes longer counts as a stall."""
    replaceable: bool = True
    """Whether a new worker may start while a stalled one hangs; if not, the process must end."""

    trouble: str | None = None
    """What keeps a part of its work from being done now, or None; replaced whole, read by any thread."""

    def __init__(self) -> None:
        self._woken = threading.Event()

    @abstractmethod
    def start_up(self) -> None:
        """Acquire what the work needs; on an exception the supervisor tries again later."""

    @abstractmethod
    def step(self, now: float) -> float:
        """Do what is due at monotonic time `now`; return in how many seconds the next step is wanted."""

    @abstractmethod
    def shut_down(self) -> None:
        """Finish and release everything; called once, also after a failed step."""

    def wake(self) -> None:
        """Ask for the next step now; from any thread."""
        self._woken.set()

    def wait(self, timeout_s: float) -> None:
        """Wait `timeout_s`, or less when `wake` is called."""
        self._woken.wait(timeout_s)
        self._woken.clear()


class WorkerThread:
    """Runs one worker until it is asked to stop or the worker fails."""

    def __init__(self, worker: Worker, clock: WallClock) -> None:
        self.worker = worker
        self.failure: BaseException | None = None
        self.started = threading.Event()  # set when start_up has succeeded
        self.settled = threading.Event()  # set when it has succeeded or failed
        self.progress_mono = clock.monotonic()  # end of the latest step
        self._clock = clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=worker.name, daemon=True)

    def start(self) -> None:
        """Start the thread; once."""
        self._thread.start()

    def request_stop(self) -> None:
        """Ask the worker to end after its current step."""
        self._stopping.set()
        self.worker.wake()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; False on timeout."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self._stopping.is_set()

    def _run(self) -> None:
        try:
            self.worker.start_up()
            self._progress()
            self.started.set()
            self.settled.set()
            while not self._stopping.is_set():
                wait_s = self.worker.step(self._clock.monotonic())
                self._progress()
                if not self._stopping.is_set():
                    self.worker.wait(min(max(wait_s, 0.0), _STEP_WAIT_MAX_S))
        except Exception as error:
            # The supervisor handles it; this thread only ends.
            self.failure = error
        finally:
            self._shut_down()
            self.settled.set()

    def _shut_down(self) -> None:
        try:
            self.worker.shut_down()
        except Exception as error:
            self.failure = self.failure or error
            log.exception("the worker's shutdown failed")

    def _progress(self) -> None:
        self.progress_mono = self._clock.monotonic()
