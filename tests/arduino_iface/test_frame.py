"""Frames: the vectors of the protocol, damage of every kind, and what is no frame at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arduino_iface import frame
from arduino_iface.crc import INITIAL, crc16
from arduino_iface.errors import BadFrame, WireError
from arduino_iface.frame import Beacon, Frame
from tests.arduino_iface import vectors

BYTE = st.integers(0, 255)
ADDRESS = st.integers(0, 0x7F)
FRAMES = st.builds(Frame, BYTE, BYTE, st.binary(max_size=frame.SERIAL_FRAME_MAX - frame.OVERHEAD))


def test_the_check_value_of_the_checksum() -> None:
    assert crc16(b"123456789") == 0x29B1
    assert crc16(b"") == INITIAL == 0xFFFF


@given(st.binary(), st.binary())
def test_a_checksum_can_be_continued(first: bytes, second: bytes) -> None:
    assert crc16(second, crc16(first)) == crc16(first + second)


@pytest.mark.parametrize("vector", vectors.ALL_ON_I2C, ids=lambda vector: vector[:3].hex())
def test_vectors(vector: bytes) -> None:
    decoded = frame.decode(vector, vectors.I2C_ADDRESS)
    assert (decoded.type, decoded.seq, decoded.payload) == (vector[1], vector[2], vector[3:-2])
    assert decoded.encode(vectors.I2C_ADDRESS) == vector
    assert len(vector) <= frame.I2C_FRAME_MAX


def test_the_serial_vector() -> None:
    assert frame.decode(vectors.HELLO_REQUEST_SERIAL) == Frame(1, 7, b"\x01")
    assert Frame(1, 7, b"\x01").encode() == vectors.HELLO_REQUEST_SERIAL


@given(FRAMES, ADDRESS)
def test_decoding_undoes_encoding(message: Frame, address: int) -> None:
    assert frame.decode(message.encode(address), address) == message


@given(FRAMES, ADDRESS, st.binary(max_size=40))
def test_padding_is_ignored_where_it_is_expected_only(
    message: Frame, address: int, padding: bytes
) -> None:
    data = message.encode(address) + padding
    assert frame.decode(data, address, padded=True) == message
    if padding:
        with pytest.raises(BadFrame, match="bytes; the length byte says"):
            frame.decode(data, address)


@given(FRAMES, ADDRESS, ADDRESS)
def test_a_frame_for_another_board_is_refused(message: Frame, address: int, other: int) -> None:
    if address != other:
        with pytest.raises(BadFrame):
            frame.decode(message.encode(address), other)


@given(FRAMES, st.data())
def test_every_damage_of_one_to_three_bits_is_noticed(message: Frame, data: st.DataObject) -> None:
    wire = bytearray(message.encode())
    bits = data.draw(
        st.lists(st.integers(0, len(wire) * 8 - 1), min_size=1, max_size=3, unique=True)
    )
    for bit in bits:
        wire[bit // 8] ^= 1 << bit % 8
    with pytest.raises(BadFrame):
        frame.decode(bytes(wire))


@given(FRAMES, st.data())
def test_a_truncated_frame_is_refused(message: Frame, data: st.DataObject) -> None:
    wire = message.encode()
    cut = data.draw(st.integers(0, len(wire) - 1))
    with pytest.raises(BadFrame):
        frame.decode(wire[:cut])
    with pytest.raises(BadFrame):
        frame.decode(wire[:cut], padded=True)


@given(st.binary(max_size=300), ADDRESS, st.booleans())
def test_random_bytes_are_a_frame_or_refused(data: bytes, address: int, padded: bool) -> None:
    try:
        decoded = frame.decode(data, address, padded=padded)
    except BadFrame:
        return
    assert data.startswith(decoded.encode(address))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 32,  # Wire's "nothing"
        b"\xff" * 32,  # an undriven bus
        b"\xfe" * 300,
        b"\x03\x01\x07\x00",  # shorter than any frame
        bytes.fromhex("00475701") + b"\xff" * 28,  # a beacon
    ],
)
def test_what_is_no_frame(data: bytes) -> None:
    with pytest.raises(BadFrame):
        frame.decode(data, 0x12, padded=True)
    assert issubclass(BadFrame, WireError)


def test_the_longest_frame() -> None:
    longest = Frame(3, 255, bytes(frame.SERIAL_FRAME_MAX - frame.OVERHEAD))
    assert len(longest.encode()) == 250
    with pytest.raises(BadFrame, match="at most 250"):
        Frame(3, 255, longest.payload + b"x").encode()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (bytes.fromhex("00475701") + b"\xff" * 28, Beacon.IDLE),
        (bytes.fromhex("01475701"), Beacon.BUSY),
        (bytes.fromhex("02475701"), None),
        (bytes.fromhex("004757"), None),
        (b"", None),
        (b"\xff" * 32, None),
        (vectors.HELLO_REPLY, None),
    ],
)
def test_beacons(data: bytes, expected: Beacon | None) -> None:
    assert frame.beacon(data) is expected
