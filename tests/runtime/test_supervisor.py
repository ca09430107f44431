"""Workers started in order, watched, replaced with back-off, and stopped in the opposite order."""

import threading
from collections.abc import Iterator

import pytest

from gateway.model.errors import FatalError
from gateway.runtime import supervisor as subject
from gateway.runtime.clock import MachineClock, WallClock
from gateway.runtime.supervisor import Supervisor, WorkerState
from tests.arduino_iface.waiting import until
from tests.runtime.workers import Maker, Probe
from tests.support.clock import FakeClock

NAMES = ("journal", "collection", "command")


class Plant:
    """Three workers under a supervisor; all are let go at the end."""

    def __init__(self, clock: WallClock | None = None) -> None:
        self.log: list[str] = []
        self.fake = FakeClock()
        self.makers = {name: Maker(name, self.log) for name in NAMES}
        self.supervisor = Supervisor(list(self.makers.items()), clock or self.fake)

    def state(self, name: str) -> WorkerState:
        return self.supervisor.views()[name].state

    def step(self) -> bool:
        return self.supervisor.step(self.fake.monotonic())

    def becomes(self, name: str, state: WorkerState) -> None:
        def reached() -> bool:
            self.step()
            return self.state(name) is state

        until(reached)

    def kill(self, name: str, error: BaseException) -> None:
        """The worker's next step fails."""
        self.makers[name].last.step_error = error
        self.makers[name].last.wake()

    def close(self) -> None:
        for maker in self.makers.values():
            for probe in maker.made:
                probe.let_go.set()
        self.supervisor.stop()


@pytest.fixture
def plant() -> Iterator[Plant]:
    plant = Plant()
    yield plant
    plant.close()


def hang(probe: Probe) -> None:
    probe.hangs = True


def test_workers_start_in_order_and_stop_in_the_opposite_one(plant: Plant) -> None:
    assert {plant.state(name) for name in NAMES} == {WorkerState.STOPPED}
    assert plant.supervisor.start()
    assert [plant.state(name) for name in NAMES] == [WorkerState.RUNNING] * 3
    assert tuple(plant.supervisor.views()) == NAMES
    assert plant.supervisor.stop()
    assert [plant.state(name) for name in NAMES] == [WorkerState.STOPPED] * 3
    assert plant.log == [
        *(f"start {name}" for name in NAMES),
        *(f"stop {name}" for name in reversed(NAMES)),
    ]
    assert plant.supervisor.exit_code == 0


def test_one_that_cannot_start_yet_does_not_keep_the_next_from_starting(plant: Plant) -> None:
    plant.makers["collection"].prepare = [
        lambda probe: setattr(probe, "start_error", OSError("not there yet"))
    ]
    assert plant.supervisor.start()
    assert plant.state("collection") is WorkerState.BACKOFF
    assert plant.supervisor.views()["collection"].detail == "OSError: not there yet"
    assert plant.state("command") is WorkerState.RUNNING
    plant.fake.advance(0.4)
    plant.step()
    assert len(plant.makers["collection"].made) == 1
    plant.fake.advance(0.1)
    plant.becomes("collection", WorkerState.RUNNING)
    assert plant.supervisor.views()["collection"].restarts == 1


@pytest.mark.parametrize("attempt", range(20))
@pytest.mark.parametrize("name", NAMES)
def test_what_no_restart_can_help_ends_the_start_at_once(
    plant: Plant, name: str, attempt: int
) -> None:
    plant.makers[name].prepare = [
        lambda probe: setattr(probe, "start_error", FatalError("wrong file", 78))
    ]
    assert not plant.supervisor.start()
    assert (plant.state(name), plant.supervisor.exit_code) == (WorkerState.FATAL, 78)
    assert not any(plant.makers[later].made for later in NAMES[NAMES.index(name) + 1 :])
    assert plant.supervisor.stop()
    assert plant.supervisor.views()[name].detail == "wrong file"


def test_a_worker_that_cannot_be_made_is_tried_again(plant: Plant) -> None:
    plant.makers["command"].errors = [ValueError("no such port"), ValueError("no such port")]
    assert plant.supervisor.start()
    assert plant.state("command") is WorkerState.BACKOFF
    assert plant.supervisor.views()["command"].detail == "ValueError: no such port"
    plant.fake.advance(0.5)
    assert plant.step()
    assert plant.state("command") is WorkerState.BACKOFF
    plant.fake.advance(1.0)
    plant.becomes("command", WorkerState.RUNNING)


def test_death_is_logged_and_answered_after_growing_waits(
    plant: Plant, caplog: pytest.LogCaptureFixture
) -> None:
    assert plant.supervisor.start()
    for restarts, wait_s in enumerate([0.5, 1, 2, 4, 8, 16, 30, 30], start=1):
        plant.kill("collection", RuntimeError("broken"))
        plant.becomes("collection", WorkerState.BACKOFF)
        pass_time(plant, wait_s - 0.01, "journal", "command")
        assert plant.state("collection") is WorkerState.BACKOFF
        plant.fake.advance(0.02)
        plant.becomes("collection", WorkerState.RUNNING)
        assert plant.supervisor.views()["collection"].restarts == restarts
    assert caplog.text.count("worker died: RuntimeError: broken") == 8
    assert len(plant.makers["journal"].made) == len(plant.makers["command"].made) == 1
    pass_time(plant, 61.0, *NAMES)
    plant.kill("collection", RuntimeError("broken"))
    plant.becomes("collection", WorkerState.BACKOFF)
    plant.fake.advance(0.5)
    plant.becomes("collection", WorkerState.RUNNING)


def pass_time(plant: Plant, seconds: float, *working: str) -> None:
    """Time passes, and those named have worked meanwhile."""
    plant.fake.advance(seconds)
    for name in working:
        refresh(plant, name)
    plant.step()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_ends_by_itself_is_a_death_too(plant: Plant) -> None:
    assert plant.supervisor.start()
    plant.kill("command", SystemExit())
    plant.becomes("command", WorkerState.BACKOFF)
    assert plant.supervisor.views()["command"].detail == "ended unexpectedly"


def test_a_fatal_error_at_work_ends_the_process(plant: Plant) -> None:
    assert plant.supervisor.start()
    plant.kill("journal", FatalError("the file was replaced", 78))
    until(lambda: not plant.step())
    assert (plant.state("journal"), plant.supervisor.exit_code) == (WorkerState.FATAL, 78)
    assert plant.supervisor.stop()
    assert plant.supervisor.exit_code == 78


def test_a_worker_that_stalls_is_replaced_and_left_behind(
    plant: Plant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(subject, "STALL_JOIN_S", 0.02)
    plant.makers["collection"].prepare = [hang] * 4
    assert plant.supervisor.start()
    for _ in range(subject.ABANDONED_MAX):
        stall(plant, "collection")
        assert plant.state("collection") is WorkerState.BACKOFF
        pass_time(plant, 30.0, "journal", "command")
        plant.becomes("collection", WorkerState.RUNNING)
    assert "worker stalled: no progress for 1" in caplog.text
    stall(plant, "collection")
    assert (plant.state("collection"), plant.supervisor.exit_code) == (WorkerState.FATAL, 1)
    assert len(plant.makers["journal"].made) == 1


def stall(plant: Plant, name: str) -> None:
    """The worker hangs for longer than it may, the others work."""
    assert plant.makers[name].last.hanging.wait(20.0)
    pass_time(plant, 16.0, *(other for other in NAMES if other != name))


def refresh(plant: Plant, name: str) -> None:
    """The worker takes a step, so its progress is of now."""
    thread = next(place.thread for place in plant.supervisor._places if place.name == name)
    assert thread is not None
    now = plant.fake.monotonic()
    plant.makers[name].last.wake()
    until(lambda: thread.progress_mono == now)


def test_a_stalled_worker_that_ends_when_asked_is_not_left_behind(plant: Plant) -> None:
    def prepare(probe: Probe) -> None:
        probe.hangs = probe.ends_when_woken = True

    plant.makers["collection"].prepare = [prepare]
    assert plant.supervisor.start()
    stall(plant, "collection")
    assert plant.state("collection") is WorkerState.BACKOFF
    assert plant.log.count("stop collection") == 1


def test_a_stalled_worker_that_cannot_be_replaced_ends_the_process(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "STALL_JOIN_S", 0.02)

    def prepare(probe: Probe) -> None:
        probe.hangs = True
        probe.replaceable = False

    plant.makers["journal"].prepare = [prepare]
    assert plant.supervisor.start()
    stall(plant, "journal")
    assert (plant.state("journal"), plant.supervisor.exit_code) == (WorkerState.FATAL, 1)
    assert "cannot be replaced" in str(plant.supervisor.views()["journal"].detail)
    assert len(plant.makers["journal"].made) == 1


def test_progress_is_the_end_of_a_step(plant: Plant) -> None:
    assert plant.supervisor.start()
    before = plant.supervisor.views()["command"].progress_mono
    plant.fake.advance(3.0)
    refresh(plant, "command")
    plant.step()
    after = plant.supervisor.views()["command"].progress_mono
    assert before is not None
    assert after == before + 3.0


def test_a_worker_that_hangs_leaves_the_others_their_time_to_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subject, "STOP_TIMEOUT_S", 3.0)
    monkeypatch.setattr(subject, "STOP_RESERVE_S", 1.25)
    clock = MachineClock()
    plant = Plant(clock)
    plant.makers["command"].prepare = [hang]
    flushing = threading.Event()
    plant.makers["journal"].prepare = [
        # A flush that takes its time.
        lambda probe: setattr(probe, "on_shut_down", lambda: flushing.wait(0.2))
    ]
    assert plant.supervisor.start()
    assert plant.makers["command"].last.hanging.wait(20.0)
    began = clock.monotonic()
    assert not plant.supervisor.stop()
    assert clock.monotonic() - began < 3.0
    assert plant.state("command") is WorkerState.FATAL
    assert plant.supervisor.views()["command"].detail == "did not stop in time"
    assert plant.state("collection") is plant.state("journal") is WorkerState.STOPPED
    assert plant.log[-2:] == ["stop collection", "stop journal"]
    assert plant.supervisor.exit_code == 1
    plant.close()


def test_one_that_is_waiting_for_its_restart_is_stopped_too(plant: Plant) -> None:
    assert plant.supervisor.start()
    plant.kill("collection", RuntimeError("broken"))
    plant.becomes("collection", WorkerState.BACKOFF)
    assert plant.supervisor.stop()
    assert plant.state("collection") is WorkerState.STOPPED
    assert plant.supervisor.exit_code == 0


def test_a_worker_that_is_given_up_ends_the_process(plant: Plant) -> None:
    plant.makers["command"].errors = [OSError("port in use")]
    assert plant.supervisor.start()
    plant.supervisor.give_up("command")
    assert not plant.step()
    assert plant.supervisor.views()["command"].detail == "OSError: port in use"
    assert plant.supervisor.stop()
    assert plant.state("command") is WorkerState.FATAL
    assert plant.supervisor.exit_code == 1
