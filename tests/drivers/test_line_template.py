"""What is sent to a sketch and how replies are recognised; nothing gets in that could do harm."""

import re
import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arduino_iface.arguments import InvalidArguments, check, json_schema
from arduino_iface.lines.match import MATCH_MAX, LinePattern
from arduino_iface.lines.template import (
    TEMPLATE_MAX,
    WORD_MAX,
    LineArgument,
    LineCommand,
    sendable_problem,
    template_problem,
    word_problem,
)
from arduino_iface.messages import CommandStatus
from arduino_iface.values import Number, ValueType

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


PRINTABLE = st.characters(min_codepoint=0x20, max_codepoint=0x7E)
PLAIN = st.text(PRINTABLE.filter(lambda letter: letter not in "{}"), max_size=10)
WORDS = st.text(PRINTABLE, min_size=1, max_size=WORD_MAX).filter(lambda w: word_problem(w) is None)
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(-1e15, 1e15)


@st.composite
def filled(draw: st.DrawFn) -> tuple[LineArgument, Number | str, str]:
    """An argument, a value of it, and the word that must be sent."""
    name = draw(st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True))
    kind = draw(st.sampled_from((ValueType.I64, ValueType.TEXT, ValueType.BOOL)))
    words = draw(st.lists(WORDS, min_size=2, max_size=4, unique=True))
    if kind is ValueType.TEXT:
        return LineArgument(name, kind, choices=tuple(words)), words[-1], words[-1]
    if kind is ValueType.BOOL:
        value = draw(st.booleans())
        return LineArgument(name, kind, words=(words[0], words[1])), value, words[value]
    number = draw(st.integers(-(2**53), 2**53))
    return LineArgument(name, kind, -(2**53), 2**53), number, str(number)


@given(
    st.lists(filled(), max_size=4, unique_by=lambda one: one[0].name), st.lists(PLAIN), st.data()
)
def test_every_placeholder_is_replaced_once_and_nothing_else(
    arguments: list[tuple[LineArgument, Number | str, str]], plain: list[str], data: st.DataObject
) -> None:
    words = {argument.name: word for argument, _, word in arguments}
    used = [*words, *data.draw(st.lists(st.sampled_from(list(words)), max_size=3))] if words else []
    pieces = data.draw(st.permutations([*(f"{{{name}}}" for name in used), *plain]))
    template = "".join(pieces) + "\n"
    command = LineCommand("x", template, tuple(argument for argument, _, _ in arguments))
    values = {argument.name: value for argument, value, _ in arguments}
    expected = "".join(words[p[1:-1]] if p[:1] == "{" else p for p in pieces) + "\n"
    if len(expected) > TEMPLATE_MAX or len(template) > TEMPLATE_MAX:
        return
    assert template_problem(template, list(words)) is None
    text = command.text(check(command.described(0), values))
    assert text == expected
    assert (text.count("\n"), text.count("\r")) == (1, 0)


@given(NUMBERS)
def test_a_number_comes_back_from_its_digits(number: float) -> None:
    argument = LineArgument("n", ValueType.F64, -1e16, 1e16)
    digits = argument.text(number)
    assert re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", digits)
    assert abs(Decimal(digits) - Decimal(repr(number))) <= Decimal("5e-10")


@given(st.sampled_from(("OK", "ERR", "busy")), PLAIN)
def test_a_failure_is_looked_for_before_a_reply(word: str, rest: str) -> None:
    command = LineCommand("x", "X\n", (), LinePattern.of("OK|ERR"), LinePattern.of("ERR"))
    expected = {"OK": CommandStatus.DONE, "ERR": CommandStatus.FAILED}.get(word)
    assert command.status_of(word + rest) is expected
    assert LineCommand("x", "X\n").status_of(word + rest) is None


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
