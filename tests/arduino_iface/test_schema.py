"""The schema language: the example of the protocol, each rule, and texts that no board should send."""

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arduino_iface.errors import ProtocolMismatch, SchemaError
from arduino_iface.schema import Argument, Channel, Command, Schema, parse
from arduino_iface.values import DESCRIBED, ValueType
from tests.arduino_iface import vectors

HEAD = "gw 1\nname board\n"


def channel(kind: str, scale: str, offset: str) -> Channel:
    return parse(f"{HEAD}channel x {kind} - {scale} {offset}").channels[0]


def test_the_example() -> None:
    schema = parse(vectors.SCHEMA_TEXT)
    assert schema == Schema(
        name="greenhouse",
        firmware="1.4.0",
        sample_ms=1000,
        keepalive_ms=30000,
        channels=(
            Channel("temperature", ValueType.I16, "Cel", Decimal("0.01"), Decimal(0)),
            Channel("humidity", ValueType.U8, "%RH", Decimal("0.5"), Decimal(0)),
            Channel("door", ValueType.BOOL, None, Decimal(1), Decimal(0)),
        ),
        commands=(
            Command("fan", 0, (Argument("speed", ValueType.U8, 0, 255),)),
            Command("valve", 1, (Argument("open", ValueType.BOOL, 0, 1),)),
            Command("reset_counter", 2, ()),
        ),
    )
    assert schema.text == vectors.SCHEMA_TEXT
    assert schema.sample_size == 3 + 2 + 1 + 1
    assert schema.command("valve") == schema.commands[1]
    assert schema.command("volume") is None


def test_the_checksum_is_of_the_text_as_sent() -> None:
    assert parse("gw 1\nname a").crc != parse("gw 1\nname a\n").crc
    # The check value of this checksum, by way of a text that is no schema.
    assert Schema(name="x", text="123456789").crc == 0x29B1


def test_defaults() -> None:
    schema = parse("gw 1\nname x")
    assert (schema.sample_ms, schema.keepalive_ms) == (1000, 0)
    assert (schema.firmware, schema.channels, schema.commands) == ("", (), ())
    assert schema.sample_size == 3


def test_statements_of_a_later_version_are_ignored() -> None:
    text = vectors.SCHEMA_TEXT + "colour green\n\nchannels 5\n"
    assert parse(text) == parse(vectors.SCHEMA_TEXT)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("gw 2", "unsupported version"),
        ("gw", "unsupported version"),
        ("name", "one word"),
        ("name Greenhouse", "invalid name"),
        ("name 1st", "invalid name"),
        ("name a-b", "invalid name"),
        ("name " + "a" * 25, "invalid name"),
        ("name green house", "one word"),
        ("name board\r", "invalid name"),
        ("firmware 1.0 beta", "one word"),
        ("sample 0", "number of ms"),
        ("sample -5", "number of ms"),
        ("sample 1.5", "number of ms"),
        ("sample \u0663", "number of ms"),
        ("sample 4294967296", "number of ms"),
        ("keepalive soon", "number of ms"),
        ("channel t i16 Cel 0.01", "expected: channel"),
        ("channel t i16 Cel 0.01 0 0", "expected: channel"),
        ("channel t i17 Cel 0.01 0", "unknown type"),
        ("channel T i16 Cel 0.01 0", "invalid name"),
        ("channel t i16 Cel 0 0", "scale of 0"),
        ("channel t i16 Cel nan 0", "not a number"),
        ("channel t i16 Cel 1 inf", "not a number"),
        ("channel t i16 Cel 1_0 0", "not a number"),
        ("channel t i16 Cel \u0661 0", "not a number"),
        ("channel t i16 Cel 1e31 0", "outside 1e-30 to 1e30"),
        ("channel t i16 Cel 1e-31 0", "outside 1e-30 to 1e30"),
        ("channel t i16 Cel 1e999999999 0", "not a number"),
        ("channel t i16  1 0", "empty unit"),
        ("command", "invalid name"),
        ("command Fan", "invalid name"),
        ("command fan ", "invalid argument"),
        ("command fan speed", "invalid argument"),
        ("command fan speed:u8:0", "invalid argument"),
        ("command fan speed:u8:0:1:2", "invalid argument"),
        ("command fan speed:u9", "unknown type"),
        ("command fan speed:u8:5:4", "lower bound"),
        ("command fan speed:u8:0:256", "outside u8"),
        ("command fan speed:i8:-129:0", "outside i8"),
        ("command fan speed:u8:0.5:4", "must be whole numbers"),
        ("command fan speed:u8:a:b", "not a number"),
        ("command fan a:u8 a:u8", "duplicate argument"),
    ],
)
def test_a_line_with_a_mistake_is_named(line: str, reason: str) -> None:
    with pytest.raises(SchemaError, match=reason) as caught:
        parse(HEAD + line)
    assert "line 3" in str(caught.value)
    assert isinstance(caught.value, ProtocolMismatch)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no statement 'gw 1'"),
        ("hello", "must be 'gw 1'"),
        ("name board\ngw 1", "must be 'gw 1'"),
        ("gw 1", "no statement 'name'"),
        (HEAD + "channel a u8 - 1 0\nchannel a u8 - 1 0", "duplicate channel a"),
        (HEAD + "command a\ncommand a", "duplicate command a"),
        (HEAD + "\n".join(f"command c{n}" for n in range(241)), "at most 240"),
    ],
)
def test_a_text_with_a_mistake(text: str, reason: str) -> None:
    with pytest.raises(SchemaError, match=reason):
        parse(text)


def test_the_longest_name_and_the_most_commands() -> None:
    assert parse("gw 1\nname " + "a" * 24).name == "a" * 24
    schema = parse(HEAD + "\n".join(f"command c{n}" for n in range(240)))
    assert schema.commands[-1].code == 239


def test_bounds_of_arguments() -> None:
    text = HEAD + "command go a:i16 b:i16:-5:5 c:f32 d:f32:-0.5:1e3 e:bool:0:1"
    (command,) = parse(text).commands
    bounds = [(argument.minimum, argument.maximum) for argument in command.arguments]
    assert bounds[0] == (-32768, 32767)
    assert bounds[1] == (-5, 5)
    assert bounds[2] == (ValueType.F32.lowest, ValueType.F32.highest)
    assert bounds[3] == (-0.5, 1000.0)
    assert bounds[4] == (0, 1)


WORDS = st.sampled_from(
    [
        "gw",
        "1",
        "name",
        "board",
        "channel",
        "command",
        "sample",
        "keepalive",
        "u8",
        "f32",
        "bool",
        "-",
        "0",
        "0.5",
        "1e9",
        "a:u8",
        "::",
        "x",
        "\t",
        "é",
        "",
    ]
)


@given(st.lists(st.lists(WORDS, max_size=7).map(" ".join), max_size=8).map("\n".join))
def test_random_statements_are_understood_or_refused(lines: str) -> None:
    for text in (lines, HEAD + lines):
        try:
            schema = parse(text)
        except SchemaError:
            continue
        assert schema.text == text


@given(st.text(max_size=200))
def test_random_text_is_understood_or_refused(text: str) -> None:
    with suppress(SchemaError):
        parse(HEAD + text)


@pytest.mark.parametrize(
    ("kind", "scale", "offset", "raw", "value"),
    [
        ("i16", "0.01", "0", 2150, 21.5),
        ("i16", "0.01", "0", 2153, 21.53),
        ("u8", "0.5", "0", 91, 45.5),
        ("i16", "0.1", "-273.15", 3, -272.85),
        ("u32", "1", "0", 4294967294, 4294967294),
        ("u8", "10", "5", 3, 35),
        ("f32", "1", "0", 21.5, 21.5),
        ("f32", "2", "1", 0.1, 1.2),
        ("bool", "1", "0", True, True),
    ],
)
def test_values_in_their_units(
    kind: str, scale: str, offset: str, raw: float, value: float
) -> None:
    subject = channel(kind, scale, offset)
    found = subject.value(raw)
    assert found == value
    assert type(found) is type(value)
    assert subject.raw(value) == raw


def test_a_missing_value_stays_missing() -> None:
    for kind in ("u8", "i16", "f32", "bool"):
        subject = channel(kind, "0.5", "1")
        assert subject.value(None) is None
        assert subject.type.unpack(subject.type.pack(subject.raw(None))) is None


def test_a_whole_number_too_large_for_a_database_becomes_a_float() -> None:
    value = channel("u32", "1e25", "0").value(4_000_000_000)
    assert (type(value), value) == (float, 4e34)
    exact = channel("u32", "1000", "0").value(4_000_000_000)
    assert (type(exact), exact) == (int, 4_000_000_000_000)


@given(st.sampled_from(DESCRIBED), st.floats())
def test_any_measurement_is_packed_or_missing(kind: ValueType, value: float) -> None:
    subject = Channel("x", kind, None, Decimal("0.01"), Decimal("-40"))
    packed = kind.pack(subject.raw(value))
    assert len(packed) == kind.size


def test_what_is_out_of_range_is_the_nearest_and_never_the_missing_value() -> None:
    assert channel("u8", "1", "0").raw(1000) == 254
    assert channel("i8", "1", "0").raw(-1000) == -127
    assert channel("i16", "0.01", "0").raw(1e9) == 32767
    assert channel("f32", "1", "0").raw(1e300) == ValueType.F32.highest
    assert channel("u8", "1", "0").raw(True) == 1
    assert channel("u8", "1", "0").raw(float("nan")) == 255


@given(st.sampled_from(["i16", "u16", "i32", "u32"]), st.data())
def test_raw_undoes_value(kind: str, data: st.DataObject) -> None:
    scale = data.draw(st.decimals("0.001", "100", places=3))
    offset = data.draw(st.decimals("-300", "300", places=2))
    subject = channel(kind, f"{scale:f}", f"{offset:f}")
    raw = data.draw(st.integers(int(subject.type.lowest), int(subject.type.highest)))
    if raw != subject.type.missing:
        assert subject.raw(subject.value(raw)) == raw
