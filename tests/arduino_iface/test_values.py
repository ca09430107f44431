"""Value types: ranges, byte order, and how each says that there is no value."""

import math
import struct
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arduino_iface.schema import Channel
from arduino_iface.values import DESCRIBED, EXACT_MAX, Readable, ValueType, shortest_f32, within

NUMBERS = st.one_of(st.integers(-10, 10), st.floats(-10, 10))
INTEGERS = [kind for kind in ValueType if kind.integral]
F32 = st.floats(width=32, allow_nan=False, allow_infinity=False)


def test_the_types_of_the_schema_language() -> None:
    words = ["u8", "i8", "u16", "i16", "u32", "i32", "f32", "bool"]
    assert [ValueType.of(word).word for word in words] == words
    assert [kind.word for kind in DESCRIBED] == words
    assert [kind.word for kind in ValueType if not kind.described] == ["u64", "i64", "f64", "text"]
    assert [ValueType.of(word).size for word in words] == [1, 1, 2, 2, 4, 4, 4, 1]
    for wrong in ("u64", "U8", ""):
        with pytest.raises(KeyError):
            ValueType.of(wrong)


@pytest.mark.parametrize(
    ("word", "raw", "packed"),
    [
        ("u8", 200, "c8"),
        ("i8", -2, "fe"),
        ("u16", 0x1234, "3412"),
        ("i16", 2150, "6608"),
        ("u32", 0x12345678, "78563412"),
        ("i32", -2, "feffffff"),
        ("f32", 21.5, "0000ac41"),
        ("bool", 1, "01"),
    ],
)
def test_little_endian(word: str, raw: float, packed: str) -> None:
    kind = ValueType.of(word)
    assert kind.pack(raw) == bytes.fromhex(packed)
    assert kind.unpack(b"\xaa" + bytes.fromhex(packed) + b"\xaa", 1) == raw


@pytest.mark.parametrize(
    ("word", "missing"),
    [
        ("u8", "ff"),
        ("i8", "80"),
        ("u16", "ffff"),
        ("i16", "0080"),
        ("u32", "ffffffff"),
        ("i32", "00000080"),
        ("f32", "0000c07f"),
        ("bool", "ff"),
    ],
)
def test_missing(word: str, missing: str) -> None:
    kind = ValueType.of(word)
    assert kind.unpack(bytes.fromhex(missing)) is None
    assert kind.unpack(kind.pack(kind.missing)) is None


@pytest.mark.parametrize("special", [math.inf, -math.inf, math.nan])
def test_no_number_is_no_value(special: float) -> None:
    assert ValueType.F32.unpack(struct.pack("<f", special)) is None


def test_every_nan_is_missing() -> None:
    for pattern in (0x7FC00000, 0xFFC00000, 0x7F800001, 0xFFFFFFFF):
        assert ValueType.F32.unpack(pattern.to_bytes(4, "little")) is None


@given(st.sampled_from(INTEGERS), st.data())
def test_integers_come_back(kind: ValueType, data: st.DataObject) -> None:
    raw = data.draw(st.integers(int(kind.lowest), int(kind.highest)))
    value = kind.unpack(kind.pack(raw))
    assert value == (None if raw == kind.missing else raw)
    assert value is None or type(value) is int


@pytest.mark.parametrize("kind", INTEGERS)
def test_out_of_range_is_refused(kind: ValueType) -> None:
    for raw in (kind.lowest - 1, kind.highest + 1):
        with pytest.raises(struct.error):
            kind.pack(raw)


def test_a_truth_value_is_one() -> None:
    assert ValueType.BOOL.unpack(b"\x00") is False
    assert ValueType.BOOL.unpack(b"\x01") is True
    assert ValueType.BOOL.unpack(b"\x02") is True


@given(F32)
def test_floats_come_back_as_the_same_float(value: float) -> None:
    found = ValueType.F32.unpack(ValueType.F32.pack(value))
    assert isinstance(found, float)
    assert struct.pack("<f", found) == struct.pack("<f", value)


@given(st.integers(-999999, 999999), st.integers(0, 6))
def test_six_digits_survive_a_32_bit_float(digits: int, places: int) -> None:
    number = float(f"{digits}e-{places}")
    assert shortest_f32(struct.unpack("<f", struct.pack("<f", number))[0]) == number


@pytest.mark.parametrize("value", [0.1, 21.53, 1013.25, 3.4028234663852886e38, 1e-45, 0.0])
def test_shortest(value: float) -> None:
    stored = struct.unpack("<f", struct.pack("<f", value))[0]
    shortest = shortest_f32(stored)
    assert len(repr(shortest)) <= len(repr(stored))
    assert struct.pack("<f", shortest) == struct.pack("<f", stored)


@given(st.one_of(st.none(), st.booleans(), st.text()), NUMBERS, NUMBERS)
def test_only_numbers_have_limits(value: Readable, minimum: float, maximum: float) -> None:
    assert within(value, minimum, maximum)


@given(NUMBERS, st.none() | NUMBERS, st.none() | NUMBERS)
def test_limits_are_inclusive(value: float, minimum: float | None, maximum: float | None) -> None:
    below = minimum is not None and value < minimum
    above = maximum is not None and value > maximum
    assert within(value, minimum, maximum) is not (below or above)


def test_scaled_values_that_json_cannot_hold() -> None:
    whole = Channel("n", ValueType.I64, None)
    assert whole.value(EXACT_MAX) == EXACT_MAX
    assert isinstance(whole.value(EXACT_MAX + 2), float)
    huge = Channel("x", ValueType.F64, None, Decimal("1e30"))
    assert huge.value(1e270) == 1e300
    assert huge.value(1e300) is None
