"""A device that is held for maintenance: not polled, not missed, and identified anew afterwards."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from dummy_hw.board import DummyBoard
from gateway.collection.poller import DevicePoller
from gateway.collection.stalls import BUS_STALLS_AFTER_S, TICK_STALLS_AFTER_S
from gateway.collection.worker import CollectionWorker
from gateway.model.errors import DeviceInMaintenance, UnknownDevice
from gateway.model.registry import DeviceState
from gateway.runtime.clock import MachineClock
from gateway.runtime.worker import WorkerThread
from tests.arduino_iface.waiting import until
from tests.collection.house import House
from tests.exchange.boards import ADDRESS, make_board
from tests.support.serial_wire import DummySerialTransport

LONG_S = 3 * (BUS_STALLS_AFTER_S + TICK_STALLS_AFTER_S)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "journal.db")
    yield house
    house.close()


def board_of(house: House, **options: object) -> DummyBoard:
    return make_board(house.clock, **({"request_max": 32, "reply_max": 32} | options))


def two_boards(house: House) -> tuple[DummyBoard, DevicePoller, DevicePoller]:
    board = board_of(house, ring_size=5000)
    held = house.on_i2c("held", ADDRESS, board)
    other = house.on_i2c("other", ADDRESS + 1, board_of(house))
    house.run(2.0, held, other)
    return board, held, other


def test_a_held_device_is_left_alone_and_the_others_go_on(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    board, held, other = two_boards(house)
    before = house.view("held").health
    polls = house.view("other").health.polls
    caplog.clear()
    caplog.set_level(logging.INFO)
    with house.devices.maintenance("held", "firmware"):
        view = house.view("held")
        assert (view.state, view.detail) == (DeviceState.LATE, "maintenance: firmware")
        house.run(LONG_S, held, other)
        view = house.view("held")
        assert (view.state, view.detail) == (DeviceState.OFFLINE, "maintenance: firmware")
        assert view.health.polls == before.polls
    assert house.view("other").health.polls > polls + LONG_S
    assert house.state("other") is DeviceState.ONLINE
    view = house.view("held")
    assert (view.state, view.maintenance) == (DeviceState.OFFLINE, None)
    assert view.detail == "maintenance is over; not heard of since"
    house.run(1.0, held, other)
    view = house.view("held")
    assert (view.state, view.detail) == (DeviceState.ONLINE, None)
    assert (view.health.missed, view.health.lost) == (before.missed, 0)
    assert [
        one.getMessage() for one in caplog.records if one.name.startswith("gateway.presence")
    ] == [
        "maintenance begins: firmware",
        "maintenance is over: firmware",
    ]
    house.drain(held, board)
    assert house.numbers("held") == list(range(1, board.samples_made + 1))


def test_the_board_is_identified_anew_before_it_is_polled(house: House) -> None:
    board, held, _ = two_boards(house)
    with house.devices.maintenance("held", "firmware"):
        board.reset()
        house.clock.advance(5.0)
    identified = held.driver.board
    assert identified is not None
    assert identified.identity is None
    house.run(2.0, held)
    view = house.view("held")
    assert (view.state, view.boot, view.health.resets) == (DeviceState.ONLINE, 2, 1)
    house.drain(held, board)
    assert house.numbers("held", 2) == list(range(1, board.status().next_seq))


def test_what_was_overwritten_meanwhile_is_explained_by_the_boards_numbers(house: House) -> None:
    board = board_of(house, ring_size=10)
    held = house.on_i2c("held", ADDRESS, board)
    house.run(2.0, held)
    with house.devices.maintenance("held", "firmware"):
        house.run(10.0, held)
    house.run(2.0, held)
    house.drain(held, board)
    lost = sum(house.reader.stats().losses.values())
    assert lost > 0
    assert len(house.numbers("held")) + lost == board.samples_made


def test_a_serial_port_is_closed_meanwhile_and_opened_afterwards(house: House) -> None:
    board = make_board(house.clock)
    wire = DummySerialTransport(board, house.clock)
    poller = house.on_serial("vehicle", wire)
    house.run(1.0, poller)
    with house.devices.maintenance("vehicle", "firmware"):
        assert not wire.is_open
        house.run(LONG_S, poller)
        assert not wire.is_open
    house.run(5.0, poller)
    assert wire.is_open
    assert house.state("vehicle") is DeviceState.ONLINE


def test_an_i2c_bus_stays_open(house: House) -> None:
    two_boards(house)
    before = house.disconnects
    with house.devices.maintenance("held", "firmware"):
        assert house.disconnects == before


def test_a_device_is_held_once_at_a_time(house: House) -> None:
    _, held, _ = two_boards(house)
    with house.devices.maintenance("held", "firmware"):
        with (
            pytest.raises(DeviceInMaintenance, match="held is in maintenance: firmware"),
            house.devices.maintenance("held", "fuses"),
        ):
            pass
        assert held.held
    with pytest.raises(UnknownDevice), house.devices.maintenance("nothing", "firmware"):
        pass


def test_it_ends_with_the_block_whatever_happens_in_it(house: House) -> None:
    _, held, other = two_boards(house)
    with pytest.raises(OSError, match="avrdude"), house.devices.maintenance("held", "firmware"):
        raise OSError("avrdude failed")
    house.run(1.0, held, other)
    assert house.state("held") is DeviceState.ONLINE


def test_a_silent_device_is_asked_at_once_afterwards(house: House) -> None:
    board, held, other = two_boards(house)
    board.power_off()
    house.run(60.0, held, other)
    assert house.state("held") is DeviceState.OFFLINE
    with house.devices.maintenance("held", "firmware"):
        board.power_on()
        house.run(2.0, held, other)
        assert house.state("held") is DeviceState.OFFLINE
    house.run(0.2, held, other)
    assert house.state("held") is DeviceState.ONLINE


def test_the_collection_stops_and_starts_again_meanwhile(tmp_path: Path) -> None:
    house = House(tmp_path / "threads.db", clock=MachineClock())  # type: ignore[arg-type]
    held = house.on_i2c("held", ADDRESS, board_of(house))
    other = house.on_i2c("other", ADDRESS + 1, board_of(house))
    try:
        with house.devices.maintenance("held", "firmware"):
            for _ in range(2):
                worker = CollectionWorker(house.roster, house.clock, buses=house.buses.all)
                thread = WorkerThread(worker, house.clock)
                polls = other.view.health.polls
                thread.start()
                until(lambda polls=polls: other.view.health.polls > polls + 2)  # type: ignore[misc]
                thread.request_stop()
                assert thread.join(20.0)
                assert thread.failure is None
            assert held.view.health.polls == 0
    finally:
        house.close()
