"""The golden conversation with a board: the simulated ones answer like the real firmware, byte for byte."""

from typing import Any

import pytest

from arduino_iface.crc import crc16
from arduino_iface.frame import SERIAL_ADDRESS, Frame, decode
from arduino_iface.messages import RequestType
from dummy_hw import commands
from dummy_hw.board import RESTART_DELAY_S, DummyBoard
from dummy_hw.eeprom import MemoryEeprom
from dummy_hw.signals import Constant
from tests.dummy_hw.boards import ADDRESS, Asker
from tests.support.clock import FakeClock
from tests.vectors.golden import GOLDEN

BOARD: dict[str, Any] = GOLDEN["board"]


def _board(clock: FakeClock) -> DummyBoard:
    board = DummyBoard(
        BOARD["schema"],
        eeprom=MemoryEeprom(bytes.fromhex(BOARD["uid"]), boot=BOARD["boot"] - 1),
        clock=clock,
        signals={"temperature": Constant(21.5), "humidity": Constant(45), "door": Constant(0)},
        request_max=32,
        reply_max=32,
    )
    board.on_command("valve", lambda _: commands.REFUSED)
    board.power_on()
    return board


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(start=0.0)


def test_the_schema_is_the_boards_own(clock: FakeClock) -> None:
    board = _board(clock)
    assert board.schema.text == BOARD["schema"]
    assert board.schema.crc == crc16(BOARD["schema"].encode()) == BOARD["schema_crc"]


def test_every_exchange(clock: FakeClock) -> None:
    board = _board(clock)
    for one in BOARD["exchanges"]:
        clock.advance(one["at_ms"] / 1000 - clock.monotonic())
        reply = board.handle(bytes.fromhex(one["request"]), one["address"])
        assert ("" if reply is None else reply.hex()) == one["reply"], one["name"]
    assert board.executed == {"fan": 1, "valve": 1, "reset_counter": 1}


def test_the_reply_to_a_restart_can_be_read_for_a_while(clock: FakeClock) -> None:
    board = _board(clock)
    request = Frame(RequestType.COMMAND, 1, b"\x01\x00\xfe").encode(ADDRESS)
    assert board.i2c_write(ADDRESS, request)
    clock.advance(RESTART_DELAY_S - 0.001)
    reply = board.i2c_read()
    assert reply is not None
    assert decode(reply, ADDRESS).payload == b"\x01\x00\x00"
    clock.advance(0.001)
    assert Asker(board, SERIAL_ADDRESS).hello().boot == BOARD["boot"] + 1
