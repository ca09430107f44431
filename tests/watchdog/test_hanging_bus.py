"""A transfer that does not end: its bus is closed under it, and if that is no help the process ends."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from arduino_iface.bus import I2cBus
from arduino_iface.errors import PortLost
from arduino_iface.lock import Priority
from dummy_hw.i2c_bus import DummyI2cTransport
from gateway.collection.stalls import BUS_STALLS_AFTER_S, HEALS_WITHIN_S, TICK_STALLS_AFTER_S
from gateway.collection.worker import CollectionWorker
from gateway.model.errors import FatalError
from gateway.model.registry import DeviceState
from gateway.runtime.supervisor import WorkerState
from tests.arduino_iface.waiting import running, until
from tests.collection.house import House
from tests.exchange.boards import ADDRESS, make_board
from tests.support.clock import FakeClock
from tests.watchdog.plant import Plant


class FreezingTransport(DummyI2cTransport):
    """Reads hang when told; closing ends that, if it is `merciful`."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.freezes = False
        self.merciful = True
        self.frozen = threading.Event()
        self.let_go = threading.Event()

    def read(self, address: int, length: int) -> bytes:
        if self.freezes:
            self.freezes = False
            self.frozen.set()
            assert self.let_go.wait(60.0)
            raise PortLost("closed during a transfer")
        return super().read(address, length)

    def close(self) -> None:
        super().close()
        if self.merciful:
            self.let_go.set()


class Bench:
    """One board on a bus that can freeze, its poller, and the collection that watches it."""

    def __init__(self, path: Path) -> None:
        self.house = House(path)
        self.clock = self.house.clock
        self.transport = FreezingTransport(self.clock)
        self.house.transport = self.transport
        self.house.bus.transport = self.transport
        board = make_board(self.clock, request_max=32, reply_max=32)
        self.poller = self.house.on_i2c("greenhouse", ADDRESS, board)
        self.house.run(2.0, self.poller)
        assert self.house.state("greenhouse") is DeviceState.ONLINE

    @property
    def bus(self) -> I2cBus:
        return self.house.bus

    def collection(self) -> CollectionWorker:
        return CollectionWorker(self.house.roster, self.clock, buses=self.house.buses.all)

    def freeze(self) -> None:
        self.transport.freezes = True


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "journal.db")
    yield bench
    bench.transport.let_go.set()
    bench.house.close()


def started(bench: Bench) -> CollectionWorker:
    """Its timer ticks at once, and hangs."""
    worker = bench.collection()
    worker.start_up()
    bench.freeze()
    bench.clock.advance(2.0)
    worker.step(bench.clock.monotonic())
    assert bench.transport.frozen.wait(20.0)
    return worker


def test_a_hanging_poll_is_freed_reported_and_the_device_comes_back(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    worker = started(bench)
    try:
        worker.step(bench.clock.monotonic())
        assert worker.trouble is None
        bench.clock.advance(BUS_STALLS_AFTER_S + 1.0)
        worker.step(bench.clock.monotonic())
        assert worker.trouble == "hangs: i2c1 for 11 s"
        until(lambda: bench.poller.busy_since is None)
        worker.step(bench.clock.monotonic())
        assert worker.trouble is None

        def back() -> bool:
            bench.clock.advance(1.0)
            bench.poller.tick()
            return bench.house.state("greenhouse") is DeviceState.ONLINE

        until(back)
    finally:
        worker.shut_down()
    said = [record.getMessage() for record in caplog.records if "bus i2c1" in record.getMessage()]
    assert said == [
        "a transaction on bus i2c1 hangs; closing its bus",
        "a transaction on bus i2c1 no longer hangs",
    ]


def test_a_poll_that_hangs_elsewhere_is_noticed_too(bench: Bench) -> None:
    worker = CollectionWorker(bench.house.roster, bench.clock)  # which does not see the buses
    worker.start_up()
    bench.freeze()
    bench.clock.advance(2.0)
    worker.step(bench.clock.monotonic())
    assert bench.transport.frozen.wait(20.0)
    bench.clock.advance(TICK_STALLS_AFTER_S + 1.0)
    worker.step(bench.clock.monotonic())
    assert worker.trouble == "hangs: greenhouse for 31 s"
    until(lambda: bench.poller.busy_since is None)
    worker.step(bench.clock.monotonic())
    assert worker.trouble is None
    worker.shut_down()


def test_a_command_that_hangs_on_the_bus_is_freed_as_well(bench: Bench) -> None:
    worker = bench.collection()
    bench.freeze()
    ended = threading.Event()

    def command() -> None:
        with pytest.raises(PortLost):
            bench.bus.read(ADDRESS, 4, Priority.COMMAND, 1.0)
        ended.set()

    with running(command):
        assert bench.transport.frozen.wait(20.0)
        bench.clock.advance(BUS_STALLS_AFTER_S + 1.0)
        worker.step(bench.clock.monotonic())
        assert worker.trouble is not None
        assert ended.wait(20.0)
    worker.step(bench.clock.monotonic())
    assert worker.trouble is None
    worker.shut_down()


def test_one_that_closing_does_not_free_ends_the_process(bench: Bench) -> None:
    bench.transport.merciful = False
    worker = started(bench)
    bench.clock.advance(BUS_STALLS_AFTER_S + 1.0)
    worker.step(bench.clock.monotonic())
    bench.clock.advance(HEALS_WITHIN_S + 1.0)
    with pytest.raises(FatalError) as caught:
        worker.step(bench.clock.monotonic())
    assert caught.value.exit_code == 1
    bench.transport.let_go.set()
    worker.shut_down()


def test_and_the_supervisor_says_so(bench: Bench) -> None:
    bench.transport.merciful = False
    plant = Plant("collection", bench.collection, bench.clock)
    bench.freeze()
    assert plant.supervisor.start()
    plant.pass_time(2.0)
    assert bench.transport.frozen.wait(20.0)
    plant.pass_time(BUS_STALLS_AFTER_S + 2.0)
    assert plant.view.state is WorkerState.RUNNING
    assert str(plant.view.trouble).startswith("hangs: i2c1 for 1")
    plant.pass_time(HEALS_WITHIN_S + 1.0)
    plant.becomes(WorkerState.FATAL)
    assert plant.supervisor.exit_code == 1
    assert "hangs although its bus was closed" in str(plant.view.detail)
    bench.transport.let_go.set()
    plant.supervisor.stop()
