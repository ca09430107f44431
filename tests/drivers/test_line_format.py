"""Lines out of bytes, fields out of lines, values out of fields; garbage is skipped and counted."""

import json
from decimal import Decimal
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arduino_iface.lines.channel import LineChannel
from arduino_iface.lines.format import FormatKind, LineFormat
from arduino_iface.lines.learning import HELD_MAX, LEARNED_MAX
from arduino_iface.lines.numbers import Unreadable, convert
from arduino_iface.lines.reader import LineReader, LineSettings
from arduino_iface.lines.splitter import LINE_MAX, ArrivedLine, LineSplitter
from arduino_iface.lines.unread import Unread
from arduino_iface.values import Readable, ValueType

JSON = LineFormat(FormatKind.JSON)
PAIRS = LineFormat(FormatKind.KEYVALUE)
CSV = LineFormat(FormatKind.CSV, ("temp", "", "door"))


def reader(form: LineFormat, *channels: LineChannel) -> LineReader:
    return LineReader(LineSettings(form, channels), "scale")


def values(found: LineReader, line: str) -> dict[str, Readable] | None:
    """What is read once it is known that the line comes again."""
    read = found.read(ArrivedLine(line, 0.0))
    if not found.channels or not read:
        read = found.read(ArrivedLine(line, 0.0))
    return dict(read[-1].values) if read else None


def texts_of(lines: list[ArrivedLine]) -> list[str]:
    return [line.text for line in lines if line.problem is None and line.text]


def problems_of(lines: list[ArrivedLine]) -> list[Unread]:
    return [line.problem for line in lines if line.problem is not None]


@given(st.lists(st.text(alphabet="abc=1 \u00e4", min_size=1, max_size=20)), st.data())
def test_lines_come_out_whole_however_they_arrive(texts: list[str], data: st.DataObject) -> None:
    wire = b"rest of a line\r\n" + "".join(f"{text}\r\n" for text in texts).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=10)))
    splitter = LineSplitter()
    found = []
    for begin, end in zip([0, *cuts], [*cuts, len(wire)], strict=True):
        found += splitter.feed(wire[begin:end])
    assert texts_of(found) == texts
    assert problems_of(found) == [Unread.BEGINNING]
    assert len(found) == len(texts) + 1  # CR and LF make one end


@given(st.lists(st.binary(max_size=3000), max_size=8))
def test_no_bytes_are_too_much(pieces: list[bytes]) -> None:
    splitter = LineSplitter()
    readers = [reader(JSON), reader(PAIRS), reader(CSV, LineChannel("temp", "temp"))]
    arrived = 0
    for piece in pieces:
        for line in splitter.feed(piece):
            assert len(line.text) <= LINE_MAX
            arrived += bool(line.text.strip()) or line.problem is not None
            for one in readers:
                one.read(line)
    for one in readers:
        one.restart(0.0)
        counts = one.account.counts
        assert counts.measured + counts.ignored + counts.damaged == arrived
    assert splitter.feed(b"\n\nx=1\n")[-1].text == "x=1"


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=20),
            st.sampled_from((b"\n", b"\r\n", b"a=1\n", b"x" * LINE_MAX, b"y" * (LINE_MAX + 1))),
        ),
        max_size=12,
    ),
    st.data(),
)
def test_how_bytes_are_cut_changes_neither_lines_nor_counts(
    pieces: list[bytes], data: st.DataObject
) -> None:
    wire = b"".join(pieces)
    boundaries = list(accumulate((len(piece) for piece in pieces), initial=0))
    place = st.one_of(st.sampled_from(boundaries), st.integers(0, len(wire)))
    cuts = sorted(data.draw(st.lists(place, max_size=10)))
    expected = LineSplitter().feed(wire)
    cut = LineSplitter()
    found = []
    for begin, end in zip([0, *cuts], [*cuts, len(wire)], strict=True):
        found += cut.feed(wire[begin:end])
    assert found == expected


def test_a_long_first_line_counts_as_cut_however_it_arrives() -> None:
    for pieces in ([b"x" * 2000 + b"\n"], [b"x" * 2000, b"\n"]):
        splitter = LineSplitter()
        found = [line for piece in pieces for line in splitter.feed(piece)]
        assert [line.problem for line in found] == [Unread.BEGINNING]


def test_long_and_damaged_lines_are_told_apart() -> None:
    splitter = LineSplitter()
    splitter.feed(b"\n")
    found = splitter.feed(b"x" * (LINE_MAX + 1) + b"\n" + b"y" * LINE_MAX + b"\n")
    assert texts_of(found) == ["y" * LINE_MAX]
    assert problems_of(found) == [Unread.TOO_LONG]
    for _ in range(10):
        assert splitter.feed(b"z" * LINE_MAX) == []
    found = splitter.feed(b"\na=\xff\nb=\x07\n")
    assert problems_of(found) == [Unread.TOO_LONG, Unread.NOT_TEXT, Unread.NOT_TEXT]
    splitter.feed(b"half")
    assert splitter.drop_rest() == "half"
    assert splitter.drop_rest() is None
    assert texts_of(splitter.feed(b"whole\n")) == ["whole"]


SCALARS = st.one_of(
    st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False)
)
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True)


@given(st.dictionaries(NAMES, SCALARS, min_size=1, max_size=10))
def test_json_is_learned_and_read(fields: dict[str, int | float | bool]) -> None:
    assert values(reader(JSON), json.dumps(fields)) == fields


@given(st.dictionaries(NAMES, st.integers(-(2**53), 2**53), min_size=1, max_size=10))
def test_pairs_are_learned_and_read(fields: dict[str, int]) -> None:
    line = " ".join(f"{name}={value}" for name, value in fields.items())
    assert values(reader(PAIRS), line) == fields


def test_objects_in_objects_and_other_names() -> None:
    found = reader(JSON)
    line = '{"env":{"Temp-C":21.5,"list":[1,2]},"_x":1,"state":"ok","on":true,"none":null,"n":NaN}'
    expected = {"env_temp_c": 21.5, "env_list_0": 1, "env_list_1": 2, "state": "ok", "on": True}
    assert values(found, line) == expected | {"n": None}
    # A field that had no value yet is learned when it has one.
    assert values(found, '{"none":5,"state":7}') == {
        **dict.fromkeys([*expected, "n"]),
        "state": "7",
        "none": 5,
    }
    assert [one.type.word for one in found.schema.channels] == [
        *("f64", "f64", "f64", "text", "bool", "f64", "f64"),
    ]


def test_learning_is_bounded() -> None:
    found = reader(JSON)
    for number in range(500):
        assert found.read(ArrivedLine(json.dumps({f"f{number}": 1}), 0.0)) == []
    assert found.channels == ()  # nothing came again
    assert found.account.count(Unread.BANNER) == 500 - HELD_MAX
    many = reader(JSON)
    values(many, json.dumps({f"f{number}": 1 for number in range(90)}))
    assert len(many.schema.channels) == LEARNED_MAX


@pytest.mark.parametrize(
    ("form", "line"),
    [
        (JSON, "ready"),
        (JSON, '{"temp": 21'),
        (JSON, "[1, 2]"),
        (JSON, "{}"),
        (JSON, '{"a":' * 200),
        (JSON, '{"other": 1}'),
        (JSON, '{"temp": "warm"}'),
        (PAIRS, "WiFi connected temp=21.5"),
        (PAIRS, "=1"),
        (PAIRS, "hello"),
        (CSV, "1,2"),
        (CSV, "temp,x,door"),
        (CSV, "a,b,c"),
    ],
)
def test_what_is_no_reading(form: LineFormat, line: str) -> None:
    channels = (LineChannel("temp", "temp"), LineChannel("door", "door", ValueType.BOOL))
    assert values(reader(form, *channels), line) is None


def test_described_channels() -> None:
    temp = LineChannel(
        "temp", "env.t", ValueType.F64, "Cel", Decimal("0.1"), Decimal(-1), minimum=0, maximum=10
    )
    found = reader(JSON, temp, LineChannel("door", "door", ValueType.BOOL))
    (read,) = found.read(ArrivedLine('{"env": {"t": "50"}, "door": "on"}', 0.0))
    assert (dict(read.values), read.out_of_range) == ({"temp": 4.0, "door": True}, False)
    (read,) = found.read(ArrivedLine('{"env": {"t": 500}, "door": "ajar"}', 0.0))
    assert (dict(read.values), read.out_of_range) == ({"temp": 49.0, "door": None}, True)
    assert values(found, '{"env": {"t": NaN}}') == {"temp": None, "door": None}
    assert found.schema.channels[0].unit == "Cel"


def test_csv_and_other_separators() -> None:
    by_name = reader(CSV, LineChannel("temp", "temp"), LineChannel("door", "3", ValueType.BOOL))
    assert values(by_name, '21.5, "x" ,1') == {"temp": 21.5, "door": True}
    by_number = reader(LineFormat(FormatKind.CSV, delimiter=";"), LineChannel("last", "3"))
    assert values(by_number, "1;2;3;4") == {"last": 3}
    spoken = reader(LineFormat(FormatKind.KEYVALUE, pairs=",", equals=":"))
    assert values(spoken, "Temp: 21.5 C, Hum: 45 %") == {"temp": 21.5, "hum": 45}


@pytest.mark.parametrize(
    ("field", "kind", "expected"),
    [
        ("21.50", "F64", 21.5),
        ("-.5e1", "F64", -5.0),
        ("7", "I64", 7),
        ("7.0", "I64", 7),
        (7.0, "I64", 7),
        (True, "F64", 1),
        ("nan", "F64", None),
        ("-Inf", "F64", None),
        ("", "I64", None),
        (10**400, "F64", None),
        (2**60, "F64", float(2**60)),
        ("1e999", "F64", None),
        ("off", "BOOL", False),
        ("nan", "BOOL", None),
        (0, "BOOL", False),
        ("a\x07b", "TEXT", "a\ufffdb"),
        (True, "TEXT", "true"),
    ],
)
def test_conversions(field: object, kind: str, expected: object) -> None:
    found = convert(field, ValueType[kind])
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("2l.5", "F64"),
        ("1 2", "F64"),
        ("0x10", "F64"),
        ("7.5", "I64"),
        ("maybe", "BOOL"),
        ("1,5", "F64"),
    ],
)
def test_what_does_not_convert(field: object, kind: str) -> None:
    with pytest.raises(Unreadable):
        convert(field, ValueType[kind])
