"""Command arguments: packed for the wire, refused with every reason at once, described as JSON Schema."""

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arduino_iface.arguments import InvalidArguments, json_schema, pack
from arduino_iface.schema import Command, parse
from tests.arduino_iface import vectors

FAN, VALVE, RESET = parse(vectors.SCHEMA_TEXT).commands


def command(arguments: str) -> Command:
    return parse(f"gw 1\nname x\ncommand go {arguments}").commands[0]


GO = command("level:i16:-100:100 ratio:f32:-0.5:0.5 open:bool")


def test_the_vector() -> None:
    assert pack(FAN, {"speed": 128}) == b"\x80"
    assert pack(VALVE, {"open": True}) == b"\x01"
    assert pack(VALVE, {"open": False}) == b"\x00"
    assert pack(RESET, {}) == b""


def test_arguments_are_packed_in_the_order_of_the_schema() -> None:
    packed = pack(GO, {"open": True, "ratio": 0.25, "level": -2})
    assert packed == struct.pack("<hfB", -2, 0.25, 1)


def test_a_whole_number_may_come_as_a_float_and_the_other_way_round() -> None:
    assert pack(GO, {"open": True, "ratio": 0, "level": 5.0}) == struct.pack("<hfB", 5, 0.0, 1)


@pytest.mark.parametrize("edge", [-100, 100])
def test_bounds_are_inclusive(edge: int) -> None:
    assert pack(GO, {"open": True, "ratio": 0.5, "level": edge})


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("level", 101, "must be from -100 to 100"),
        ("level", -101, "must be from -100 to 100"),
        ("level", 0.5, "must be a whole number"),
        ("level", True, "must be a whole number"),
        ("level", "5", "must be a whole number"),
        ("level", None, "must be a whole number"),
        ("level", [5], "must be a whole number"),
        ("level", float("nan"), "must be a whole number"),
        ("level", float("inf"), "must be a whole number"),
        ("level", 10**400, "must be from -100 to 100"),
        ("ratio", 0.6, "must be from -0.5 to 0.5"),
        ("ratio", float("nan"), "must be a number"),
        ("ratio", False, "must be a number"),
        ("ratio", -(10**400), "must be from -0.5 to 0.5"),
        ("open", 1, "must be true or false"),
        ("open", "true", "must be true or false"),
    ],
)
def test_what_does_not_fit_is_refused(name: str, value: object, problem: str) -> None:
    with pytest.raises(InvalidArguments) as caught:
        pack(GO, {"level": 1, "ratio": 0.1, "open": True, name: value})
    assert caught.value.problems == {name: problem}
    assert f"{name}: {problem}" in str(caught.value)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(InvalidArguments) as caught:
        pack(GO, {"level": 500, "speed": 1, "open": 0})
    assert caught.value.problems == {
        "speed": "is not an argument of this command",
        "level": "must be from -100 to 100",
        "ratio": "is missing",
        "open": "must be true or false",
    }


@pytest.mark.parametrize("kind", ["u8", "i8", "u16", "i16", "u32", "i32", "f32", "bool"])
@given(
    value=st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.just([])
    )
)
def test_anything_is_packed_or_refused(kind: str, value: object) -> None:
    subject = command(f"a:{kind}")
    try:
        packed = pack(subject, {"a": value})
    except InvalidArguments:
        return
    assert len(packed) == subject.arguments[0].type.size


def test_the_description_for_forms() -> None:
    expected: dict[str, Any] = {
        "type": "object",
        "properties": {
            "level": {"type": "integer", "minimum": -100, "maximum": 100},
            "ratio": {"type": "number", "minimum": -0.5, "maximum": 0.5},
            "open": {"type": "boolean"},
        },
        "required": ["level", "ratio", "open"],
        "additionalProperties": False,
    }
    assert json_schema(GO) == expected
    assert json_schema(RESET)["properties"] == {}
