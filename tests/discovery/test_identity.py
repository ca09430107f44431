"""A board keeps its id wherever and whenever it turns up; two boards are never taken for one."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from dummy_hw.board import DummyBoard
from gateway.model.registry import DeviceState
from tests.discovery.house import UID_A, UID_B, SearchingHouse

NAME_A = "bench-66aa"
NAME_B = "bench-66bb"


def in_order(house: SearchingHouse, name: str, boot: int) -> bool:
    """Every sample of that boot was stored once, from the first to the newest stored."""
    numbers = house.numbers(name, boot)
    return numbers == list(range(1, len(numbers) + 1))


def test_the_id_is_the_name_and_the_end_of_the_uid(house: SearchingHouse) -> None:
    house.board(UID_A, 0x20)
    house.board(UID_B, 0x21)
    house.board("99" + UID_A[2:], 0x22)
    house.wait_online(NAME_A)
    house.wait_online(NAME_B)
    house.wait_online("bench-566aa")
    assert len(house.names()) == 3


def test_the_id_outlives_the_gateway(house: SearchingHouse, path: Path) -> None:
    """Also where the order in which boards are found would give another one."""
    house.board("99" + UID_A[2:], 0x22)
    house.wait_online(NAME_A)
    house.board(UID_A, 0x20)
    house.wait_online("bench-566aa")
    house = house.restarted(path)
    house.wait_online(NAME_A)
    house.wait_online("bench-566aa")
    assert (house.view(NAME_A).address, house.view("bench-566aa").address) == (0x22, 0x20)
    assert in_order(house, NAME_A, boot=1)
    house.close()


def test_a_device_not_seen_since_the_restart_is_not_shown(
    house: SearchingHouse, path: Path
) -> None:
    house.board(UID_A, 0x20)
    house.wait_online(NAME_A)
    house.unplug(0x20)
    house.live(1.0)
    house = house.restarted(path)
    house.live(5.0)
    assert house.names() == []
    house.close()


def test_the_id_outlives_a_move_while_the_gateway_runs(house: SearchingHouse) -> None:
    house.board(UID_A, 0x20)
    house.wait_online(NAME_A)
    board = house.unplug(0x20)
    house.plug(0x11, board)
    house.wait_online(NAME_A, address=0x11)
    assert house.names() == [NAME_A]
    house.live(3.0)
    assert in_order(house, NAME_A, boot=1)
    assert in_order(house, NAME_A, boot=2)


def test_a_slow_device_that_moves_is_recognised_in_time(house: SearchingHouse) -> None:
    """Asked once a minute it would pass for present at its old place."""
    board = house.board(UID_A)
    house.transport.attach(0x20, board)
    house.configured("greenhouse", 0x20, interval_s=60.0)
    house.wait_online("greenhouse")
    house.live(5.0)
    house.plug(0x11, house.unplug(0x20))
    house.wait_online("greenhouse", address=0x11, within=3.0)


def test_the_id_outlives_a_move_while_the_gateway_is_off(house: SearchingHouse, path: Path) -> None:
    house.board(UID_A, 0x20)
    house.wait_online(NAME_A)
    house.plug(0x11, house.unplug(0x20))
    house = house.restarted(path)
    house.wait_online(NAME_A, address=0x11)
    assert house.names() == [NAME_A]
    house.close()


def test_a_configured_device_keeps_what_it_was_told_when_it_moves(house: SearchingHouse) -> None:
    house.board(UID_A, 0x20)
    house.configured("greenhouse", 0x20, interval_s=0.5)
    house.wait_online("greenhouse")
    house.plug(0x11, house.unplug(0x20))
    house.wait_online("greenhouse", address=0x11)
    house.live(5.0)
    view, newest = house.view("greenhouse"), house.stored()[-1].reading
    assert (view.interval_s, dict(view.metadata)) == (0.5, {"room": "A"})
    assert dict(newest.metadata) == {"room": "A"}
    house.plug(0x20, house.unplug(0x11))
    house.wait_online("greenhouse", address=0x20)
    assert house.names() == ["greenhouse"]


def test_a_configured_device_that_moved_while_the_gateway_was_off(
    house: SearchingHouse, path: Path
) -> None:
    house.board(UID_A, 0x20)
    house.configured("greenhouse", 0x20)
    house.wait_online("greenhouse")
    house.plug(0x11, house.unplug(0x20))
    house.close()
    house = SearchingHouse(path, wire=house.transport, clock=house.clock)
    house.configured("greenhouse", 0x20)
    house.roster.remember(house.reader.devices())
    house.wait_online("greenhouse", address=0x11)
    assert house.names() == ["greenhouse"]
    house.close()


@pytest.mark.parametrize("second_at", [0x10, 0x28])
def test_two_boards_of_one_identity_are_never_mixed(
    house: SearchingHouse, second_at: int, caplog: pytest.LogCaptureFixture
) -> None:
    house.board(UID_A, 0x20)
    house.wait_online(NAME_A)
    second = house.board(UID_A, second_at)
    with caplog.at_level(logging.WARNING):
        took = house.live(10.0, lambda: bool(house.quarantined()))
    assert took <= 3.0
    (unclaimed,) = house.quarantined()
    assert (unclaimed.id, unclaimed.uid) == (f"bench-at-i2c1-{second_at:02x}", UID_A)
    assert f"answers as {NAME_A} already" in (unclaimed.detail or "")
    assert "unclaimed board at" in caplog.text
    house.live(60.0)
    assert (house.view(NAME_A).address, house.is_online(NAME_A)) == (0x20, True)
    assert second.status().held > 10  # nobody has fetched its samples
    assert in_order(house, NAME_A, boot=1)


def test_two_boards_of_one_identity_at_the_start(house: SearchingHouse) -> None:
    house.board(UID_A, 0x20)
    house.board(UID_A, 0x21)
    house.wait_online(NAME_A)
    house.live(30.0)
    assert sorted(house.names()) == [NAME_A, "bench-at-i2c1-21"]
    assert house.view(NAME_A).address == 0x20


def test_strangers_are_forgotten_when_they_have_gone(house: SearchingHouse) -> None:
    house.board(UID_A, 0x20)
    house.wait_online(NAME_A)
    house.board(UID_A, 0x21)
    house.live(40.0)
    assert "bench-at-i2c1-21" in house.names()
    house.unplug(0x21)
    house.live(40.0)
    assert house.names() == [NAME_A]


def test_a_stranger_becomes_the_device_when_the_other_has_gone(house: SearchingHouse) -> None:
    house.board(UID_A, 0x20)
    house.wait_online(NAME_A)
    house.board(UID_A, 0x21)
    house.live(5.0, lambda: bool(house.quarantined()))
    house.unplug(0x20)
    house.wait_online(NAME_A, address=0x21, within=11.0)
    house.live(0.1)
    assert house.names() == [NAME_A]


def exchange(house: SearchingHouse, name: str) -> DummyBoard:
    """Another board in place of the one that is at 0x20."""
    original = house.unplug(0x20)
    house.live(0.3)
    house.board(UID_B, 0x20)
    took = house.live(20.0, lambda: house.state(name) is DeviceState.QUARANTINED)
    assert took <= 2.0
    return original


@pytest.mark.parametrize("configured", [False, True])
@pytest.mark.parametrize("gap_s", [0.3, 0.7, 40.0])
def test_another_board_at_a_known_address_is_quarantined(
    house: SearchingHouse, configured: bool, gap_s: float
) -> None:
    name = "greenhouse" if configured else NAME_A
    if configured:
        house.configured(name, 0x20)
    house.board(UID_A, 0x20)
    house.wait_online(name)
    stored = len(house.stored())
    original = house.unplug(0x20)
    house.live(gap_s)
    other = house.board(UID_B, 0x20)
    took = house.live(20.0, lambda: house.state(name) is DeviceState.QUARANTINED)
    assert took <= 2.0
    view = house.view(name)
    assert UID_A in (view.detail or "")
    assert UID_B in (view.detail or "")
    house.live(30.0)
    assert house.state(name) is DeviceState.QUARANTINED
    assert len(house.stored()) - stored <= 2  # those on their way
    assert {one.reading.uid for one in house.stored()} == {UID_A}
    assert other.status().held > 10
    house.unplug(0x20)
    took = house.live(20.0, lambda: house.state(name) is DeviceState.OFFLINE)
    assert took <= 2.0
    house.plug(0x20, original)
    house.wait_online(name)
    assert view.uid == UID_A


def test_the_original_recovers_when_the_two_are_exchanged_at_once(house: SearchingHouse) -> None:
    house.board(UID_A, 0x20)
    house.wait_online(NAME_A)
    original = exchange(house, NAME_A)
    house.unplug(0x20)
    house.plug(0x20, original)
    house.wait_online(NAME_A, within=11.0)


def test_the_original_is_found_elsewhere_and_frees_its_place(house: SearchingHouse) -> None:
    house.board(UID_A, 0x20)
    house.wait_online(NAME_A)
    original = exchange(house, NAME_A)
    house.plug(0x21, original)
    house.wait_online(NAME_A, address=0x21)
    house.wait_online(NAME_B, address=0x20)
    assert in_order(house, NAME_B, boot=1)


@pytest.mark.parametrize("configured", [False, True])
def test_an_exchange_over_a_restart_is_noticed(
    house: SearchingHouse, path: Path, configured: bool, caplog: pytest.LogCaptureFixture
) -> None:
    if configured:
        house.configured("greenhouse", 0x20)
    house.board(UID_A, 0x20)
    house.wait_online("greenhouse" if configured else NAME_A)
    house.unplug(0x20)
    house.close()
    house.board(UID_B, 0x20)
    house = SearchingHouse(path, wire=house.transport, clock=house.clock)
    if configured:
        house.configured("greenhouse", 0x20)
        house.roster.remember(house.reader.devices())
    with caplog.at_level(logging.WARNING):
        house.wait_online("greenhouse" if configured else NAME_B)
    said = f"another board than before the restart: uid {UID_B} instead of {UID_A}"
    assert (said in caplog.text) is configured
    house.close()


def test_the_configuration_takes_over_a_board_that_was_found(
    house: SearchingHouse, path: Path
) -> None:
    house.board(UID_A, 0x20)
    house.wait_online(NAME_A)
    house.close()
    house = SearchingHouse(path, wire=house.transport, clock=house.clock)
    house.configured("greenhouse", 0x20)
    house.roster.remember(house.reader.devices())
    house.wait_online("greenhouse")
    house.live(3.0)
    assert house.names() == ["greenhouse"]
    house.close()
    # Without the configuration again it keeps the name it had last.
    house = SearchingHouse(path, wire=house.transport, clock=house.clock)
    house.wait_online("greenhouse")
    assert house.names() == ["greenhouse"]
    house.close()


def test_a_found_board_moves_to_a_configured_place(house: SearchingHouse) -> None:
    house.configured("greenhouse", 0x20)
    house.board(UID_A, 0x21)
    house.wait_online(NAME_A)
    house.live(20.0)
    board = house.unplug(0x21)
    house.live(2.0)
    house.plug(0x20, board)
    house.wait_online("greenhouse")
    house.live(3.0)
    assert house.names() == ["greenhouse"]
    assert [poller.settings.source.device for poller in house.roster.pollers()] == ["greenhouse"]


def test_a_retired_device_stays_away_though_its_last_step_still_ran(house: SearchingHouse) -> None:
    house.board(UID_A, 0x21)
    house.wait_online(NAME_A)
    poller = house.roster.poller(NAME_A)
    assert poller is not None
    poller.retire()
    house.registry.remove(NAME_A)
    poller.step()
    assert house.names() == []


def test_a_board_that_was_flashed_with_another_name_keeps_its_id(house: SearchingHouse) -> None:
    house.board(UID_A, 0x20)
    house.wait_online(NAME_A)
    board = house.unplug(0x20)
    board.schema = replace(board.schema, name="bench")
    house.plug(0x21, board)
    house.wait_online(NAME_A, address=0x21)
