"""The watch for stalls leaves alone what is in maintenance, however long that takes."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from arduino_iface.lock import Priority
from gateway.collection.stalls import BUS_STALLS_AFTER_S, HEALS_WITHIN_S, TICK_STALLS_AFTER_S
from gateway.collection.worker import CollectionWorker
from gateway.model.errors import FatalError, MaintenanceTimeout
from gateway.model.registry import DeviceState
from tests.arduino_iface.waiting import until
from tests.collection.house import House
from tests.exchange.boards import ADDRESS, make_board
from tests.support.serial_wire import DummySerialTransport
from tests.watchdog.test_hanging_bus import Bench

STEP_S = 5.0
LONG_S = 4 * (BUS_STALLS_AFTER_S + TICK_STALLS_AFTER_S + HEALS_WITHIN_S)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "journal.db")
    yield house
    house.close()


def watched(house: House) -> CollectionWorker:
    worker = CollectionWorker(
        house.roster, house.clock, buses=house.buses.all, age=house.devices.age
    )
    worker.start_up()
    return worker


def let_time_pass(house: House, worker: CollectionWorker) -> None:
    """Each step of the collection is seen by the watch; timers tick by real time."""
    end = house.clock.monotonic() + LONG_S
    while house.clock.monotonic() < end:
        worker.step(house.clock.monotonic())
        assert worker.trouble is None
        house.clock.advance(STEP_S)


def test_a_port_in_use_for_long_is_neither_closed_nor_the_end(house: House) -> None:
    """What maintains the board may hold the lock of the port all the time."""
    wire = DummySerialTransport(make_board(house.clock), house.clock)
    poller = house.on_serial("vehicle", wire)
    house.run(1.0, poller)
    assert house.state("vehicle") is DeviceState.ONLINE
    bus = house.buses.get("vehicle")
    worker = watched(house)
    with house.devices.maintenance("vehicle", "firmware"), bus.lock.hold(Priority.COMMAND, 1.0):
        wire.open()
        let_time_pass(house, worker)
        assert wire.is_open
        assert house.view("vehicle").detail == "maintenance: firmware"
    worker.shut_down()


def test_without_maintenance_it_would_be(house: House) -> None:
    wire = DummySerialTransport(make_board(house.clock), house.clock)
    house.on_serial("vehicle", wire)
    worker = watched(house)
    with house.buses.get("vehicle").lock.hold(Priority.COMMAND, 1.0):
        worker.step(house.clock.monotonic())
        house.clock.advance(BUS_STALLS_AFTER_S + 1.0)
        worker.step(house.clock.monotonic())
        house.clock.advance(HEALS_WITHIN_S + 1.0)
        with pytest.raises(FatalError, match="bus vehicle hangs"):
            worker.step(house.clock.monotonic())
    worker.shut_down()


def test_ticks_of_a_held_device_are_no_stalls(house: House) -> None:
    poller = house.on_i2c(
        "greenhouse", ADDRESS, make_board(house.clock, request_max=32, reply_max=32)
    )
    house.run(1.0, poller)
    worker = watched(house)
    with house.devices.maintenance("greenhouse", "firmware"):
        let_time_pass(house, worker)
        polls = poller.view.health.polls
        poller.tick()
        assert poller.view.health.polls == polls
    worker.shut_down()


def test_maintenance_does_not_begin_while_a_poll_hangs(tmp_path: Path) -> None:
    """The watch still frees the bus under it, and then it can begin."""
    bench = Bench(tmp_path / "journal.db")
    worker = bench.collection()
    worker.start_up()
    bench.freeze()
    tick = threading.Thread(target=bench.poller.tick, daemon=True)
    bench.clock.advance(1.0)
    tick.start()
    assert bench.transport.frozen.wait(20.0)
    with (
        pytest.raises(MaintenanceTimeout),
        bench.house.devices.maintenance("greenhouse", "firmware", timeout_s=0.01),
    ):
        pass
    assert not bench.poller.held
    bench.clock.advance(BUS_STALLS_AFTER_S + 1.0)
    worker.step(bench.clock.monotonic())
    until(lambda: not tick.is_alive())
    with bench.house.devices.maintenance("greenhouse", "firmware"):
        assert bench.poller.held
    worker.shut_down()
    bench.transport.let_go.set()
    bench.house.close()
