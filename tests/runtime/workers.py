"""Workers that do as they are told, for the supervisor's tests."""

import threading
from collections.abc import Callable

from gateway.runtime.worker import Worker


class Probe(Worker):
    """Notes what is done with it; fails or hangs where told."""

    def __init__(self, name: str, log: list[str]) -> None:
        super().__init__()
        self.name = name
        self.log = log
        self.stepped = threading.Event()
        self.let_go = threading.Event()
        self.start_error: Exception | None = None
        self.step_error: BaseException | None = None
        self.stop_error: Exception | None = None
        self.hangs = False
        self.ends_when_woken = False
        self.hanging = threading.Event()
        self.on_shut_down: Callable[[], None] = lambda: None
        self.steps = 0

    def start_up(self) -> None:
        self.log.append(f"start {self.name}")
        if self.start_error is not None:
            raise self.start_error

    def step(self, now: float) -> float:
        self.steps += 1
        self.stepped.set()
        if self.step_error is not None:
            raise self.step_error
        if self.hangs:
            self.hanging.set()
            assert (self._woken if self.ends_when_woken else self.let_go).wait(30.0)
        return 3600.0

    def shut_down(self) -> None:
        self.log.append(f"stop {self.name}")
        self.on_shut_down()
        if self.stop_error is not None:
            raise self.stop_error


class Maker:
    """Makes a worker for each start: as told for the next ones, then one in good order."""

    def __init__(self, name: str, log: list[str]) -> None:
        self.name = name
        self.made: list[Probe] = []
        self.log = log
        self.prepare: list[Callable[[Probe], None]] = []
        self.errors: list[Exception] = []

    def __call__(self) -> Probe:
        if self.errors:
            raise self.errors.pop(0)
        probe = Probe(self.name, self.log)
        if self.prepare:
            self.prepare.pop(0)(probe)
        self.made.append(probe)
        return probe

    @property
    def last(self) -> Probe:
        return self.made[-1]
