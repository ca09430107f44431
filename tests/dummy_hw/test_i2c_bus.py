import errno
import threading

import pytest

from arduino_iface import frame
from arduino_iface.errors import BusFault, PortLost
from arduino_iface.frame import Beacon, Frame
from arduino_iface.messages import CommandRequest, RequestType
from dummy_hw.board import REARM_S, DummyBoard
from dummy_hw.faults import SILENCE_S, Fault
from dummy_hw.i2c_bus import ADAPTER_TIMEOUT_S, DummyI2cTransport, WireOverlap
from tests.dummy_hw.boards import ADDRESS, make
from tests.support.clock import FakeClock

_HELLO = Frame(RequestType.HELLO, 7, b"\x01").encode(ADDRESS)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def bus(clock: FakeClock) -> DummyI2cTransport:
    transport = DummyI2cTransport(clock)
    transport.open()
    return transport


def _attach(bus: DummyI2cTransport, clock: FakeClock, **options: object) -> DummyBoard:
    board = make(clock, **options)
    bus.attach(ADDRESS, board)
    return board


def _reply(bus: DummyI2cTransport) -> Frame:
    return frame.decode(bus.read(ADDRESS, 32), ADDRESS, padded=True)


def test_idle_busy_reply(bus: DummyI2cTransport, clock: FakeClock) -> None:
    _attach(bus, clock, loop_delay_s=0.1)
    assert bus.read(ADDRESS, 6) == Beacon.IDLE.value + b"\xff\xff"
    bus.write(ADDRESS, _HELLO)
    assert bus.read(ADDRESS, 32) == Beacon.BUSY.value + b"\xff" * 28
    clock.advance(0.1)
    assert _reply(bus).seq == 7
    assert _reply(bus).seq == 7


def test_a_damaged_request_leaves_nothing_to_read(bus: DummyI2cTransport, clock: FakeClock) -> None:
    _attach(bus, clock)
    bus.write(ADDRESS, _HELLO[:-1] + b"\x00")
    assert bus.read(ADDRESS, 4) == Beacon.IDLE.value
    bus.write(ADDRESS, _HELLO)
    bus.write(ADDRESS, _HELLO[:-1] + b"\x00")
    assert bus.read(ADDRESS, 4) == Beacon.IDLE.value
    bus.write(ADDRESS, _HELLO)
    assert _reply(bus).type == 0x81


def test_repeated_writes_do_not_put_the_loop_off(bus: DummyI2cTransport, clock: FakeClock) -> None:
    _attach(bus, clock, loop_delay_s=0.1)
    for _ in range(3):
        bus.write(ADDRESS, _HELLO)
        clock.advance(0.04)
    assert _reply(bus).seq == 7


def test_transactions_take_their_time(bus: DummyI2cTransport, clock: FakeClock) -> None:
    _attach(bus, clock)
    start = clock.monotonic()
    bus.write(ADDRESS, bytes(9))
    assert clock.monotonic() - start == pytest.approx((10 * 9 + 2) / 100_000)
    start = clock.monotonic()
    bus.read(ADDRESS, 32)
    assert clock.monotonic() - start == pytest.approx((33 * 9 + 2) / 100_000)


def test_an_address_without_a_board(bus: DummyI2cTransport, clock: FakeClock) -> None:
    board = _attach(bus, clock)
    board.power_off()
    for address in (ADDRESS, ADDRESS + 1):
        with pytest.raises(BusFault) as caught:
            bus.read(address, 4)
        assert caught.value.errno == errno.EREMOTEIO
        assert isinstance(caught.value.__cause__, OSError)
        assert caught.value.__cause__.errno == 121
        with pytest.raises(BusFault):
            bus.write(address, _HELLO)


def test_limits_are_checked_before_anything_is_sent(bus: DummyI2cTransport) -> None:
    with pytest.raises(ValueError, match="at most 32"):
        bus.write(ADDRESS, bytes(33))
    with pytest.raises(ValueError, match="1 to 32"):
        bus.read(ADDRESS, 33)
    with pytest.raises(ValueError, match="7-bit"):
        bus.read(0x80, 4)
    assert bus.transactions == 0


def test_a_long_stray_write_makes_the_board_deaf(bus: DummyI2cTransport, clock: FakeClock) -> None:
    _attach(bus, clock)
    bus.stray_write(ADDRESS, bytes(33))
    assert bus.read(ADDRESS, 4) == Beacon.IDLE.value
    with pytest.raises(BusFault):
        bus.stray_write(ADDRESS, bytes(34))
    with pytest.raises(BusFault):
        bus.read(ADDRESS, 4)
    clock.advance(REARM_S)
    assert bus.read(ADDRESS, 4) == Beacon.IDLE.value


def test_a_33rd_byte_is_dropped(bus: DummyI2cTransport, clock: FakeClock) -> None:
    _attach(bus, clock)
    longest = Frame(0x55, 3, bytes(27)).encode(ADDRESS)
    bus.stray_write(ADDRESS, longest + b"\x01")
    assert _reply(bus).seq == 3


def test_a_stuck_loop_stays_busy(bus: DummyI2cTransport, clock: FakeClock) -> None:
    board = _attach(bus, clock)
    board.hang(True)
    bus.write(ADDRESS, _HELLO)
    clock.advance(1000)
    assert bus.read(ADDRESS, 4) == Beacon.BUSY.value
    board.hang(False)
    assert _reply(bus).seq == 7


def test_a_closed_adapter_is_lost(bus: DummyI2cTransport, clock: FakeClock) -> None:
    _attach(bus, clock)
    bus.close()
    bus.close()
    with pytest.raises(PortLost):
        bus.read(ADDRESS, 4)


def test_taken_addresses_and_large_samples_are_refused(
    bus: DummyI2cTransport, clock: FakeClock
) -> None:
    _attach(bus, clock)
    with pytest.raises(ValueError, match="taken"):
        _attach(bus, clock)
    wide = "gw 1\nname wide\n" + "".join(f"channel c{n} f32 - 1 0\n" for n in range(5))
    with pytest.raises(ValueError, match="needs a frame"):
        bus.attach(0x20, make(clock, text=wide, signals={}))
    bus.detach(ADDRESS)
    assert bus.boards == {}


class _Gate(FakeClock):
    """Holds the first transaction on the wire until the test lets it go."""

    def __init__(self) -> None:
        super().__init__()
        self.on_the_wire = threading.Event()
        self.go = threading.Event()

    def sleep(self, seconds: float) -> None:
        self.on_the_wire.set()
        assert self.go.wait(10)
        super().sleep(seconds)


def test_an_overlap_is_loud_and_counted() -> None:
    clock = _Gate()
    bus = DummyI2cTransport(clock)
    bus.open()
    bus.attach(ADDRESS, make(clock))
    first = threading.Thread(target=bus.read, args=(ADDRESS, 4))
    first.start()
    assert clock.on_the_wire.wait(10)
    try:
        with pytest.raises(WireOverlap):
            bus.write(ADDRESS, _HELLO)
    finally:
        clock.go.set()
        first.join(10)
    assert bus.overlaps == 1
    bus.write(ADDRESS, _HELLO)
    assert bus.overlaps == 1


class TestFaults:
    @pytest.fixture
    def board(self, bus: DummyI2cTransport, clock: FakeClock) -> DummyBoard:
        return _attach(bus, clock)

    def test_nack(self, bus: DummyI2cTransport, board: DummyBoard) -> None:
        board.faults.inject(None, Fault.NACK)
        bus.write(ADDRESS, _HELLO)
        with pytest.raises(BusFault):
            bus.read(ADDRESS, 32)
        assert _reply(bus).seq == 7
        assert board.faults.counts == {Fault.NACK: 1}

    def test_stuck_bus(self, bus: DummyI2cTransport, board: DummyBoard, clock: FakeClock) -> None:
        board.faults.inject(Fault.STUCK_BUS)
        start = clock.monotonic()
        with pytest.raises(BusFault) as caught:
            bus.read(ADDRESS, 4)
        assert caught.value.errno == errno.ETIMEDOUT
        assert clock.monotonic() - start == pytest.approx(ADAPTER_TIMEOUT_S)

    def test_disconnect(self, bus: DummyI2cTransport, board: DummyBoard) -> None:
        board.faults.inject(Fault.DISCONNECT)
        with pytest.raises(PortLost):
            bus.read(ADDRESS, 4)
        with pytest.raises(PortLost):
            bus.read(ADDRESS, 4)
        bus.open()
        assert bus.read(ADDRESS, 4) == Beacon.IDLE.value

    def test_silence(self, bus: DummyI2cTransport, board: DummyBoard, clock: FakeClock) -> None:
        board.faults.inject(Fault.SILENCE)
        for _ in range(2):
            with pytest.raises(BusFault):
                bus.read(ADDRESS, 4)
        clock.advance(SILENCE_S)
        assert bus.read(ADDRESS, 4) == Beacon.IDLE.value

    def test_a_lost_reply_reads_as_nothing(self, bus: DummyI2cTransport, board: DummyBoard) -> None:
        board.faults.inject(Fault.DROP_REPLY)
        bus.write(ADDRESS, _HELLO)
        assert bus.read(ADDRESS, 8) == b"\xff" * 8
        assert _reply(bus).seq == 7

    def test_lost_requests_and_reboots(self, bus: DummyI2cTransport, board: DummyBoard) -> None:
        board.faults.inject(Fault.DROP_REQUEST, None, Fault.REBOOT)
        bus.write(ADDRESS, _HELLO)
        assert bus.read(ADDRESS, 4) == Beacon.IDLE.value
        bus.write(ADDRESS, _HELLO)
        assert bus.read(ADDRESS, 4) == Beacon.IDLE.value
        assert board.boot == 2

    @pytest.mark.parametrize("fault", [Fault.CORRUPT, Fault.TRUNCATE])
    def test_damage_is_never_a_valid_frame(
        self, bus: DummyI2cTransport, board: DummyBoard, fault: Fault
    ) -> None:
        bus.write(ADDRESS, _HELLO)
        right = bus.read(ADDRESS, 32)
        for _ in range(50):
            board.faults.inject(fault)
            assert bus.read(ADDRESS, 32) != right
        for _ in range(50):
            board.faults.inject(fault)
            bus.write(ADDRESS, _HELLO)
            assert bus.read(ADDRESS, 4) == Beacon.IDLE.value

    def test_a_duplicate_executes_once(self, bus: DummyI2cTransport, board: DummyBoard) -> None:
        board.faults.inject(Fault.DUPLICATE)
        request = Frame(RequestType.COMMAND, 3, CommandRequest(5, 2).encode())
        bus.write(ADDRESS, request.encode(ADDRESS))
        assert _reply(bus).seq == 3
        assert board.executed == {"reset_counter": 1}

    def test_a_late_reply(
        self, bus: DummyI2cTransport, board: DummyBoard, clock: FakeClock
    ) -> None:
        board.faults.inject(Fault.LATE_REPLY)
        bus.write(ADDRESS, _HELLO)
        assert bus.read(ADDRESS, 4) == Beacon.BUSY.value
        clock.advance(0.5)
        assert _reply(bus).seq == 7
