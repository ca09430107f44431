"""Boards behind real pseudo-terminals, opened with the real serial library."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from arduino_iface.clock import SYSTEM_CLOCK
from arduino_iface.deframer import Deframer, enframe
from arduino_iface.frame import Frame
from arduino_iface.messages import HelloReply, PollReply, PollRequest, RequestType
from dummy_hw.board import DummyBoard
from dummy_hw.eeprom import MemoryEeprom
from dummy_hw.faults import Fault
from dummy_hw.pty_board import PtyBoards
from tests.dummy_hw.boards import make

_DEADLINE_S = 10.0


@pytest.fixture
def boards(tmp_path: Path) -> Iterator[PtyBoards]:
    with PtyBoards(tmp_path / "ports") as served:
        yield served


def _board(**options: object) -> DummyBoard:
    return make(SYSTEM_CLOCK, **options)


def _open(path: Path) -> serial.Serial:
    return serial.Serial(os.fspath(path), 115_200, timeout=0.05, write_timeout=1.0)


def _ask(port: serial.Serial, request: Frame) -> Frame:
    """Ask until answered, as a gateway does after opening a port."""
    deframer = Deframer()
    deadline = SYSTEM_CLOCK.monotonic() + _DEADLINE_S
    port.write(enframe(request))
    asked_at = SYSTEM_CLOCK.monotonic()
    while SYSTEM_CLOCK.monotonic() < deadline:
        for reply in deframer.feed(port.read(max(port.in_waiting, 1))):
            if (reply.type, reply.seq) == (request.type | 0x80, request.seq):
                return reply
        if SYSTEM_CLOCK.monotonic() > asked_at + 0.25:
            port.write(enframe(request))
            asked_at = SYSTEM_CLOCK.monotonic()
    raise TimeoutError("no reply")


def _hello(port: serial.Serial, seq: int = 7) -> HelloReply:
    reply = _ask(port, Frame(RequestType.HELLO, seq, b"\x01"))
    return HelloReply.decode(reply.payload)


def test_several_boards_are_served(boards: PtyBoards) -> None:
    uids = set()
    for number in range(4):
        path = boards.add(
            f"board{number}", _board(eeprom=MemoryEeprom(bytes([number] * 8)), loop_delay_s=0.001)
        )
        with _open(path) as port:
            uids.add(_hello(port).uid)
    assert len(uids) == 4


def test_a_port_can_be_closed_and_opened_again(boards: PtyBoards) -> None:
    board = _board()
    path = boards.add("a", board)
    for seq in range(5):
        with _open(path) as port:
            assert _hello(port, seq).boot == 1


def test_every_byte_value_passes(boards: PtyBoards) -> None:
    board = _board(ring_size=64)
    with _open(boards.add("a", board)) as port:
        for seq in range(256):
            reply = _ask(port, Frame(RequestType.POLL, seq, PollRequest(1, 1).encode()))
            assert PollReply.decode(reply.payload).boot == 1
    assert board.status().bad_frames == 0


def test_a_reset_sends_a_greeting(boards: PtyBoards) -> None:
    board = _board(boot_time_s=0.02)
    with _open(boards.add("a", board)) as port:
        _hello(port)
        board.reset()
        greeting = _next(port)
        assert (greeting.type, greeting.seq) == (0x81, 0)
        assert HelloReply.decode(greeting.payload).boot == 2


def _next(port: serial.Serial) -> Frame:
    deframer = Deframer()
    deadline = SYSTEM_CLOCK.monotonic() + _DEADLINE_S
    while SYSTEM_CLOCK.monotonic() < deadline:
        for message in deframer.feed(port.read(max(port.in_waiting, 1))):
            return message
    raise TimeoutError("no frame")


def test_a_pulled_cable_fails_the_port_and_the_same_path_comes_back(boards: PtyBoards) -> None:
    board = _board()
    path = boards.add("a", board)
    with _open(path) as port:
        _hello(port)
        boards.unplug("a")
        assert not path.exists()
        with pytest.raises((serial.SerialException, OSError)):
            _hello(port)
    with pytest.raises(serial.SerialException):
        _open(path)
    boards.replug("a")
    boards.replug("a")
    with _open(path) as port:
        assert _hello(port).boot == 2


def test_a_fault_pulls_the_cable_and_plugs_it_in(boards: PtyBoards) -> None:
    board = _board()
    path = boards.add("a", board)
    with _open(path) as port:
        _hello(port)
        board.faults.inject(Fault.DISCONNECT)
        with pytest.raises((serial.SerialException, OSError)):
            _hello(port)
    with _open_when_there(path) as port:
        assert _hello(port).boot == 2


def _open_when_there(path: Path) -> serial.Serial:
    deadline = SYSTEM_CLOCK.monotonic() + _DEADLINE_S
    while True:
        try:
            return _open(path)
        except serial.SerialException:
            if SYSTEM_CLOCK.monotonic() > deadline:
                raise
            SYSTEM_CLOCK.sleep(0.01)


def test_a_port_that_is_not_read_loses_output_not_memory(boards: PtyBoards) -> None:
    board = _board()
    path = boards.add("a", board)
    descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY)
    try:
        deadline = SYSTEM_CLOCK.monotonic() + _DEADLINE_S
        seq = 0
        while not boards.lost_frames("a") and SYSTEM_CLOCK.monotonic() < deadline:
            seq = (seq + 1) % 256
            os.write(descriptor, enframe(Frame(RequestType.HELLO, seq, b"\x01")))
    finally:
        os.close(descriptor)
    assert boards.lost_frames("a") > 0
    with _open(path) as port:
        assert _hello(port, 200).boot == 1


def test_stopping_removes_the_links_and_can_be_repeated(tmp_path: Path) -> None:
    served = PtyBoards(tmp_path)
    served.stop()
    served.start()
    served.start()
    served.add("a", _board())
    with pytest.raises(ValueError, match="already"):
        served.add("a", _board())
    served.stop()
    served.stop()
    assert list(tmp_path.iterdir()) == []
