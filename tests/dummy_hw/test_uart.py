import pytest

from arduino_iface.deframer import Deframer, enframe
from arduino_iface.errors import PortLost
from arduino_iface.frame import Frame
from arduino_iface.messages import CommandRequest, HelloReply, RequestType
from dummy_hw.board import RESTART_DELAY_S, DummyBoard
from dummy_hw.faults import Fault
from dummy_hw.uart import REQUESTS_WAITING_MAX, FrameUart
from tests.dummy_hw.boards import make
from tests.support.clock import FakeClock
from tests.support.serial_wire import DummySerialTransport

_HELLO = Frame(RequestType.HELLO, 7, b"\x01")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def _port(
    clock: FakeClock, *, reset_on_open: bool = False, **options: object
) -> tuple[DummySerialTransport, DummyBoard]:
    board = make(clock, **options)
    port = DummySerialTransport(board, clock, reset_on_open=reset_on_open)
    port.open()
    return port, board


def _frames(port: DummySerialTransport, timeout_s: float = 1.0) -> list[Frame]:
    """The frames of whatever arrives first."""
    return Deframer().feed(port.read()) if port.wait(timeout_s) else []


def _greeted(port: DummySerialTransport) -> None:
    assert [message.seq for message in _frames(port)] == [0]


def test_the_greeting_comes_unasked_and_once(clock: FakeClock) -> None:
    port, board = _port(clock, boot_time_s=1.4)
    start = clock.monotonic()
    (greeting,) = _frames(port, 2.0)
    assert (greeting.type, greeting.seq) == (0x81, 0)
    assert HelloReply.decode(greeting.payload).uid == board.uid
    assert clock.monotonic() - start == pytest.approx(1.4 + 29 * 10 / 115_200, abs=0.001)
    assert not port.wait(5.0)


def test_a_request_and_its_reply_take_their_time(clock: FakeClock) -> None:
    port, _ = _port(clock, loop_delay_s=0.05)
    _greeted(port)
    start = clock.monotonic()
    port.write(enframe(_HELLO))
    assert port.read() == b""
    (reply,) = _frames(port)
    assert reply.seq == 7
    on_the_wire = (len(enframe(_HELLO)) + len(enframe(reply))) * 10 / 115_200
    assert clock.monotonic() - start == pytest.approx(0.05 + on_the_wire, abs=0.001)


def test_opening_may_reset_the_board(clock: FakeClock) -> None:
    port, board = _port(clock, reset_on_open=True)
    assert board.boot == 2
    port.open()
    assert board.boot == 2
    port.close()
    port.open()
    assert board.boot == 3


def test_requests_queue_while_the_loop_is_busy(clock: FakeClock) -> None:
    port, _ = _port(clock, loop_delay_s=0.05)
    _greeted(port)
    for seq in range(1, REQUESTS_WAITING_MAX + 4):
        port.write(enframe(Frame(RequestType.HELLO, seq, b"\x01")))
    seen: list[int] = []
    while port.wait(1.0):
        seen += [message.seq for message in Deframer().feed(port.read())]
    assert seen[:REQUESTS_WAITING_MAX] == list(range(1, REQUESTS_WAITING_MAX + 1))
    assert isinstance(port.uart, FrameUart)
    assert port.uart.overruns + len(seen) == REQUESTS_WAITING_MAX + 3
    assert port.uart.overruns > 0


def test_noise_is_skipped(clock: FakeClock) -> None:
    port, _ = _port(clock)
    _greeted(port)
    port.write(b"hello world\r\n\x01\x02" + enframe(_HELLO))
    assert [message.seq for message in _frames(port)] == [7]


def test_a_hanging_board_is_silent(clock: FakeClock) -> None:
    port, board = _port(clock)
    _greeted(port)
    board.hang(True)
    port.write(enframe(_HELLO))
    assert not port.wait(3.0)
    board.hang(False)
    assert [message.seq for message in _frames(port)] == [7]


def test_a_restart_by_command_greets_again(clock: FakeClock) -> None:
    port, board = _port(clock)
    _greeted(port)
    port.write(enframe(Frame(RequestType.COMMAND, 3, CommandRequest(9, 0xFE).encode())))
    assert [message.seq for message in _frames(port)] == [3]
    assert [message.seq for message in _frames(port, 2 * RESTART_DELAY_S)] == [0]
    assert board.boot == 2


def test_a_pulled_cable_loses_the_port(clock: FakeClock) -> None:
    port, board = _port(clock)
    port.unplug()
    assert not port.is_open
    for action in (port.read, port.open, lambda: port.wait(1.0), lambda: port.write(b"x")):
        with pytest.raises(PortLost):
            action()
    port.plug()
    port.open()
    _greeted(port)
    assert board.boot == 2


@pytest.mark.parametrize("fault", [Fault.DROP_REQUEST, Fault.DROP_REPLY, Fault.TRUNCATE])
def test_what_is_lost_can_be_asked_again(clock: FakeClock, fault: Fault) -> None:
    port, board = _port(clock)
    _greeted(port)
    board.faults.inject(fault)
    port.write(enframe(_HELLO))
    assert _frames(port) == []
    port.write(enframe(_HELLO))
    assert [message.seq for message in _frames(port)] == [7]


def test_faults_of_requests(clock: FakeClock) -> None:
    port, board = _port(clock)
    _greeted(port)
    board.faults.inject(Fault.LATE_REPLY)
    port.write(enframe(_HELLO))
    assert not port.wait(0.4)
    assert [message.seq for message in _frames(port, 0.2)] == [7]
    board.faults.inject(Fault.DUPLICATE)
    port.write(enframe(Frame(RequestType.COMMAND, 3, CommandRequest(9, 2).encode())))
    assert [message.seq for message in _frames(port)] == [3, 3]
    assert board.executed == {"reset_counter": 1}
    board.faults.inject(Fault.REBOOT)
    port.write(enframe(_HELLO))
    assert [message.seq for message in _frames(port)] == [0]
    board.faults.inject(Fault.SILENCE)
    port.write(enframe(_HELLO))
    assert not port.wait(2.0)
    board.faults.inject(Fault.DISCONNECT)
    with pytest.raises(PortLost):
        port.write(enframe(_HELLO))
    port.open()
    port.write(enframe(_HELLO))
    assert [message.seq for message in _frames(port)] == [7]


def test_a_corrupt_reply_is_never_accepted(clock: FakeClock) -> None:
    port, board = _port(clock)
    _greeted(port)
    for _ in range(50):
        board.faults.inject(None, Fault.CORRUPT)
        port.write(enframe(_HELLO))
        assert _frames(port) == []
