"""Boards on I2C are found by reading only; what is no board of ours is never written to."""

from pathlib import Path

import pytest

from arduino_iface.frame import I2C_FRAME_MAX, Frame
from arduino_iface.registers.map import RegisterChannel, RegisterMap
from arduino_iface.registers.types import REGISTER_TYPES
from dummy_hw.faults import Fault
from gateway.drivers.registers.simulation import make_board
from gateway.model.registry import DeviceState
from tests.discovery.house import UID_A, UID_B, MemoryChip, SearchingHouse

NAME_A = "bench-66aa"
NAME_B = "bench-66bb"

_WRONG_CRC = bytearray(Frame(0x81, 1, b"\x01" * 20).encode(0x20))
_WRONG_CRC[-1] ^= 1
_STRANGE = [
    b"",  # acknowledges and drives nothing: FF
    b"\x00",
    b"\x00" * I2C_FRAME_MAX,
    bytes(range(I2C_FRAME_MAX)),
    b"\x00\x47\x57\x02" + b"\xff" * 28,  # nearly a beacon
    b"\x02\x47\x57\x01",
    b"\x47\x57\x01\x00",
    b"GW01",
    bytes(_WRONG_CRC),
    Frame(0x81, 1, b"\x01" * 20).encode(0x21),  # a reply of the board at another address
    Frame(0x01, 1, b"\x01").encode(0x20),  # a request
]


@pytest.mark.parametrize("contents", _STRANGE, ids=lambda contents: contents.hex()[:16] or "none")
def test_nothing_is_written_to_a_stranger(house: SearchingHouse, contents: bytes) -> None:
    chip = MemoryChip(contents)
    house.transport.attach(0x20, chip)
    house.board(UID_A, 0x21)
    house.wait_online(NAME_A)
    house.live(30.0)
    assert chip.reads
    assert chip.writes == []
    assert house.names() == [NAME_A]


def test_a_stranger_is_looked_at_seldom(house: SearchingHouse) -> None:
    chip = MemoryChip()
    house.transport.attach(0x20, chip)
    house.live(30.0)
    assert 3 <= chip.reads <= 4


def test_a_board_with_registers_is_left_alone(house: SearchingHouse) -> None:
    registers = RegisterMap((RegisterChannel("level", 0, REGISTER_TYPES["u16be"], "mm"),))
    board = make_board("tank", registers, house.clock)
    board.power_on()
    written: list[bytes] = []
    take = board.i2c_write

    def noted(address: int, data: bytes, late_s: float = 0.0, /) -> bool:
        written.append(data)
        return take(address, data, late_s)

    board.i2c_write = noted  # type: ignore[method-assign]
    house.transport.attach(0x20, board)
    house.live(15.0)
    assert written == []
    assert house.names() == []


def test_a_board_is_found_within_two_seconds(house: SearchingHouse) -> None:
    house.live(5.37)
    house.board(UID_A, 0x2F)
    house.wait_online(NAME_A)
    view = house.view(NAME_A)
    assert (view.bus, view.address, view.uid, view.driver) == ("i2c1", 0x2F, UID_A, "protocol")
    house.live(2.0)
    numbers = house.numbers(NAME_A)
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 10


def test_a_board_outside_the_range_is_not_looked_for(house: SearchingHouse) -> None:
    house.board(UID_A, 0x30)
    house.live(5.0)
    assert house.names() == []


def test_a_board_that_shows_its_last_reply_is_found(house: SearchingHouse, path: Path) -> None:
    """As after a gateway that was killed: the reply stays until the next request."""
    board = house.board(UID_A, 0x20)
    house.wait_online(NAME_A)
    shown = board.i2c_read()
    assert shown is not None
    assert shown[1] & 0x80
    house = house.restarted(path)
    house.wait_online(NAME_A)
    house.close()


def test_a_board_that_hangs_is_not_asked_until_it_does_no_more(house: SearchingHouse) -> None:
    board = house.board(UID_A, 0x20)
    board.hang(True)
    other = house.board(UID_B, 0x28)
    house.wait_online(NAME_B, within=4.0)
    house.live(5.0)
    before = house.transport.transactions
    house.live(10.0)
    assert house.names() == [NAME_B]
    board.reset()
    board.hang(False)
    house.wait_online(NAME_A)
    assert house.transport.transactions > before
    assert other.status().held >= 0


def test_a_board_goes_offline_and_is_back_at_once(house: SearchingHouse) -> None:
    house.board(UID_A, 0x20)
    house.wait_online(NAME_A)
    board = house.unplug(0x20)
    took = house.live(10.0, lambda: house.state(NAME_A) is DeviceState.OFFLINE)
    assert took < 2.0  # three intervals of 0.1 s and half a second
    house.live(60.0)  # its back-off is at ten seconds now
    house.plug(0x20, board)
    house.wait_online(NAME_A)
    assert house.view(NAME_A).boot == 2


def test_a_configured_board_is_back_at_once(house: SearchingHouse) -> None:
    board = house.board(UID_A)
    house.configured("greenhouse", 0x20)
    house.live(60.0)
    house.transport.attach(0x20, board)
    house.wait_online("greenhouse")
    assert house.names() == ["greenhouse"]


def test_nothing_is_written_to_what_took_the_place_of_a_found_board(house: SearchingHouse) -> None:
    house.board(UID_A, 0x20)
    house.wait_online(NAME_A)
    board = house.unplug(0x20)
    house.live(5.0)
    chip = MemoryChip()
    house.transport.attach(0x20, chip)
    house.live(40.0)
    assert chip.reads
    assert chip.writes == []
    assert house.state(NAME_A) is DeviceState.OFFLINE
    assert "nothing is sent" in (house.view(NAME_A).detail or "")
    house.transport.detach(0x20)
    house.plug(0x20, board)
    house.wait_online(NAME_A)


def test_a_board_that_cannot_say_who_it_is_is_shown(house: SearchingHouse) -> None:
    board = house.board(UID_A, 0x20)
    answer = board.i2c_read

    def of_another_version() -> bytes | None:
        data = answer()
        if data is None or len(data) < 26 or data[1] != 0x81:
            return data
        return Frame(0x81, data[2], b"\x09" + data[4:24]).encode(0x20)

    board.i2c_read = of_another_version  # type: ignore[method-assign]
    took = house.live(10.0, lambda: bool(house.quarantined()))
    assert took <= 2.0
    (unclaimed,) = house.quarantined()
    assert unclaimed.id == "board-at-i2c1-20"
    assert "protocol version 9" in (unclaimed.detail or "")


def test_a_stuck_bus_ends_the_search_and_leaves_it_to_the_devices(house: SearchingHouse) -> None:
    board = house.board(UID_A, 0x20)
    house.wait_online(NAME_A)
    for address in house_addresses(house):
        chip = MemoryChip()
        chip.faults.set_rates({Fault.STUCK_BUS: 1.0})
        house.transport.attach(address, chip)
    before, polls = house.transport.transactions, house.view(NAME_A).health.polls
    house.live(60.0)
    polled = house.view(NAME_A).health.polls - polls
    looked = house.transport.transactions - before - 2 * polled
    assert polled > 550  # 60 s, ten a second
    assert looked < 60  # one each two seconds, and some
    assert house.is_online(NAME_A)
    for address, chip_at in house.transport.boards.items():
        if chip_at is not board:
            house.transport.detach(address)
    house.board(UID_B, 0x09)
    house.wait_online(NAME_B, within=4.0)


def house_addresses(house: SearchingHouse) -> list[int]:
    return [address for address in range(0x08, 0x30) if address not in house.transport.boards]


def test_one_address_that_always_times_out_does_not_end_the_search(house: SearchingHouse) -> None:
    chip = MemoryChip()
    chip.faults.set_rates({Fault.STUCK_BUS: 1.0})
    house.transport.attach(0x08, chip)
    house.board(UID_A, 0x2F)
    house.wait_online(NAME_A)


def test_an_adapter_that_is_gone_is_opened_again(house: SearchingHouse) -> None:
    house.live(3.0)
    house.transport.close()
    house.board(UID_A, 0x20)
    house.wait_online(NAME_A)
