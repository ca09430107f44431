"""Threads and timers that are stepped by the simulation, in its one thread."""

from collections.abc import Callable
from typing import Protocol

from gateway.collection.timers import DeviceTimer
from gateway.journal.errors import JournalError
from gateway.runtime.clock import WallClock
from gateway.runtime.worker import Worker, WorkerThread
from tests.simulation.errors import Injected

STEP_WAIT_MAX_S = 1.0


class Stage(Protocol):
    """Where threads and timers appear, to be stepped."""

    def add_thread(self, thread: "SimThread") -> None: ...

    def add_timer(self, timer: "SimTimer") -> None: ...

    def remove_timer(self, timer: "SimTimer") -> None: ...

    def violated(self, what: str, cause: BaseException | None = None) -> None: ...


class SimThread(WorkerThread):
    """A worker's thread: `start` only brings it up, the stage calls `run` when it is due."""

    def __init__(self, worker: Worker, clock: WallClock, stage: Stage) -> None:
        super().__init__(worker, clock)
        self.busy = False
        self.due = 0.0
        self.news: Callable[[], bool] = worker._woken.is_set
        self.raises: list[str] = []
        """"before" or "after": when the next step shall fail."""
        self._living = False
        self._stage = stage

    @property
    def alive(self) -> bool:
        return self._living

    def start(self) -> None:
        self._living = True
        self._stage.add_thread(self)
        self.busy = True
        try:
            self.worker.start_up()
            self._progress()
            self.started.set()
        except Exception as error:
            self._fail(error)
        finally:
            self.busy = False
            self.settled.set()

    def join(self, timeout_s: float) -> bool:
        if self._living and not self.busy and self.stopping:
            self._end()
        if self._living:
            self._clock.sleep(timeout_s)
        return not self._living

    def is_due(self) -> bool:
        return (
            self._living and not self.busy and (self.due <= self._clock.monotonic() or self.news())
        )

    def run(self) -> None:
        """One step."""
        if self.stopping:
            self._end()
            return
        self.busy = True
        wait_s = 0.0
        when = self.raises.pop() if self.raises else ""
        try:
            if when == "before":
                raise Injected("before the step")
            self.worker._woken.clear()
            wait_s = self.worker.step(self._clock.monotonic())
            if when == "after":
                raise Injected("after the step")
            self._progress()
        except Exception as error:
            self._fail(error)
        finally:
            self.busy = False
        self.due = self._clock.monotonic() + min(max(wait_s, 0.0), STEP_WAIT_MAX_S)

    def _fail(self, error: Exception) -> None:
        self.failure = error
        if not isinstance(error, Injected | JournalError | OSError):
            self._stage.violated(f"worker {self.worker.name} died", error)
        self._end()

    def _end(self) -> None:
        self.busy = True  # shutting down waits, too
        self._shut_down()
        self.busy = False
        self._living = False


class SimTimer(DeviceTimer):
    """Ticks when the stage calls `tick`; skips ticks that come while its callback runs."""

    def __init__(
        self,
        name: str,
        period_s: float,
        callback: Callable[[], None],
        stage: Stage,
        clock: WallClock,
    ) -> None:
        super().__init__(name, period_s, callback)
        self.busy = False
        self.due = 0.0
        self._clock = clock
        self._stage = stage
        self._ticking = False

    @property
    def started(self) -> bool:
        return self._ticking and not self._stopped

    def start(self) -> None:
        self._ticking = True
        self.due = self._clock.monotonic()
        self._stage.add_timer(self)

    def keep(self, period_s: float) -> None:
        if self.started and period_s != self.period_s:
            self.period_s = period_s
            self.due = self._clock.monotonic()

    def restart(self) -> None:
        if self.started:
            self.due = self._clock.monotonic()

    def stop(self) -> None:
        self._stopped = True
        self._stage.remove_timer(self)

    def join(self, timeout_s: float) -> bool:
        return not self.busy

    def is_due(self) -> bool:
        return self.started and not self.busy and self.due <= self._clock.monotonic()

    def tick(self) -> None:
        self.busy = True
        try:
            self._callback()
        except Exception as error:
            self._stage.violated(f"timer {self.name} died", error)
        finally:
            self.busy = False
        now = self._clock.monotonic()
        while self.due <= now:
            self.due += self.period_s
