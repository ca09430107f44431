"""The main thread: starts the workers, supervises them until a signal comes, and stops them in order."""

import logging
from collections.abc import Callable

from gateway.runtime.clock import WallClock
from gateway.runtime.last_resort import end_within
from gateway.runtime.signals import StopSignals
from gateway.runtime.supervisor import Supervisor, WorkerState
from gateway.runtime.watchdog import Watchdog

SUPERVISION_S = 0.25
END_WITHIN_S = 9.6
"""After the stop has begun; the contract grants ten seconds."""

log = logging.getLogger(__name__)


class MainLoop:
    """Runs once, in the main thread."""

    def __init__(
        self, supervisor: Supervisor, watchdog: Watchdog, clock: WallClock, must_start: str
    ) -> None:
        """`must_start`: the worker without which nothing starts at all."""
        self._supervisor = supervisor
        self._watchdog = watchdog
        self._clock = clock
        self._must_start = must_start

    def run(self, signals: StopSignals, started: Callable[[], None]) -> int:
        """Work until a signal asks for a stop or a worker fails beyond repair; return the exit code.

        `started` is called once all workers have been started.
        """
        try:
            self._work(signals, started)
        finally:
            # Not called off: what hangs may also hang the closing of buses, or the interpreter's exit.
            end_within(END_WITHIN_S, exit_code=1)
            # Also after an exception: what is queued is stored.
            self._watchdog.stopping()
            orderly = self._supervisor.stop()
            log.info("stopped" if orderly else "stopped, but not in order")
        return self._supervisor.exit_code

    def _work(self, signals: StopSignals, started: Callable[[], None]) -> None:
        working = self._supervisor.start()
        if working and self._supervisor.views()[self._must_start].state is WorkerState.BACKOFF:
            # A second gateway started by mistake, or a wrong address: the user must see it now. Later on
            # the API is restarted with back-off, and the collection goes on without it.
            self._supervisor.give_up(self._must_start)
            return
        if working:
            started()
        while working:
            self._watchdog.step(self._clock.monotonic())
            stop = signals.wait(SUPERVISION_S)
            if stop is not None:
                log.info("stopping: %s", stop.name)
                return
            working = self._supervisor.step(self._clock.monotonic())
