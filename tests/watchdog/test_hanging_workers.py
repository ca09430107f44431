"""A sink that hangs is replaced, a journal that hangs ends the process; both are told."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from gateway.delivery.worker import DeliveryWorker
from gateway.journal import Journal, JournalReader
from gateway.journal.recovery import connect_writer
from gateway.journal.worker import JournalWorker
from gateway.model.reading import StoredReading
from gateway.runtime import supervisor as supervision
from gateway.runtime.supervisor import WorkerState
from tests.arduino_iface.waiting import until
from tests.delivery.fake_sink import FakeSink
from tests.delivery.records import HEARTBEAT, reading
from tests.journal.records import samples
from tests.support.clock import FakeClock
from tests.watchdog.plant import Plant


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def journal(tmp_path: Path, clock: FakeClock) -> Iterator[Journal]:
    journal = Journal(tmp_path / "journal.db", clock=clock)
    journal.open()
    yield journal
    journal.close()


class FreezingSinks:
    """Makes a sink for each start; the first `frozen` of them never answer."""

    def __init__(self, frozen: int) -> None:
        self.frozen = frozen
        self.made: list[FakeSink] = []
        self.let_go = threading.Event()
        self.calls = threading.Semaphore(0)

    def make(self) -> FakeSink:
        sink = FakeSink()
        if len(self.made) < self.frozen:
            sink.before = self._freeze
        self.made.append(sink)
        return sink

    def _freeze(self, batch: Sequence[StoredReading]) -> None:
        self.calls.release()
        assert self.let_go.wait(60.0)


def delivery_plant(
    journal: Journal, clock: FakeClock, sinks: FreezingSinks, monkeypatch: pytest.MonkeyPatch
) -> tuple[Plant, JournalReader]:
    monkeypatch.setattr(supervision, "STALL_JOIN_S", 0.01)
    reader = JournalReader(journal.path)
    journal.append([reading(number) for number in range(1, 4)])
    journal.step(clock.monotonic())

    def make() -> DeliveryWorker:
        sink = sinks.make()
        consumers = sink.consumers(lambda: HEARTBEAT)
        return DeliveryWorker(sink.name, consumers, journal, reader, clock)

    return Plant("delivery-fake", make, clock), reader


def test_a_sink_that_hangs_is_left_behind_and_another_delivers(
    journal: Journal, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    sinks = FreezingSinks(1)
    plant, reader = delivery_plant(journal, clock, sinks, monkeypatch)
    plant.supervisor.start()
    assert sinks.calls.acquire(timeout=20.0)
    clock.advance(31.0)
    plant.look()
    assert plant.view.state is WorkerState.BACKOFF
    assert plant.view.detail == "no progress for 31 s"
    clock.advance(1.0)
    plant.becomes(WorkerState.RUNNING)
    until(lambda: len(sinks.made[-1].readings) == 3)
    sinks.let_go.set()
    assert plant.supervisor.stop()
    assert plant.supervisor.exit_code == 0
    reader.close()


def test_sinks_that_always_hang_end_the_process(
    journal: Journal, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    sinks = FreezingSinks(99)
    plant, reader = delivery_plant(journal, clock, sinks, monkeypatch)
    going = plant.supervisor.start()
    for attempt in range(supervision.ABANDONED_MAX + 1):
        assert sinks.calls.acquire(timeout=20.0)
        assert plant.look(), f"given up at attempt {attempt}"
        clock.advance(31.0)
        going = plant.look()
        if going:
            clock.advance(supervision.BACKOFF_MAX_S)
            plant.look()
    assert not going
    assert (plant.view.state, plant.supervisor.exit_code) == (WorkerState.FATAL, 1)
    sinks.let_go.set()
    plant.supervisor.stop()
    reader.close()


def test_hangs_that_ended_are_not_held_against_a_sink(
    journal: Journal, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    sinks = FreezingSinks(99)
    plant, reader = delivery_plant(journal, clock, sinks, monkeypatch)
    plant.supervisor.start()
    for _ in range(2 * supervision.ABANDONED_MAX):
        assert sinks.calls.acquire(timeout=20.0)
        plant.look()
        clock.advance(31.0)
        assert plant.look()
        sinks.let_go.set()
        until(lambda: not any(one.alive for one in plant.supervisor._places[0].abandoned))
        sinks.let_go.clear()
        journal.append([reading(100 + len(sinks.made))])
        journal.step(clock.monotonic())
        clock.advance(supervision.BACKOFF_MAX_S)
        plant.look()
    sinks.let_go.set()
    plant.supervisor.stop()
    reader.close()


class FreezingDisk:
    """Hangs at the connection, or in a commit."""

    def __init__(self) -> None:
        self.frozen = threading.Event()
        self.let_go = threading.Event()
        self.at_connect = False
        self.at_commit = False

    def connect(self, path: Path) -> sqlite3.Connection:
        if self.at_connect:
            self.hang()
        connection = connect_writer(path)
        connection.set_trace_callback(self._trace)
        return connection

    def hang(self) -> None:
        self.frozen.set()
        assert self.let_go.wait(60.0)

    def _trace(self, sql: str) -> None:
        if self.at_commit and sql == "COMMIT":
            self.hang()


@pytest.mark.parametrize("where", ["at_connect", "at_commit"])
def test_a_journal_that_hangs_ends_the_process(
    tmp_path: Path, clock: FakeClock, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "STALL_JOIN_S", 0.01)
    monkeypatch.setattr(supervision, "START_TIMEOUT_S", 0.2)
    disk = FreezingDisk()
    journal = Journal(tmp_path / "journal.db", clock=clock, connect=disk.connect)
    plant = Plant("journal", lambda: JournalWorker(journal), clock)
    disk.at_connect = where == "at_connect"
    plant.supervisor.start()
    disk.at_commit = where == "at_commit"
    journal.append(samples(1, 3))
    assert disk.frozen.wait(20.0)
    clock.advance(29.0)
    assert plant.look()
    clock.advance(2.0)
    assert not plant.look()
    assert (plant.view.state, plant.supervisor.exit_code) == (WorkerState.FATAL, 1)
    assert plant.view.detail == "no progress for 31 s, and it cannot be replaced"
    disk.let_go.set()
    plant.supervisor.stop()
