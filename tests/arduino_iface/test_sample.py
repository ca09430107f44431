"""Samples of a POLL reply: the vector, sizes that do not fit, and packing."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arduino_iface import frame
from arduino_iface.errors import BadFrame
from arduino_iface.messages import PollFlag, PollReply
from arduino_iface.sample import AGE_MS_MAX, Sample, pack_sample, unpack_samples
from arduino_iface.schema import parse
from arduino_iface.values import Value
from tests.arduino_iface import vectors

SCHEMA = parse(vectors.POLLED_SCHEMA_TEXT)
REPLY = PollReply.decode(frame.decode(vectors.POLL_REPLY, vectors.I2C_ADDRESS).payload)


def test_the_vector() -> None:
    samples = unpack_samples(SCHEMA, REPLY)
    assert samples == [
        Sample(42, 2010, {"temperature": 21.5, "humidity": 45}),
        Sample(43, 1010, {"temperature": 21.53, "humidity": 45.5}),
        Sample(44, 10, {"temperature": None, "humidity": 45.5}),
    ]
    assert [sample.complete for sample in samples] == [True, True, False]


def test_the_vector_the_other_way() -> None:
    packed = b"".join(
        [
            pack_sample(SCHEMA, 2010, [21.50, 45]),
            pack_sample(SCHEMA, 1010, [21.53, 45.5]),
            pack_sample(SCHEMA, 10, [None, 45.5]),
        ]
    )
    assert packed == REPLY.samples


@pytest.mark.parametrize("count", [0, 2, 4, 255])
def test_a_count_that_does_not_fit_is_refused(count: int) -> None:
    with pytest.raises(BadFrame, match=f"{count} samples of 6 bytes"):
        unpack_samples(SCHEMA, replace(REPLY, count=count))


@given(st.binary(max_size=40), st.integers(0, 255))
def test_random_samples_are_understood_or_refused(data: bytes, count: int) -> None:
    reply = PollReply(5, PollFlag(0), 1, count, data)
    if len(data) == count * SCHEMA.sample_size:
        assert [sample.seq for sample in unpack_samples(SCHEMA, reply)] == [*range(1, count + 1)]
    else:
        with pytest.raises(BadFrame):
            unpack_samples(SCHEMA, reply)


def test_no_samples_are_none() -> None:
    assert unpack_samples(SCHEMA, PollReply(5, PollFlag(0), 42, 0, b"")) == []


def test_a_board_without_channels_sends_ages_alone() -> None:
    schema = parse("gw 1\nname bare")
    reply = PollReply(1, PollFlag(0), 7, 2, bytes.fromhex("010000 020000"))
    assert unpack_samples(schema, reply) == [Sample(7, 1, {}), Sample(8, 2, {})]


@pytest.mark.parametrize(
    ("age_ms", "packed"), [(-1, 0), (0, 0), (AGE_MS_MAX, AGE_MS_MAX), (AGE_MS_MAX + 1, AGE_MS_MAX)]
)
def test_an_age_is_kept_within_its_three_bytes(age_ms: int, packed: int) -> None:
    data = pack_sample(SCHEMA, age_ms, [1.0, 1.0])
    assert int.from_bytes(data[:3], "little") == packed


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 1.0, 1.0]])
def test_as_many_values_as_channels(values: list[Value]) -> None:
    with pytest.raises(ValueError, match="argument"):
        pack_sample(SCHEMA, 0, values)
