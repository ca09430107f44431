"""Byte stuffing, against an independent implementation and at the edges of its blocks."""

import pytest
from cobs import cobs as oracle  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from arduino_iface import cobs
from arduino_iface.errors import BadFrame

# Long runs without a zero are what random bytes rarely have.
DATA = st.one_of(
    st.binary(max_size=600),
    st.lists(
        st.one_of(st.just(b"\x00"), st.integers(0, 520).map(lambda n: b"\x01" * n)), max_size=5
    ).map(b"".join),
)


@pytest.mark.parametrize(
    ("data", "encoded"),
    [
        (b"", b"\x01"),
        (b"\x00", b"\x01\x01"),
        (b"\x00\x00", b"\x01\x01\x01"),
        (b"\x11\x22\x00\x33", b"\x03\x11\x22\x02\x33"),
        (b"\x01" * 253, b"\xfe" + b"\x01" * 253),
        (b"\x01" * 254, b"\xff" + b"\x01" * 254),
        (b"\x01" * 255, b"\xff" + b"\x01" * 254 + b"\x02\x01"),
        (b"\x01" * 254 + b"\x00", b"\xff" + b"\x01" * 254 + b"\x01\x01"),
        (b"\x00" + b"\x01" * 254, b"\x01\xff" + b"\x01" * 254),
    ],
)
def test_known_pairs(data: bytes, encoded: bytes) -> None:
    assert cobs.encode(data) == encoded == oracle.encode(data)
    assert cobs.decode(encoded) == data


@given(DATA)
def test_it_encodes_as_others_do(data: bytes) -> None:
    encoded = cobs.encode(data)
    assert encoded == oracle.encode(data)
    assert 0 not in encoded
    assert len(encoded) <= len(data) + 1 + len(data) // 254


@given(DATA)
def test_decoding_undoes_encoding(data: bytes) -> None:
    assert cobs.decode(cobs.encode(data)) == data


@given(st.binary(min_size=1, max_size=300))
def test_it_decodes_and_refuses_as_others_do(data: bytes) -> None:
    try:
        expected = oracle.decode(data)
    except oracle.DecodeError:
        with pytest.raises(BadFrame):
            cobs.decode(data)
    else:
        assert cobs.decode(data) == expected


@pytest.mark.parametrize(
    ("data", "reason"), [(b"", "empty"), (b"\x02\x00", "zero"), (b"\x03\x01", "truncated")]
)
def test_what_cannot_be_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(BadFrame, match=reason):
        cobs.decode(data)
