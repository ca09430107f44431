"""The serial byte stream: frames in any pieces, between any garbage, with bounded memory."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arduino_iface import frame
from arduino_iface.deframer import Deframer, enframe
from arduino_iface.frame import Frame
from tests.arduino_iface import vectors

BYTE = st.integers(0, 255)
FRAMES = st.builds(Frame, BYTE, BYTE, st.binary(max_size=frame.SERIAL_FRAME_MAX - frame.OVERHEAD))
# A zero in front of a frame ends whatever came before it, so any garbage may stand there.
GARBAGE = st.one_of(
    st.just(b""), st.just(b"temperature: 21.5\r\n"), st.binary(max_size=20), st.just(b"x" * 1000)
)
HELLO = Frame(1, 7, b"\x01")


def fed(stream: bytes, cuts: list[int]) -> tuple[list[Frame], Deframer]:
    deframer = Deframer()
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    frames = [
        found for begin, end in pairwise(places) for found in deframer.feed(stream[begin:end])
    ]
    return frames, deframer


def test_the_vector_on_the_wire() -> None:
    assert enframe(HELLO) == vectors.HELLO_REQUEST_ON_SERIAL_WIRE
    assert Deframer().feed(vectors.HELLO_REQUEST_ON_SERIAL_WIRE) == [HELLO]


@given(FRAMES)
def test_byte_by_byte(message: Frame) -> None:
    deframer = Deframer()
    wire = enframe(message)
    found = [deframer.feed(wire[place : place + 1]) for place in range(len(wire))]
    assert found[-1] == [message]
    assert not any(found[:-1])
    assert (deframer.skipped_bytes, deframer.bad_frames) == (0, 0)


def test_several_in_one_read_also_with_one_zero_between() -> None:
    messages = [Frame(1, seq, bytes(seq)) for seq in range(5)]
    stream = b"".join(enframe(message) for message in messages)
    assert Deframer().feed(stream) == messages
    assert Deframer().feed(stream.replace(b"\x00\x00", b"\x00")) == messages


@given(
    st.lists(st.tuples(GARBAGE, FRAMES), max_size=5),
    GARBAGE,
    st.lists(st.integers(0, 3000), max_size=10),
)
def test_no_garbage_and_no_cutting_hides_a_frame(
    parts: list[tuple[bytes, Frame]], tail: bytes, cuts: list[int]
) -> None:
    stream = b"".join(garbage + enframe(message) for garbage, message in parts) + tail
    frames, deframer = fed(stream, cuts)
    expected = [message for _, message in parts]
    # Random garbage between its own zeros can be a frame only by a checksum's chance.
    assert [found for found in frames if found in expected] == expected
    garbage_bytes = sum(len(garbage) for garbage, _ in parts) + len(tail)
    assert deframer.skipped_bytes <= garbage_bytes


@given(st.binary(max_size=2000), st.lists(st.integers(0, 2000), max_size=10))
def test_random_bytes_do_no_harm_and_cutting_changes_nothing(data: bytes, cuts: list[int]) -> None:
    whole, one = fed(data, [])
    pieces, many = fed(data, cuts)
    assert whole == pieces
    assert one.bad_frames == many.bad_frames
    one.reset()
    many.reset()
    assert one.skipped_bytes == many.skipped_bytes
    assert one.feed(enframe(HELLO)) == [HELLO]


@given(st.lists(FRAMES, min_size=1, max_size=5), st.data())
def test_a_flipped_bit_costs_one_frame_at_the_most(
    messages: list[Frame], data: st.DataObject
) -> None:
    stream = bytearray(b"".join(enframe(message) for message in messages))
    place = data.draw(st.integers(0, 8 * len(stream) - 1))
    stream[place // 8] ^= 1 << (place % 8)
    deframer = Deframer()
    found = deframer.feed(bytes(stream))
    hit = next(
        number
        for number in range(len(messages))
        if place // 8 < sum(len(enframe(one)) for one in messages[: number + 1])
    )
    others = messages[:hit] + messages[hit + 1 :]
    assert found in (others, messages)  # a zero that is lost may have stood beside another one
    assert deframer.feed(enframe(HELLO))[-1:] == [HELLO]


@given(
    st.lists(st.tuples(FRAMES, st.integers(0, 300), st.integers(0, 300)), min_size=1, max_size=5)
)
def test_frames_after_a_gap_are_found(parts: list[tuple[Frame, int, int]]) -> None:
    """Bytes are lost in each frame but the last: those whose zeros remain cost themselves alone."""
    stream, intact = b"", []
    for message, begin, length in parts:
        wire = enframe(message)
        kept = wire[:1] + wire[1:-1][:begin] + wire[1:-1][begin + length :] + wire[-1:]
        stream += kept
        if kept == wire:
            intact.append(message)
    found = Deframer().feed(stream)
    assert [one for one in found if one in intact] == intact


@given(FRAMES, st.data())
def test_a_truncated_frame_costs_only_itself(message: Frame, data: st.DataObject) -> None:
    wire = enframe(message)
    cut = data.draw(st.integers(2, len(wire) - 2))
    deframer = Deframer()
    assert deframer.feed(wire[:cut] + enframe(HELLO)) == [HELLO]
    assert (deframer.bad_frames, deframer.skipped_bytes) == (1, cut - 1)


@pytest.mark.parametrize("step", [1, 7, 250, 251, 252, 5000])
def test_an_endless_piece_takes_no_memory_and_costs_only_itself(step: int) -> None:
    deframer = Deframer()
    for _ in range(10_000 // step):
        assert deframer.feed(b"\x55" * step) == []
        assert len(deframer._piece) <= 251
    sent = 10_000 // step * step
    assert deframer.feed(enframe(HELLO)) == [HELLO]
    assert (deframer.skipped_bytes, deframer.bad_frames) == (sent, 1)


def test_the_longest_frame_fits() -> None:
    longest = Frame(0x83, 1, b"\x01" * (frame.SERIAL_FRAME_MAX - frame.OVERHEAD))
    assert Deframer().feed(enframe(longest)) == [longest]


def test_a_frame_that_begins_before_the_first_zero_counts_too() -> None:
    assert Deframer().feed(enframe(HELLO)[1:]) == [HELLO]


def test_zeros_alone_are_neither_frames_nor_faults() -> None:
    deframer = Deframer()
    assert deframer.feed(bytes(100)) == []
    assert (deframer.skipped_bytes, deframer.bad_frames) == (0, 0)


def test_after_opening_again_a_half_frame_is_forgotten() -> None:
    deframer = Deframer()
    half = enframe(HELLO)[:5]
    deframer.feed(half)
    deframer.reset()
    assert deframer.skipped_bytes == len(half) - 1
    assert deframer.feed(enframe(HELLO)[1:]) == [HELLO]


def test_a_prompt_before_a_frame_is_counted() -> None:
    deframer = Deframer()
    assert deframer.feed(b"Hello, I am a sketch\r\n" + enframe(HELLO)) == [HELLO]
    assert (deframer.skipped_bytes, deframer.bad_frames) == (22, 1)
