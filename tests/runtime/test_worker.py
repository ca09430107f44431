"""The thread around a worker."""

from gateway.runtime.worker import WorkerThread
from tests.arduino_iface.waiting import until
from tests.runtime.workers import Probe
from tests.support.clock import FakeClock


def make() -> tuple[Probe, WorkerThread]:
    probe = Probe("probe", [])
    return probe, WorkerThread(probe, FakeClock())


def test_a_worker_is_started_stepped_and_shut_down_once() -> None:
    probe, thread = make()
    assert not thread.alive
    thread.start()
    assert thread.started.wait(20.0)
    assert probe.stepped.wait(20.0)
    assert (thread.alive, thread.stopping) == (True, False)
    thread.request_stop()
    assert thread.join(20.0)
    assert (thread.alive, thread.stopping, thread.failure) == (False, True, None)
    assert probe.log == ["start probe", "stop probe"]


def test_a_worker_that_does_not_start_is_shut_down_and_settled() -> None:
    probe, thread = make()
    probe.start_error = OSError("no")
    thread.start()
    assert thread.settled.wait(20.0)
    assert thread.join(20.0)
    assert not thread.started.is_set()
    assert thread.failure is probe.start_error
    assert probe.log == ["start probe", "stop probe"]


def test_the_first_failure_is_kept() -> None:
    probe, thread = make()
    probe.step_error = RuntimeError("first")
    probe.stop_error = RuntimeError("second")
    thread.start()
    assert thread.join(20.0)
    assert thread.failure is probe.step_error


def test_a_failed_shut_down_is_a_failure() -> None:
    probe, thread = make()
    probe.stop_error = RuntimeError("cannot close")
    thread.start()
    assert probe.stepped.wait(20.0)
    thread.request_stop()
    assert thread.join(20.0)
    assert thread.failure is probe.stop_error


def test_a_worker_is_woken_before_its_time() -> None:
    probe, thread = make()
    thread.start()
    assert probe.stepped.wait(20.0)
    for _ in range(5):
        before = probe.steps
        probe.wake()
        until(lambda before=before: probe.steps > before)  # type: ignore[misc]
    thread.request_stop()
    assert thread.join(20.0)
