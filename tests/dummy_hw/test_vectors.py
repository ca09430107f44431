"""The test vectors of the protocol, answered by a board byte for byte."""

import itertools
import string

from arduino_iface import cobs
from arduino_iface.crc import crc16
from dummy_hw.board import DummyBoard
from dummy_hw.eeprom import MemoryEeprom
from dummy_hw.uart import FrameUart
from tests.dummy_hw.boards import ADDRESS, UID, make
from tests.support.clock import FakeClock

_VECTOR_TEXT = """\
gw 1
name greenhouse
channel temperature i16 Cel 0.01 0
channel humidity u8 %RH 0.5 0
command fan speed:u8:0:255
"""


def _text_with(length: int, checksum: int) -> str:
    """The schema with an ignored line that gives it this length and checksum."""
    stem = _VECTOR_TEXT + "note "
    stem += "x" * (length - len(stem) - 4)
    state = crc16(stem.encode())
    letters = string.ascii_letters + string.digits
    for tail in itertools.product(letters, repeat=4):
        text = "".join(tail)
        if crc16(text.encode(), state) == checksum:
            return stem + text
    raise AssertionError("no such text")


def _board(clock: FakeClock, **options: object) -> DummyBoard:
    return make(
        clock,
        text=_text_with(143, 0xBEEF),
        eeprom=MemoryEeprom(UID, boot=4),
        windowed=False,
        **options,
    )


def _answer(board: DummyBoard, request: str) -> str | None:
    reply = board.handle(bytes.fromhex(request), ADDRESS)
    return None if reply is None else reply.hex(" ")


def test_hello() -> None:
    clock = FakeClock()
    board = _board(clock, signals={})
    clock.advance(12.345)
    assert _answer(board, "05 01 07 01 53 16") == (
        "1a 81 07 01 00 11 22 33 44 55 66 77 05 00 ef be 8f 00 20 20 00 39 30 00 00 23 90"
    )


def test_hello_on_serial() -> None:
    board = _board(FakeClock(), signals={})
    end = FrameUart(board, lambda: None)
    end.take()
    end.feed(bytes.fromhex("00 07 05 01 07 01 13 cf 00"))
    reply = end.take()
    assert reply[0] == reply[-1] == 0
    assert cobs.decode(reply[1:-1])[:12] == bytes.fromhex("1a 81 07 01") + UID


def test_poll() -> None:
    def temperature(seconds: float) -> float | None:
        return {41: 21.50, 42: 21.53}.get(round(seconds))

    def humidity(seconds: float) -> float:
        return 45.0 if round(seconds) == 41 else 45.5

    clock = FakeClock()
    signals = {"temperature": temperature, "humidity": humidity}
    board = _board(clock, signals=signals, loop_delay_s=0.0)
    clock.advance(43.01)
    assert _answer(board, "0a 03 08 05 00 2a 00 00 00 03 81") == (
        "1e 83 08 05 00 00 2a 00 00 00 03 da 07 00 66 08 5a f2 03 00 69 08 5b 0a 00 00 00 80 5b"
        " 99 da"
    )


def test_command() -> None:
    board = _board(FakeClock(), signals={})
    assert _answer(board, "08 04 09 0b 0a 00 80 f6 0a") == "07 84 09 0b 0a 00 29 8c"
    assert board.outputs == {"fan.speed": 128}


def test_a_frame_for_another_address_is_not_answered() -> None:
    board = _board(FakeClock(), signals={})
    assert board.handle(bytes.fromhex("05 01 07 01 53 16"), ADDRESS + 1) is None
    assert board.status().bad_frames == 1
