"""Supervises the workers: starts them in order, detects death and stalls, restarts, stops in order.

Python cannot end a thread that hangs. A stalled worker is asked to stop; if it does not, its thread is
abandoned and replaced when that is safe, and otherwise the process ends so that systemd restarts it.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from gateway.model.errors import FatalError
from gateway.runtime.backoff import BackOff
from gateway.runtime.clock import WallClock
from gateway.runtime.worker import Worker, WorkerThread

START_TIMEOUT_S = 5.0
STOP_TIMEOUT_S = 9.0
"""All workers together; ten seconds are promised."""
STOP_RESERVE_S = 1.0
"""Reserved for each worker still to be stopped, so that one that hangs leaves the journal its time."""
STALL_JOIN_S = 1.0
BACKOFF_FIRST_S = 0.5
BACKOFF_MAX_S = 30.0
STEADY_AFTER_S = 60.0
"""A worker that has run this long has recovered: its back-off is reset."""
ABANDONED_MAX = 3

log = logging.getLogger(__name__)


class WorkerState(StrEnum):
    """The words of process supervision, for threads."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    BACKOFF = "backoff"
    STOPPING = "stopping"
    FATAL = "fatal"


@dataclass(frozen=True, slots=True)
class WorkerView:
    """One worker at one moment. Times are monotonic seconds; `detail` is its latest failure.

    `trouble` is what keeps a running worker from a part of its work now, or None.
    """

    name: str
    state: WorkerState
    restarts: int = 0
    progress_mono: float | None = None
    detail: str | None = None
    trouble: str | None = None


class _Supervised:
    """One worker's slot: its current thread and its restarts."""

    def __init__(self, name: str, make: Callable[[], Worker]) -> None:
        self.name = name
        self.make = make
        self.thread: WorkerThread | None = None
        self.state = WorkerState.STOPPED
        self.restarts = 0
        self.abandoned: list[WorkerThread] = []  # hung, and left behind
        self.back_off = BackOff(BACKOFF_FIRST_S, BACKOFF_MAX_S)
        self.restart_at = 0.0
        self.started_at = 0.0
        self.detail: str | None = None

    def view(self) -> WorkerView:
        thread = self.thread
        progress = thread.progress_mono if thread else None
        trouble = thread.worker.trouble if thread else None
        return WorkerView(self.name, self.state, self.restarts, progress, self.detail, trouble)


class Supervisor:
    """Owns the workers' threads. All methods but `views` belong to the main thread."""

    def __init__(
        self,
        workers: Sequence[tuple[str, Callable[[], Worker]]],
        clock: WallClock,
        make_thread: Callable[[Worker, WallClock], WorkerThread] = WorkerThread,
    ) -> None:
        """`workers` in start order: a name, and a factory that is called for each start.

        `make_thread` makes what runs a worker; a simulation steps all of them in one thread.
        """
        self._clock = clock
        self._make_thread = make_thread
        self._places = [_Supervised(name, make) for name, make in workers]
        self._views: Mapping[str, WorkerView] = MappingProxyType({})
        self.exit_code = 0
        self._publish()

    def views(self) -> Mapping[str, WorkerView]:
        """A snapshot of every worker, in start order; from any thread."""
        return self._views

    def start(self) -> bool:
        """Start the workers in order, each after the one before is up, has failed or timed out.

        False when one has failed for good.
        """
        for place in self._places:
            thread = self._launch(place)
            if thread and thread.settled.wait(START_TIMEOUT_S) and not thread.started.is_set():
                thread.join(STALL_JOIN_S)  # it has failed: `_check` must find it dead
            self._check(place, self._clock.monotonic())
            self._publish()
            if place.state is WorkerState.FATAL:
                return False
        return True

    def step(self, now: float) -> bool:
        """Check every worker once. False when one has failed for good: the process must end."""
        for place in self._places:
            self._check(place, now)
        self._publish()
        return all(place.state is not WorkerState.FATAL for place in self._places)

    def give_up(self, name: str) -> None:
        """Treat this worker as failed for good: the process must end."""
        place = next(place for place in self._places if place.name == name)
        self._end(place, place.detail or f"{name} has failed", 1)
        self._publish()

    def stop(self) -> bool:
        """Stop the workers, last started first. False when one did not end in time."""
        deadline = self._clock.monotonic() + STOP_TIMEOUT_S
        orderly = True
        for still_to_stop, place in reversed(list(enumerate(self._places))):
            orderly = self._stop(place, deadline - still_to_stop * STOP_RESERVE_S) and orderly
            self._publish()
        return orderly

    def _launch(self, place: _Supervised) -> WorkerThread | None:
        place.thread = None
        try:
            thread = self._make_thread(place.make(), self._clock)
        except Exception as error:
            self._died(place, error, self._clock.monotonic())
            return None
        place.thread = thread
        place.state = WorkerState.STARTING
        place.started_at = self._clock.monotonic()
        thread.start()
        return thread

    def _check(self, place: _Supervised, now: float) -> None:
        thread = place.thread
        if place.state is WorkerState.BACKOFF and now >= place.restart_at:
            place.restarts += 1
            log.info("restarting the worker", extra={"worker": place.name})
            self._launch(place)
        elif place.state not in (WorkerState.STARTING, WorkerState.RUNNING) or thread is None:
            return
        elif not thread.alive:
            self._died(place, thread.failure, now)
        elif now - thread.progress_mono > thread.worker.stall_after_s:
            self._stalled(place, thread, now)
        elif thread.started.is_set():
            self._runs(place, now)

    def _runs(self, place: _Supervised, now: float) -> None:
        if place.state is not WorkerState.RUNNING:
            place.state = WorkerState.RUNNING
            place.started_at = now
            if place.restarts:
                log.warning("worker recovered", extra={"worker": place.name})
        elif now - place.started_at > STEADY_AFTER_S:
            place.back_off.reset()

    def _died(self, place: _Supervised, failure: BaseException | None, now: float) -> None:
        place.detail = f"{type(failure).__name__}: {failure}" if failure else "ended unexpectedly"
        if isinstance(failure, FatalError):
            self._end(place, str(failure), failure.exit_code)
            return
        known = isinstance(failure, OSError)  # clear without a traceback
        wait_s = self._back_off(place, now)
        log.error(
            "worker died: %s; restart in %.1f s",
            place.detail,
            wait_s,
            extra={"worker": place.name},
            exc_info=None if known or failure is None else failure,
        )

    def _stalled(self, place: _Supervised, thread: WorkerThread, now: float) -> None:
        place.detail = f"no progress for {now - thread.progress_mono:.0f} s"
        log.error("worker stalled: %s", place.detail, extra={"worker": place.name})
        thread.request_stop()
        if not thread.join(STALL_JOIN_S):
            # Threads that have ended since do not count.
            place.abandoned = [one for one in place.abandoned if one.alive]
            place.abandoned.append(thread)
            if not thread.worker.replaceable or len(place.abandoned) > ABANDONED_MAX:
                self._end(place, f"{place.detail}, and it cannot be replaced", 1)
                return
        self._back_off(place, now)

    def _end(self, place: _Supervised, reason: str, exit_code: int) -> None:
        place.state = WorkerState.FATAL
        place.detail = reason
        self.exit_code = self.exit_code or exit_code
        log.critical("the process must end: %s", reason, extra={"worker": place.name})

    def _back_off(self, place: _Supervised, now: float) -> float:
        """Returns the seconds until the restart."""
        wait_s = place.back_off.failed()
        place.state = WorkerState.BACKOFF
        place.restart_at = now + wait_s
        return wait_s

    def _stop(self, place: _Supervised, deadline: float) -> bool:
        thread = place.thread
        if place.state is not WorkerState.FATAL:
            place.state = WorkerState.STOPPING
        if thread is not None:
            thread.request_stop()
            if not thread.join(max(0.1, deadline - self._clock.monotonic())):
                self._end(place, "did not stop in time", 1)
                return False
        if place.state is not WorkerState.FATAL:
            place.state = WorkerState.STOPPED
        return True

    def _publish(self) -> None:
        self._views = MappingProxyType({place.name: place.view() for place in self._places})
