"""Forms that real sketches print: each line has the right values, or an outcome that is counted."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arduino_iface.lines.channel import LineChannel
from arduino_iface.lines.format import FormatKind, LineFormat
from arduino_iface.lines.kind import LineKind
from arduino_iface.lines.places import LinePlaces
from arduino_iface.lines.reader import LineSettings
from arduino_iface.lines.record import Record
from arduino_iface.lines.unread import Unread
from arduino_iface.values import Readable, ValueType
from tests.drivers.lines import printed

JSON = LineFormat(FormatKind.JSON)
PAIRS = LineFormat(FormatKind.KEYVALUE)


def channels(*names: str) -> tuple[LineChannel, ...]:
    return tuple(LineChannel(name, name) for name in names)


def csv(*columns: str, **more: str) -> LineSettings:
    form = LineFormat(FormatKind.CSV, columns, **more)  # type: ignore[arg-type]
    return LineSettings(form, channels(*filter(None, columns)))


def pairs(*names: str, **more: str) -> LineSettings:
    return LineSettings(LineFormat(FormatKind.KEYVALUE, **more), channels(*names))  # type: ignore[arg-type]


def places(*patterns: str, **more: str) -> LineSettings:
    made = tuple(LinePlaces.of(pattern) for pattern in patterns)
    form = LineFormat(FormatKind.PATTERN, patterns=made, **more)  # type: ignore[arg-type]
    return LineSettings(form, channels(*form.named))


TH = LineSettings(JSON, channels("t", "h"))


@pytest.mark.parametrize(
    ("settings", "line", "expected"),
    [
        (TH, '{"t":nan,"h":45.2}', {"t": None, "h": 45.2}),
        (TH, '{"t": -nan , "h": ovf}', {"t": None, "h": None}),
        (TH, '{"t":NaN,"h":-Infinity}', {"t": None, "h": None}),
        (TH, '{"t":ERR,"h":--}', {"t": None, "h": None}),
        (TH, '{"t":-,"h":-4}', {"t": None, "h": -4}),
        (TH, '{"t":,"h":45.2}', {"t": None, "h": 45.2}),
        (TH, '{"t":21.5,"h":}', {"t": 21.5, "h": None}),
        (TH, '{"t":21.5,"h":45.2,}', {"t": 21.5, "h": 45.2}),
        (TH, '{"t":"23.10 C","h":"45.20%RH"}', {"t": 23.1, "h": 45.2}),
        (TH, '{"t":21,"note":"a, nan: ,}","h":nan}', {"t": 21, "h": None}),
        (TH, '   {"t":21,"h":45}   ', {"t": 21, "h": 45}),
        (TH, "{'t': 21, 'h': nan}", {"t": 21, "h": None}),
        (TH, '{t:21, h:45, on:true, say:"it\'s {ok}: nan,"}', {"t": 21, "h": 45}),
        (csv("a", "b", "c", delimiter="\t"), "\t2\t3", {"a": None, "b": 2, "c": 3}),
        (csv("a", "b", "c", delimiter="\t"), "1\t2\t", {"a": 1, "b": 2, "c": None}),
        (csv("a", "b"), "  21.5 ,   45.20 ", {"a": 21.5, "b": 45.2}),
        (csv("a", "b"), "21.5,45,", {"a": 21.5, "b": 45}),
        (csv("a", "b", delimiter=" "), "   21.5     45  ", {"a": 21.5, "b": 45}),
        (csv("", "id", "t", delimiter=" "), "OK 5 23", {"id": 5, "t": 23}),
        (csv("a", "b", prefix="$", suffix="#"), "$21.5,45#", {"a": 21.5, "b": 45}),
        (csv("a", "b", prefix="$", suffix="#"), " $ 21.5,45 # ", {"a": 21.5, "b": 45}),
        (csv("", "a", "b", ""), "$,21.5,45,#", {"a": 21.5, "b": 45}),
        (csv("a", "b", delimiter=";", decimal=","), "21,5;1.013,25", {"a": 21.5, "b": 1013.25}),
        (csv("a", "b", delimiter=";", decimal=","), "-0,5;,5", {"a": -0.5, "b": 0.5}),
        (pairs("t", "h"), "t=  21.5 h= 45.0", {"t": 21.5, "h": 45}),
        (pairs("t", "h"), "t = 21.5   h = 45.0", {"t": 21.5, "h": 45}),
        (pairs("t", "h"), "t=21.5, h=45.0", {"t": 21.5, "h": 45}),
        (pairs("t", "h"), "t= 21.5 C h= 45 %", {"t": 21.5, "h": 45}),
        (pairs("t", "h"), "t=nan C h=-- %", {"t": None, "h": None}),
        (pairs("t", "h"), "t= h=45", {"t": None, "h": 45}),
        (pairs("t", "h", pairs="\t"), "t=21.5 C\th=45 %", {"t": 21.5, "h": 45}),
        (pairs("p", "t", pairs=",", equals=":"), "p: 1,013 hPa, t: 21", {"p": 1013, "t": 21}),
        (pairs("t", "h", pairs=",", decimal=","), "t=21,5,h=45,25", {"t": 21.5, "h": 45.25}),
        (
            pairs("Humidity", "Temperature", equals=":"),
            "Humidity: 45.20%  Temperature: 23.10\u00b0C",
            {"Humidity": 45.2, "Temperature": 23.1},
        ),
        (
            pairs("Sensor 1", "Air temp", equals=":"),
            "Sensor 1: 23.1 Air temp : 24.5 *C",
            {"Sensor 1": 23.1, "Air temp": 24.5},
        ),
        (
            pairs("Approx. altitude"),
            "Approx. altitude = 45.2 m",
            {"Approx. altitude": 45.2},
        ),
        (
            places("Humidity: {h}%  Temperature: {t}\u00b0C {}"),
            "Humidity:  45.20 %\tTemperature: 23.10\u00b0C 73.58\u00b0F",
            {"h": 45.2, "t": 23.1},
        ),
        (places("It is {t} at {h}"), "It is 23.10\u00b0C at 45.20%RH", {"t": 23.1, "h": 45.2}),
        (places("{a} {b}"), "  1    2 ", {"a": 1, "b": 2}),
        (places("{t} C"), "C C", {"t": None}),
        (places("T={t}", "H={h}"), "H=45", {"t": None, "h": 45}),
        (places("a.c(*{x}", decimal=","), "a.c(* 1,5", {"x": 1.5}),
    ],
)
def test_a_line_has_the_right_values(
    settings: LineSettings, line: str, expected: dict[str, Readable]
) -> None:
    found = printed(settings, f"{line}\r\n")
    if expected == {"t": None}:
        assert found.readings == []  # "C" is no number, and nothing else is in the line
        return
    assert found.readings == [expected]
    assert (found.counts.measured, found.unread) == (1, {})


@pytest.mark.parametrize(
    ("settings", "line", "reason"),
    [
        (TH, '{"t": 21', Unread.DAMAGED),
        (TH, "ready", Unread.FORMAT),
        (TH, '{"t": "warm"}', Unread.NO_VALUE),
        (TH, '{"x": 1}', Unread.NO_VALUE),
        (csv("a", "b"), "1,2,3", Unread.FORMAT),
        (csv("a", "b", delimiter="\t"), "1 2", Unread.FORMAT),
        (csv("a", "b", prefix="$"), "1,2", Unread.FORMAT),
        (pairs("t"), "WiFi connected t=21.5", Unread.FORMAT),
        (pairs("t"), "t=21.5 seen today", Unread.FORMAT),
        (csv("a", delimiter=";", decimal=","), "21.5", Unread.DECIMAL),
        (csv("a", delimiter=";"), "21,5", Unread.DECIMAL),
        (csv("a", delimiter=";"), "1,013", Unread.DECIMAL),
        (LineSettings(PAIRS), "t=23,10\u00b0C", Unread.DECIMAL),
        (csv("a", delimiter=";"), "21.5x", Unread.NO_VALUE),
        (places("T={t} C"), "T=21.5 F", Unread.FORMAT),
        (TH, "x" * 1025, Unread.TOO_LONG),
        (TH, "{\x01}", Unread.NOT_TEXT),
    ],
)
def test_a_line_without_a_reading_has_a_reason(
    settings: LineSettings, line: str, reason: Unread
) -> None:
    found = printed(settings, f"{line}\n")
    assert (found.readings, found.unread) == ([], {reason: 1})
    assert found.counts.damaged == reason.lost
    assert found.last == [f'"{line.replace(chr(1), chr(0xFFFD))[:80]}" {reason.words}']


UNITS = [
    ("23.10\u00b0C", 23.1), ("45.20%RH", 45.2), ("23cm", 23), ("1,013 hPa", 1013),
    ("1,013.25hPa", 1013.25),
    ("12,345,678 Pa", 12345678), ("23.1 *C", 23.1), ("23.1 deg C", 23.1),
    ("45%", 45), ("3.3V", 3.3), ("-5.5C", -5.5),
    ("120 lux", 120),
    ("5 \u00b5g/m\u00b3", 5), ("1e3 Pa", 1000), ("\u22125 \u00b0C", -5), ("12 bananas", 12),
]  # fmt: skip


@pytest.mark.parametrize(("text", "number"), UNITS)
def test_a_number_with_its_unit(text: str, number: float) -> None:
    assert printed(csv("a", delimiter=";"), f"{text}\n").readings == [{"a": number}]


@pytest.mark.parametrize(
    "text",
    ["nan", "-nan", "NaN C", "nan%", "ovf", "inf", "ERR", "error", "--", "---", "-",
     "N/A", "null", "",
     "**.*", "?"],
)  # fmt: skip
def test_a_word_for_no_value(text: str) -> None:
    assert printed(csv("a", "b", delimiter=";"), f"{text};1\n").readings == [{"a": None, "b": 1}]


def test_a_number_of_another_unit_is_not_stored_as_if_it_were_the_same() -> None:
    found = printed(pairs("w"), "w=950 g\nw=980 g\nw=1.02 kg\nw=970 g\n")
    assert [one["w"] for one in found.readings] == [950, 980, None, 970]
    changed = printed(pairs("w"), "w=950 g\n" + "w=1.02 kg\n" * 4)
    assert [one["w"] for one in changed.readings] == [950, None, None, 1.02, 1.02]


def test_configured_missing_values() -> None:
    missing = (-127, 85, "open")
    settings = LineSettings(
        PAIRS, (LineChannel("t", "t", minimum=-55, maximum=60, missing=missing),)
    )
    found = printed(settings, "t=21.5\nt=-127.00\nt=85 C\nt=open\nt=85.01\n")
    assert [one["t"] for one in found.readings] == [21.5, None, None, None, 85.01]
    whole = LineChannel("n", "n", ValueType.I64, missing=(-1,))
    assert printed(LineSettings(PAIRS, (whole,)), "n=-1\nn=1\n").readings == [{"n": None}, {"n": 1}]
    learned = printed(LineSettings(PAIRS, missing=(-127,)), "t=-127\nt=21\n")
    assert learned.readings == [{"t": None}, {"t": 21}]


SPREAD = '{\n  "t": 21.5,\n  "in": {\n    "list": [\n      1,\n      {"x": 2}\n    ]\n  }\n}\n'


def test_pretty_printed_json() -> None:
    wanted = {"t": 21.5, "in_list_0": 1, "in_list_1_x": 2}
    found = printed(LineSettings(JSON), SPREAD * 3)
    assert found.readings == [wanted] * 3
    assert (found.counts.measured, found.unread) == (27, {})


def test_json_that_is_cut_does_not_take_the_next_with_it() -> None:
    lines = '{"t":21,\n{"t":22,"h":4}\n{\n"t": 23,\n{"t":24,"h":5}\n'
    found = printed(TH, lines)
    assert found.readings == [{"t": 22, "h": 4}, {"t": 24, "h": 5}]
    assert found.unread == {Unread.DAMAGED: 2, Unread.INCOMPLETE: 1}


BME = "Temperature = 23.10 *C\nPressure = 1013.2 hPa\nApprox. altitude = 45.2 m\n"
BME_CHANNELS = (
    LineChannel("t", "Temperature"),
    LineChannel("p", "Pressure"),
    LineChannel("a", "Approx. altitude"),
)
BME_VALUES = {"t": 23.1, "p": 1013.2, "a": 45.2}


@pytest.mark.parametrize(
    ("record", "wire"),
    [
        (Record(end=""), f"{BME}\n" * 3),
        (Record(end=""), f"{BME}\r\n" * 3),
        (Record(begin="Temperature"), BME * 3),
        (Record(begin="Temperature"), f"{BME}\n" * 3),
        (Record(begin="#"), f"# {{}}\n{BME}" * 3),
        (Record(end="---"), f"{BME}-----\n" * 3),
        (Record(end="Approx"), BME * 3),
        (Record(begin="<", end=">"), f"<data>\n{BME}>\n" * 3),
    ],
)
def test_a_record_over_several_lines(record: Record, wire: str) -> None:
    found = printed(LineSettings(PAIRS, BME_CHANNELS, record=record), wire)
    assert found.readings == [BME_VALUES] * 3
    assert found.counts.damaged == 0


def test_a_record_that_is_learned_or_cut() -> None:
    settings = LineSettings(PAIRS, record=Record(end=""))
    found = printed(settings, f"Pressure = 1 hPa\n\n{BME}\n{BME}\n")
    wanted = {"temperature": 23.1, "pressure": 1013.2, "approx__altitude": 45.2}
    assert found.readings == [wanted] * 2
    assert found.units == {"temperature": "Cel", "pressure": "hPa", "approx__altitude": "m"}
    assert found.unread == {Unread.BEGINNING: 1}
    by_channels = LineSettings(PAIRS, BME_CHANNELS, record=Record(begin="Temperature"))
    found = printed(by_channels, "Pressure = 1 hPa\nTemperature = 20 *C\n" + BME)
    assert found.readings == [{"t": 20, "p": None, "a": None}, BME_VALUES]


def test_one_value_a_line_and_sentences_in_a_record() -> None:
    cells = LineSettings(
        LineFormat(FormatKind.CSV, ("a", "b")), channels("a", "b"), record=Record(end="")
    )
    assert printed(cells, "1\n2\n\n3\n4\n\n").readings == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]
    sentences = places("Wind {w} m/s", "from {d} deg")
    record = LineSettings(sentences.format, sentences.channels, record=Record(begin="Wind"))
    assert printed(record, "Wind 3 m/s\nfrom 270 deg\nWind 4 m/s\nfrom 90 deg\n").readings == [
        {"w": 3, "d": 270},
        {"w": 4, "d": 90},
    ]


def test_a_record_without_an_end_is_bounded() -> None:
    found = printed(LineSettings(PAIRS, BME_CHANNELS, record=Record(end="")), BME * 200)
    assert found.readings == []
    assert found.counts.damaged == 4
    assert found.counts.damaged + found.counts.ignored > 500


def test_several_kinds_of_line() -> None:
    wind = LineKind(LineFormat(FormatKind.CSV, ("s", "d"), prefix="WIND,"), channels("s", "d"))
    more = LineKind(LineFormat(FormatKind.KEYVALUE, prefix="BAT "))
    settings = LineSettings(JSON, channels("t"), more=(wind, more))
    found = printed(settings, 'WIND,3,270\nBAT v=12.4\n{"t": 21}\nBAT v=12.5\nwhat\n')
    assert found.readings == [{"s": 3, "d": 270}, {"t": 21}, {"v": 12.4}, {"v": 12.5}]
    assert found.unread == {Unread.FORMAT: 1}


@pytest.mark.parametrize(
    ("encoding", "wire", "text"),
    [
        (None, b"n=23\xb0C\n", 23),
        (None, b"n=5 \xb5g/m\xb3\n", 5),
        (None, "n=23\u00b0C\n".encode(), 23),
        ("cp437", b"n=23\xf8C\n", 23),
        ("latin-1", b"n=23\xb0C\n", 23),
        (None, b"\x02n=23\r\n\x03\x02n=23\x03\n"[8:], 23),
        (None, b"\x0cn=23\n", 23),
        (None, b"\x1b[0;32mn=23\x1b[0m\n", 23),
    ],
)
def test_encodings(encoding: str | None, wire: bytes, text: int) -> None:
    found = printed(LineSettings(PAIRS, channels("n"), encoding=encoding), wire)
    assert (found.readings, found.unread) == ([{"n": text}], {})


def test_a_line_that_is_not_text_is_lost_and_not_stored() -> None:
    found = printed(LineSettings(PAIRS, channels("n")), b"n=2\xff3\nn=4\n")
    assert (found.readings, found.unread) == ([{"n": 4}], {Unread.NOT_TEXT: 1})


@given(
    st.lists(
        st.sampled_from(("{a}", "{b}", "{}", " ", "T", "=", ".*", "x ")), min_size=1, max_size=8
    ),
    st.text(alphabet="T=.x* 1", max_size=1024),
)
def test_a_pattern_never_takes_long(pieces: list[str], line: str) -> None:
    try:
        pattern = LinePlaces.of("".join(pieces))
    except ValueError:
        return
    began = time.process_time()
    pattern.fields(line)
    assert time.process_time() - began < 0.1


@given(st.lists(st.decimals(-999, 999, places=2), min_size=3, max_size=3), st.data())
def test_a_pattern_reads_what_it_writes(numbers: list[object], data: st.DataObject) -> None:
    texts = st.text(alphabet="abc:;% ", min_size=1, max_size=6).filter(
        lambda text: bool(text.strip())
    )
    a, b, c, d = (data.draw(texts) for _ in range(4))
    pattern = LinePlaces.of(f"{a}{{x}}{b}{{y}}{c}{{z}}{d}")
    words = dict(zip("xyz", map(str, numbers), strict=True))
    assert pattern.fields(pattern.line(words)) == words


@pytest.mark.parametrize(
    "text", ["", "no place", "{a}{b}", "{a} {a}", "{}", "{a", "a}b{c}", "x" * 600]
)
def test_what_is_no_pattern(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not|has "):
        LinePlaces.of(text)


@pytest.mark.parametrize(
    "piece",
    ["-", "a", "'", '"', "{", "[", ",", ":", " ", "\\", "--,", "a:", "a b", "n=", "= ", "1,"],
)
def test_no_line_takes_long(piece: str) -> None:
    lines = "{" + piece * (1000 // len(piece)) + ",\n"
    wire = lines * 60 + "}" * 60 + "\n"
    began = time.process_time()
    printed(TH, wire)
    printed(pairs("t"), wire)
    printed(csv("t", "h"), wire)
    assert time.process_time() - began < 5.0
