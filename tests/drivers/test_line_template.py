"""What is sent to a sketch and how replies are recognised; nothing gets in that could do harm."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arduino_iface.arguments import InvalidArguments, check, json_schema
from arduino_iface.lines.match import MATCH_MAX, LinePattern
from arduino_iface.lines.template import (
    LineArgument,
    LineCommand,
    sendable_problem,
    template_problem,
    word_problem,
)
from arduino_iface.values import ValueType

FAN = LineCommand(
    "fan",
    '{"fan":{speed},"mode":"{mode}","on":{on},"t":{t}}\n',
    (
        LineArgument("speed", ValueType.I64, 0, 255),
        LineArgument("mode", ValueType.TEXT, choices=("auto", "full power")),
        LineArgument("on", ValueType.BOOL, words=("OFF", "ON")),
        LineArgument("t", ValueType.F64, -1e9, 1e9),
    ),
)


def test_arguments_are_written_by_their_type() -> None:
    values = check(FAN.described(0), {"speed": 128.0, "mode": "auto", "on": True, "t": 1.5e-7})
    assert FAN.text(values) == '{"fan":128,"mode":"auto","on":ON,"t":0.00000015}\n'


@given(st.integers(0, 255), st.booleans(), st.floats(-1e9, 1e9))
def test_nothing_but_words_and_digits(speed: int, on: bool, t: float) -> None:
    text = FAN.text(check(FAN.described(0), {"speed": speed, "mode": "auto", "on": on, "t": t}))
    rest = text.removeprefix('{"fan":').removesuffix("}\n")
    number = rest.rpartition(":")[2]
    assert set(number) <= set("-0123456789.")
    assert abs(float(number) - t) <= 1e-9
    assert text.count("\n") == 1


@given(st.one_of(st.text(), st.none(), st.lists(st.text())))
def test_free_text_is_no_argument(value: object) -> None:
    arguments = {"speed": 1, "mode": "auto", "on": True, "t": 0}
    for name in arguments:
        if name == "mode" and value in ("auto", "full power"):
            continue
        with pytest.raises(InvalidArguments):
            check(FAN.described(0), arguments | {name: value})


def test_a_choice_in_the_json_schema() -> None:
    shown = json_schema(FAN.described(0))["properties"]
    assert shown["mode"] == {"type": "string", "enum": ["auto", "full power"]}
    assert shown["speed"] == {"type": "integer", "minimum": 0, "maximum": 255}


def test_a_line_that_gets_too_long() -> None:
    arguments = tuple(LineArgument(f"a{n}", ValueType.F64, -1e99, 1e99) for n in range(9))
    long = LineCommand("x", "".join(f"{{{one.name}}}" for one in arguments), arguments)
    with pytest.raises(ValueError, match="characters; at most"):
        long.text({one.name: 1e60 for one in arguments})


def test_problems_of_templates_and_words() -> None:
    assert template_problem("FAN {speed}\n", ["speed"]) is None
    assert (
        template_problem("FAN {sped}", ["speed"])
        == "has the placeholder {sped}, which is not an argument"
    )
    assert template_problem("FAN", ["speed"]) == "has no placeholder {speed}"
    assert sendable_problem("\x1b") is not None
    assert sendable_problem("") is not None
    assert word_problem("full power") is None
    for word in ("", " a", "a\n", "x" * 33, "\u00e4"):
        assert word_problem(word) is not None


@pytest.mark.parametrize(
    "text",
    ["OK", "OK [0-9]+", r"(?:ACK|DONE) \d+", "(ab)+", "[]a]{2,3}x", r"\(done\)", "^OK$", ".*OK.*"],
)
def test_usual_patterns(text: str) -> None:
    LinePattern.of(text)


def test_a_pattern_fits_the_beginning() -> None:
    assert LinePattern.of("OK").fits("OK 12")
    assert not LinePattern.of("OK").fits("not OK")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "(",
        "[[a]",
        "(a+)+$",
        "(a|a)*$",
        "(?:a?)+b",
        "((ab)*)*",
        r"(a)\1",
        "(?=a)",
        "a*a*a*a*b",
        "a{1,2000}a{1,2000}a{1,2000}b",
        "(a|b)" * 22,
        "x" * 129,
    ],
)
def test_patterns_that_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is|could|has|repeats|refers"):
        LinePattern.of(text)


@given(st.text(alphabet="ab()[]*+?{},1|\\.^$", max_size=30), st.text(alphabet="ab1", max_size=300))
def test_no_accepted_pattern_takes_long(text: str, line: str) -> None:
    try:
        pattern = LinePattern.of(text)
    except ValueError:
        return
    began = time.thread_time()
    pattern.fits(line)
    pattern.fits("a" * MATCH_MAX)
    assert time.thread_time() - began < 2.0


def test_the_worst_that_is_accepted_is_quick() -> None:
    pattern = LinePattern.of("a*a*a?a?a?a?b")
    began = time.thread_time()
    assert not pattern.fits("a" * 5000)
    assert time.thread_time() - began < 2.0
