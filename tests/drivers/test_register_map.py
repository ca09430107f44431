"""What bytes in registers mean: every type, both orders, bit fields, joint reads."""

import math
import struct
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arduino_iface.registers.map import (
    FIRST_BYTE,
    RegisterChannel,
    RegisterCommand,
    RegisterMap,
    plan_blocks,
)
from arduino_iface.registers.types import REGISTER_TYPES, BitField, RegisterType, TextType
from arduino_iface.values import ValueType
from dummy_hw.register_board import put_value

TYPES = [kind for kind in REGISTER_TYPES.values() if not isinstance(kind, TextType)]
WHOLE = [kind for kind in TYPES if kind.integral]
LAYOUTS = {
    "u8": "B",
    "i8": "b",
    "u16": "H",
    "i16": "h",
    "u32": "I",
    "i32": "i",
    "u64": "Q",
    "i64": "q",
}


def raw_values(kind: RegisterType) -> st.SearchStrategy[float]:
    if kind.floating:
        return st.floats(width=32 if kind.size == 4 else 64, allow_nan=False, allow_infinity=False)
    return st.integers(int(kind.lowest), int(kind.highest))


def channel(word: str, **settings: object) -> RegisterChannel:
    return RegisterChannel("x", 0, REGISTER_TYPES[word], **settings)  # type: ignore[arg-type]


def test_all_types_are_there() -> None:
    orders = ("le", "be")
    wide = {f"{kind}{order}" for kind in LAYOUTS if kind not in ("u8", "i8") for order in orders}
    more = {f"{kind}{order}" for kind in ("u24", "i24", "f32", "f64") for order in orders}
    more |= {f"bcd{bits}{order}" for bits in (16, 24, 32) for order in orders}
    assert set(REGISTER_TYPES) == {"u8", "i8", "bool", "bcd8", "ascii", "text"} | wide | more


@given(st.sampled_from(TYPES), st.data())
def test_every_type_comes_back(kind: RegisterType, data: st.DataObject) -> None:
    raw = data.draw(raw_values(kind))
    packed = kind.encode(raw)
    assert len(packed) == kind.size
    found = kind.decode(packed)
    assert found is not None
    assert kind.encode(found) == packed


@given(st.sampled_from(sorted(LAYOUTS)), st.binary(min_size=8, max_size=8))
def test_whole_numbers_are_those_of_struct(word: str, data: bytes) -> None:
    for order, mark in (("le", "<"), ("be", ">")):
        kind = REGISTER_TYPES.get(word + order) or REGISTER_TYPES[word]
        piece = data[: kind.size]
        assert kind.decode(piece) == struct.unpack(mark + LAYOUTS[word], piece)[0]


def test_by_hand() -> None:
    assert REGISTER_TYPES["u24be"].decode(b"\x01\x02\x03") == 0x010203
    assert REGISTER_TYPES["i24le"].decode(b"\xff\xff\xff") == -1
    assert REGISTER_TYPES["i24be"].encode(-2) == b"\xff\xff\xfe"
    assert REGISTER_TYPES["f32be"].decode(bytes.fromhex("41ac0000")) == 21.5
    assert REGISTER_TYPES["f64le"].decode(struct.pack("<d", math.inf)) is None
    assert REGISTER_TYPES["bool"].decode(b"\x02") is True
    with pytest.raises(OverflowError):
        REGISTER_TYPES["u8"].encode(256)


@given(st.sampled_from(WHOLE), st.data())
def test_bit_fields_come_back_and_leave_the_others_alone(
    kind: RegisterType, data: st.DataObject
) -> None:
    width = data.draw(st.integers(1, 8 * kind.size))
    offset = data.draw(st.integers(0, 8 * kind.size - width))
    before = data.draw(st.binary(min_size=kind.size, max_size=kind.size))
    lowest = -(1 << (width - 1)) if kind.signed else 0
    value = data.draw(
        st.integers(lowest, lowest + (1 << width) - 1).filter(lambda v: abs(v) < 2**53)
    )
    cut = RegisterChannel("x", 0, kind, bits=BitField(offset, width))
    after = put_value(cut, value, before)
    assert cut.value(after) == value
    mask = ((1 << width) - 1) << offset
    order = "big" if kind.big_endian else "little"
    changed = int.from_bytes(before, order) ^ int.from_bytes(after, order)  # type: ignore[arg-type]
    assert not changed & ~mask


@pytest.mark.parametrize(
    ("word", "data", "value"),
    [
        ("bcd8", b"\x59", 59),
        ("bcd16be", b"\x12\x34", 1234),
        ("bcd16le", b"\x12\x34", 3412),
        ("bcd32be", b"\x20\x26\x11\x29", 20261129),
        ("bcd8", b"\x5a", None),
        ("bcd16be", b"\xff\xff", None),
    ],
)
def test_digits(word: str, data: bytes, value: int | None) -> None:
    assert channel(word).value(data) == value


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"21.50\0\0\0", 21.5),
        (b"  -3\r\n\0\0", -3),
        (b"+4.25\xff\xff\xff", 4.25),
        (b"23.1 C  ", 23.1),
        (b"23.1\xc2\xb0C\0", 23.1),
        (b"1013hPa\xff", 1013),
        (b"nan\0\0\0\0\0", None),
        (b"\xff" * 8, None),
        (b"1.2.3\0\0\0", None),
        (b"12:30\0\0\0", None),
        (b"21 22\0\0\0", None),
        (b"23,1\0\0\0\0", None),
        (b"1e5\0\0\0\0\0", None),
    ],
)
def test_a_number_that_is_text(data: bytes, value: float | None) -> None:
    kind = REGISTER_TYPES["ascii"]
    assert isinstance(kind, TextType)
    one = RegisterChannel("x", 0, kind.of_length(8), scale=Decimal("0.1"))
    assert one.value(data) == (None if value is None else pytest.approx(value / 10))
    assert kind.of_length(8).decode(data) == value


def test_text() -> None:
    kind = REGISTER_TYPES["text"]
    assert isinstance(kind, TextType)
    one = RegisterChannel("x", 0, kind.of_length(6))
    assert [one.value(data) for data in (b"RUN\0\0\0", b" idle ", b"\xff" * 6)] == [
        *("RUN", "idle", None),
    ]
    assert one.described.type is ValueType.TEXT


@given(st.floats(-9999, 9999))
def test_a_number_written_as_text_is_read_back(value: float) -> None:
    kind = REGISTER_TYPES["ascii"]
    assert isinstance(kind, TextType)
    shown = kind.of_length(8).decode(kind.of_length(8).encode(value))
    assert isinstance(shown, int | float)
    assert abs(shown - value) <= 0.0501


def test_a_fixed_point_is_a_scale() -> None:
    # Q8.8 as many sketches send it, and the 12.4 of a MAX6675 that has status bits below.
    q88 = channel("i16be", scale=Decimal("0.00390625"))
    assert [q88.value(data) for data in (b"\x15\x80", b"\xff\x80", b"\x00\x01")] == [
        *(21.5, -0.5, 0.00390625),
    ]
    upper = channel("i16be", scale=Decimal("0.0625"), bits=BitField(4, 12))
    assert [upper.value(data) for data in (b"\x15\x80", b"\xff\xf7")] == [21.5, -0.0625]


def test_one_bit_is_a_truth() -> None:
    door = channel("u8", bits=BitField(3, 1, truth=True))
    assert door.value(b"\x08") is True
    assert door.value(b"\xf7") is False
    assert door.described.type is ValueType.BOOL


def test_scale_offset_limits_and_missing() -> None:
    level = channel(
        "u16be", scale=Decimal("0.1"), offset=Decimal(-5), minimum=0, maximum=10, missing=(0xFFFF,)
    )
    assert level.value(b"\x00\x64") == 5.0
    assert level.value(b"\xff\xff") is None
    assert [level.fits(value) for value in (None, True, 0, 10, -0.1, 10.1)] == [
        *(True, True, True, True, False, False)
    ]
    assert level.described.unit is None


def test_whole_numbers_that_json_cannot_hold_become_floats() -> None:
    assert channel("u64be").value(b"\xff" * 8) == float(2**64)
    assert isinstance(channel("u64be").value(b"\xff" * 8), float)
    assert channel("u64be").value(b"\x00\x20" + b"\x00" * 6) == 2**53


@given(
    st.lists(st.tuples(st.integers(0, 60), st.sampled_from(sorted(REGISTER_TYPES))), max_size=20),
    st.integers(1, 32),
)
def test_blocks_hold_every_channel_whole_and_no_gap(
    places: list[tuple[int, str]], block_max: int
) -> None:
    channels = [
        RegisterChannel(f"c{number}", register, REGISTER_TYPES[word])
        for number, (register, word) in enumerate(places)
    ]
    blocks = plan_blocks(channels, block_max)
    assert sorted(one.name for block in blocks for one in block.channels) == sorted(
        one.name for one in channels
    )
    for block in blocks:
        assert all(length <= block_max for _, length in block.transactions)
        assert sum(length for _, length in block.transactions) == block.length
        covered = {n for one in block.channels for n in range(one.register, one.end)}
        assert covered == set(range(block.register, block.register + block.length))


@st.composite
def maps(draw: st.DrawFn) -> RegisterMap:
    """Channels anywhere in 64 registers; they may overlap, and some are fields of bits."""
    channels = []
    for number in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(TYPES))
        register = draw(st.integers(0, 64 - kind.size))
        bits = None
        if kind.integral and draw(st.booleans()):
            width = draw(st.integers(1, min(8 * kind.size, 53)))
            bits = BitField(draw(st.integers(0, 8 * kind.size - width)), width)
        channels.append(RegisterChannel(f"c{number}", register, kind, bits=bits))
    block_max = draw(st.integers(max(one.type.size for one in channels), 32))
    return RegisterMap(tuple(channels), block_max=block_max)


@given(maps(), st.binary(min_size=64, max_size=64))
def test_values_do_not_depend_on_how_the_map_is_split(
    registers: RegisterMap, memory: bytes
) -> None:
    found = {
        one.name: one.value(block.part(one, memory[block.register : block.register + block.length]))
        for block in registers.blocks()
        for one in block.channels
    }
    assert found == {
        one.name: one.value(memory[one.register : one.end]) for one in registers.channels
    }


@given(maps(), st.binary(min_size=64, max_size=64))
def test_a_field_of_bits_is_the_digits_of_its_number(registers: RegisterMap, memory: bytes) -> None:
    for one in registers.channels:
        if one.bits is None:
            continue
        data = memory[one.register : one.end]
        ordered = data if one.type.big_endian else data[::-1]
        digits = "".join(f"{byte:08b}" for byte in ordered)
        end = len(digits) - one.bits.offset
        field = digits[end - one.bits.width : end]
        expected = int(field, 2)
        if one.type.signed and field[0] == "1":
            expected -= 1 << len(field)
        assert one.value(data) == expected


@given(
    st.sampled_from([kind for kind in WHOLE if kind.size <= 4]),
    st.sampled_from(("1", "0.1", "0.01", "10", "-0.5", "2.5")),
    st.integers(-100, 100),
    st.data(),
)
def test_a_commanded_value_is_read_back_within_half_a_step(
    kind: RegisterType, scale: str, offset: int, data: st.DataObject
) -> None:
    raw = data.draw(st.integers(int(kind.lowest), int(kind.highest)))
    step = Decimal(scale)
    value = float(raw * step + offset)
    command = RegisterCommand("x", 0, kind, -1e12, 1e12, step, Decimal(offset))
    shown = channel(kind.word, scale=step, offset=Decimal(offset)).value(command.encode(value))
    assert shown is not None
    assert abs(Decimal(repr(+shown)) - Decimal(repr(value))) <= abs(step) / 2


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_two_readings_agree_within_the_tolerance(
    one: float, other: float, tolerance: float
) -> None:
    level = channel("f64be", tolerance=tolerance)
    first, second = level.type.encode(one), level.type.encode(other)
    assert level.agree(first, second) == level.agree(second, first)
    assert level.agree(first, first)
    assert level.agree(first, second) == (first == second or 0 < tolerance >= abs(one - other))


def test_neighbours_are_read_together() -> None:
    channels = (
        RegisterChannel("b", 2, REGISTER_TYPES["u16le"]),
        RegisterChannel("a", 0, REGISTER_TYPES["u16le"]),
        RegisterChannel("far", 9, REGISTER_TYPES["u8"]),
    )
    spans = [(block.register, block.length) for block in RegisterMap(channels).blocks()]
    assert spans == [(0, 4), (9, 1)]
    assert len(RegisterMap(channels, block_max=2).blocks()) == 3
    assert [block.transactions for block in plan_blocks(channels, 1)] == [
        ((0, 1), (1, 1)),
        ((2, 1), (3, 1)),
        ((9, 1),),
    ]
    long = tuple(RegisterChannel(f"c{n}", n, REGISTER_TYPES["u8"]) for n in range(32))
    assert [block.length for block in RegisterMap(long, echo=FIRST_BYTE).blocks()] == [31, 1]


def test_commands_say_what_they_take() -> None:
    plain = RegisterCommand("fan", 1, REGISTER_TYPES["u24be"], 0, 1000)
    assert plain.described(3).code == 3
    assert plain.described(0).arguments[0].type is ValueType.U32
    assert plain.encode(258) == b"\x00\x01\x02"
    scaled = RegisterCommand("t", 1, REGISTER_TYPES["i16le"], -40, 80, Decimal("0.1"))
    assert scaled.described(0).arguments[0].type is ValueType.F64
    assert scaled.encode(21.5) == (215).to_bytes(2, "little")
    tens = RegisterCommand("t", 1, REGISTER_TYPES["u8"], 0, 2550, Decimal(10))
    assert tens.described(0).arguments[0].type is ValueType.I64
    assert RegisterCommand("on", 1, REGISTER_TYPES["bool"], 0, 1).encode(True) == b"\x01"
