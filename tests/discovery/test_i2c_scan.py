"""What a look at an address shows, byte by byte."""

import errno

import pytest

from arduino_iface.bus import I2cBus
from arduino_iface.errors import BusFault, DeviceSilent, PortLost
from arduino_iface.frame import I2C_FRAME_MAX, Frame
from arduino_iface.i2c_scan import SightingKind, look, require_board
from tests.support.clock import FakeClock

ADDRESS = 0x12


class OneAnswer:
    """An adapter that gives each read the next of the answers, the last one for ever; no writes."""

    def __init__(self, *answers: bytes | Exception) -> None:
        self.clock = FakeClock()
        self.lengths: list[int] = []
        self._answers = list(answers)

    def open(self) -> None: ...

    def close(self) -> None: ...

    def write(self, address: int, data: bytes) -> None:
        raise AssertionError(f"{data.hex()} was written to 0x{address:02x}")

    def read(self, address: int, length: int) -> bytes:
        assert address == ADDRESS
        self.lengths.append(length)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer[:length].ljust(length, b"\xff")


BEACON, BUSY = b"\x00\x47\x57\x01", b"\x01\x47\x57\x01"
REPLY = Frame(0x83, 7, b"payload").encode(ADDRESS)
LONGEST = Frame(0x81, 7, bytes(27)).encode(ADDRESS)
NOBODY = BusFault(errno.EREMOTEIO, "nothing acknowledged")


@pytest.mark.parametrize("data", [BEACON, BUSY])
def test_a_beacon_takes_one_short_read(data: bytes) -> None:
    wire = OneAnswer(data)
    sighting = look(I2cBus("i2c1", wire), ADDRESS)
    assert (sighting.kind, sighting.data, wire.lengths) == (SightingKind.BOARD, data, [4])


@pytest.mark.parametrize("data", [REPLY, LONGEST, Frame(0xFF, 1, b"\x01").encode(ADDRESS)])
def test_an_old_reply_is_read_whole(data: bytes) -> None:
    wire = OneAnswer(data)
    assert look(I2cBus("i2c1", wire), ADDRESS).kind is SightingKind.BOARD
    assert wire.lengths == [4, I2C_FRAME_MAX]


@pytest.mark.parametrize(
    ("data", "reads"),
    [
        (b"", 1),
        (b"\x00\x00\x00\x00", 1),
        (b"\x00\x47\x57\x02", 1),
        (b"\x03\x81\x01\x00", 1),  # too short for a frame
        (b"\x20\x81\x01\x00", 1),  # too long for I2C
        (b"\x05\x01\x07\x01", 1),  # a request
        (REPLY[:-1] + bytes((REPLY[-1] ^ 1,)), 2),
        (Frame(0x83, 7, b"payload").encode(ADDRESS + 1), 2),
    ],
)
def test_anything_else_is_a_stranger(data: bytes, reads: int) -> None:
    wire = OneAnswer(data)
    assert look(I2cBus("i2c1", wire), ADDRESS).kind is SightingKind.STRANGER
    assert len(wire.lengths) == reads


def test_an_address_without_an_answer_is_empty() -> None:
    sighting = look(I2cBus("i2c1", OneAnswer(NOBODY)), ADDRESS)
    assert (sighting.kind, sighting.error) == (SightingKind.ABSENT, errno.EREMOTEIO)
    sighting = look(I2cBus("i2c1", OneAnswer(REPLY, NOBODY)), ADDRESS)
    assert sighting.kind is SightingKind.ABSENT


def test_an_adapter_that_is_gone_is_no_empty_address() -> None:
    with pytest.raises(PortLost):
        look(I2cBus("i2c1", OneAnswer(PortLost(errno.ENODEV, "gone"))), ADDRESS)


def test_damaged_reads_are_repeated_before_a_board_is_said_to_be_gone() -> None:
    require_board(I2cBus("i2c1", OneAnswer(b"\x80\x23", b"\x80\x23", BEACON)), ADDRESS)
    with pytest.raises(DeviceSilent, match="does not speak"):
        require_board(I2cBus("i2c1", OneAnswer(b"\x80\x23")), ADDRESS)
    wire = OneAnswer(NOBODY)
    with pytest.raises(DeviceSilent, match="nothing acknowledged"):
        require_board(I2cBus("i2c1", wire), ADDRESS)
    assert len(wire.lengths) == 1
