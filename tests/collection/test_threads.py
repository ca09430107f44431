"""Timers and the collection worker with real threads."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from arduino_iface.bus import I2cBus
from arduino_iface.device import Polled, ProtocolDevice
from arduino_iface.i2c_link import I2cLink
from dummy_hw.board import DummyBoard
from dummy_hw.eeprom import MemoryEeprom
from dummy_hw.i2c_bus import DummyI2cTransport
from gateway.collection.poller import DevicePoller, PolledDevice
from gateway.collection.schedule import Schedule
from gateway.collection.timers import DeviceTimer
from gateway.collection.worker import CollectionWorker
from gateway.drivers.intake import Source
from gateway.drivers.protocol.driver import ProtocolDriver
from gateway.journal.journal import Journal
from gateway.journal.reader import JournalReader
from gateway.journal.worker import JournalWorker
from gateway.model.registry import DeviceState, Registry
from gateway.runtime.clock import MachineClock
from gateway.runtime.worker import WorkerThread
from tests.arduino_iface.waiting import until
from tests.collection.house import House
from tests.exchange.boards import ADDRESS, SCHEMA, make_board

NAMES = {"healthy": 0x10, "also_healthy": 0x11, "hung": 0x12, "absent": 0x13}


class Ticks:
    """Counts, and dies when told."""

    def __init__(self) -> None:
        self.count = 0
        self.deadly = False

    def __call__(self) -> None:
        self.count += 1
        if self.deadly:
            self.deadly = False
            raise SystemExit


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_timer_whose_thread_died_is_replaced(caplog: pytest.LogCaptureFixture) -> None:
    ticks = Ticks()
    timer = DeviceTimer("greenhouse", 0.01, ticks)
    assert not timer.started
    timer.start()
    until(lambda: ticks.count >= 2)
    timer.keep(0.01)
    assert not caplog.records
    ticks.deadly = True
    until(lambda: not ticks.deadly)

    def replaced() -> bool:
        timer.keep(0.01)
        return bool(caplog.records)

    until(replaced)
    before = ticks.count
    until(lambda: ticks.count >= before + 2)
    assert [one.getMessage() for one in caplog.records] == ["timer died and was replaced"]
    timer.stop()
    assert timer.join(10.0)


def test_a_timer_takes_another_period_and_stays_stopped() -> None:
    ticks = Ticks()
    timer = DeviceTimer("greenhouse", 3600.0, ticks)
    assert timer.join(0.0)
    timer.start()
    until(lambda: ticks.count == 1)
    timer.keep(0.01)
    until(lambda: ticks.count >= 4)
    timer.stop()
    assert timer.join(10.0)
    assert not timer.started
    after = ticks.count
    timer.keep(0.01)
    assert ticks.count == after


class FixedRoster:
    """Always the same devices."""

    def __init__(self, pollers: Sequence[DevicePoller]) -> None:
        self._pollers = pollers
        self.changed: Callable[[], None] = lambda: None

    def pollers(self) -> Sequence[DevicePoller]:
        return self._pollers


@dataclass(eq=False)
class StubPoller:
    """What the worker needs of a poller: a schedule, a name and a tick."""

    name: str
    schedule: Schedule = field(default_factory=lambda: Schedule(1.0, 0.0))
    ticks: Ticks = field(default_factory=Ticks)
    nudged: bool = False
    busy_since: float | None = None
    lends_its_port: bool = False

    @property
    def settings(self) -> PolledDevice:
        return PolledDevice(Source(self.name, {}, True), "i2c1", 16)

    def tick(self) -> None:
        self.ticks()


def stubs(count: int) -> tuple[list[StubPoller], list[DevicePoller]]:
    made = [StubPoller(f"device{number}") for number in range(count)]
    return made, cast("list[DevicePoller]", made)


def test_first_polls_are_spread_over_the_interval(house: House) -> None:
    pollers, as_pollers = stubs(4)
    worker = CollectionWorker(FixedRoster(as_pollers), house.clock)
    worker.start_up()
    started = []
    for _ in range(4):
        wait_s = worker.step(house.clock.monotonic())
        started.append([bool(poller.schedule.due) for poller in pollers].count(True))
        assert 0 < wait_s <= 0.5
        house.clock.advance(0.25)
    assert started == [1, 2, 3, 4]
    until(lambda: all(poller.ticks.count >= 1 for poller in pollers))
    assert [poller.schedule.due for poller in pollers] == [1000.0, 1000.25, 1000.5, 1000.75]
    worker.shut_down()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_the_worker_replaces_a_dead_timer_and_leaves_the_others(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    pollers, as_pollers = stubs(2)
    for poller in pollers:
        poller.schedule.interval_s = 0.02
    worker = CollectionWorker(FixedRoster(as_pollers), house.clock)
    worker.start_up()
    worker.step(house.clock.monotonic())
    house.clock.advance(1.0)
    worker.step(house.clock.monotonic())
    until(lambda: all(poller.ticks.count >= 1 for poller in pollers))
    pollers[0].ticks.deadly = True

    def replaced() -> bool:
        worker.step(house.clock.monotonic())
        return bool(caplog.records)

    until(replaced)
    before = pollers[0].ticks.count
    until(lambda: pollers[0].ticks.count > before)
    worker.shut_down()
    assert [(one.getMessage(), one.device) for one in caplog.records] == [  # type: ignore[attr-defined]
        ("timer died and was replaced", "device0")
    ]


def test_no_tick_comes_after_the_worker_has_stopped(house: House) -> None:
    pollers, as_pollers = stubs(3)
    for poller in pollers:
        poller.schedule.interval_s = 0.01
    thread = WorkerThread(CollectionWorker(FixedRoster(as_pollers), MachineClock()), MachineClock())
    thread.start()
    until(lambda: all(poller.ticks.count >= 2 for poller in pollers))
    thread.request_stop()
    assert thread.join(10.0)
    assert thread.failure is None
    counts = [poller.ticks.count for poller in pollers]
    assert not [one for one in threading.enumerate() if one.name.startswith("device")]
    assert counts == [poller.ticks.count for poller in pollers]


class BlockingDevice(ProtocolDevice):
    """Hangs in a poll until it is let go."""

    entered: threading.Event
    let_go: threading.Event
    polls = 0

    def poll(self, following: int, skip: int = 0) -> Polled:
        self.polls += 1
        self.entered.set()
        assert self.let_go.wait(20.0)
        return super().poll(following, skip)


def test_a_second_tick_does_not_enter_while_the_first_is_at_it(house: House) -> None:
    board = make_board(house.clock, request_max=32, reply_max=32)
    house.transport.attach(ADDRESS, board)
    house.clock.advance(0.1)
    device = BlockingDevice(I2cLink(house.bus, ADDRESS))
    device.entered, device.let_go = threading.Event(), threading.Event()
    poller = house.poller("greenhouse", device, house.bus.close, ADDRESS)
    first = threading.Thread(target=poller.tick)
    first.start()
    assert device.entered.wait(20.0)
    house.clock.advance(5.0)
    poller.tick()
    assert device.polls == 1
    device.let_go.set()
    first.join(20.0)
    assert not first.is_alive()


@dataclass
class Plant:
    """A real journal and collection on real threads, four devices on one bus."""

    boards: dict[str, DummyBoard]
    registry: Registry
    journal: Journal
    reader: JournalReader
    collection: WorkerThread
    transport: DummyI2cTransport

    def stored(self, name: str) -> list[int | None]:
        rows = self.reader.readings_after(0, 10_000)
        return [one.reading.seq for one in rows if one.reading.device == name]

    def state(self, name: str) -> DeviceState:
        view = self.registry.get(name)
        assert view is not None
        return view.state


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    clock = MachineClock()
    transport = DummyI2cTransport(clock, 400_000)
    bus = I2cBus("i2c1", transport)
    journal = Journal(tmp_path / "journal.db", clock=clock, commit_interval_s=0.05)
    registry = Registry()
    boards = {}
    for name, address in NAMES.items():
        if name != "absent":
            boards[name] = DummyBoard(SCHEMA, eeprom=MemoryEeprom(), clock=clock, ring_size=500)
            boards[name].power_on()
            transport.attach(address, boards[name])

    def poller(name: str, address: int) -> DevicePoller:
        source = Source(name, {}, True)
        device = ProtocolDevice(I2cLink(bus, address))
        driver = ProtocolDriver(source, device, journal, clock, lambda identity: None, 0.02)
        settings = PolledDevice(source, "i2c1", address)
        return DevicePoller(settings, driver, registry, clock, disconnect=bus.close)

    pollers = [poller(name, address) for name, address in NAMES.items()]
    writer = WorkerThread(JournalWorker(journal), clock)
    collection = WorkerThread(CollectionWorker(FixedRoster(pollers), clock), clock)
    reader = JournalReader(tmp_path / "journal.db")
    writer.start()
    assert writer.started.wait(20.0)
    collection.start()
    yield Plant(boards, registry, journal, reader, collection, transport)
    for thread in (collection, writer):
        thread.request_stop()
        assert thread.join(20.0)
        assert thread.failure is None
    reader.close()


def test_a_hung_and_an_absent_board_leave_the_others_alone(plant: Plant) -> None:
    until(lambda: plant.state("hung") is DeviceState.ONLINE)
    plant.boards["hung"].hang(True)
    until(lambda: plant.state("hung") is DeviceState.OFFLINE)
    healthy = ("healthy", "also_healthy")
    made = {name: plant.boards[name].samples_made for name in healthy}
    for name in healthy:
        until(reaches(plant, name, made[name] + 25))
        assert plant.state(name) is DeviceState.ONLINE
        assert plant.boards[name].overwritten == 0
        numbers = plant.stored(name)
        assert numbers == list(range(1, len(numbers) + 1))
    assert plant.state("absent") is DeviceState.OFFLINE
    assert plant.state("hung") is DeviceState.OFFLINE
    assert plant.transport.overlaps == 0


def reaches(plant: Plant, name: str, number: int) -> Callable[[], bool]:
    return lambda: len(plant.stored(name)) >= number


def test_what_was_acknowledged_is_stored_at_the_stop(plant: Plant) -> None:
    until(reaches(plant, "healthy", 10))
    plant.collection.request_stop()
    assert plant.collection.join(20.0)
    assert plant.journal.flush().wait(20.0)
    for name, board in plant.boards.items():
        acknowledged = board.status().acknowledged
        assert set(range(1, acknowledged + 1)) <= set(plant.stored(name))
