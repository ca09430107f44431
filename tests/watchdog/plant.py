"""A supervisor with one real worker, by a clock that the test moves."""

from collections.abc import Callable

from gateway.runtime.supervisor import Supervisor, WorkerState, WorkerView
from gateway.runtime.worker import Worker
from tests.arduino_iface.waiting import until
from tests.support.clock import FakeClock


class Plant:
    """Starts the worker; `look` is what the main thread does four times a second."""

    def __init__(self, name: str, make: Callable[[], Worker], clock: FakeClock) -> None:
        self.name = name
        self.clock = clock
        self.supervisor = Supervisor([(name, self._make)], clock)
        self._make_worker = make
        self._worker: Worker | None = None

    def _make(self) -> Worker:
        self._worker = self._make_worker()
        return self._worker

    @property
    def view(self) -> WorkerView:
        return self.supervisor.views()[self.name]

    def look(self) -> bool:
        return self.supervisor.step(self.clock.monotonic())

    def becomes(self, state: WorkerState) -> None:
        def reached() -> bool:
            self.look()
            return self.view.state is state

        until(reached)

    def pass_time(self, seconds: float) -> None:
        """Second by second, so that a worker that works shows its progress, as in real time."""
        for _ in range(round(seconds)):
            self.clock.advance(1.0)
            until(self._is_up_to_date)

    def _is_up_to_date(self) -> bool:
        assert self._worker is not None
        self._worker.wake()
        self.look()
        progress = self.view.progress_mono
        working = self.view.state is WorkerState.RUNNING
        return not working or progress == self.clock.monotonic()
