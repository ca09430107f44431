"""Command arguments: checked against the board's own schema, packed for the wire."""

import math
from collections.abc import Mapping
from typing import Any

from arduino_iface.schema import Argument, Command
from arduino_iface.values import Number, ValueType


class InvalidArguments(ValueError):
    """The arguments do not fit the command; `problems` has a sentence by argument name."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        """`problems`: argument name to a sentence for the caller."""
        super().__init__("; ".join(f"{name}: {problem}" for name, problem in problems.items()))
        self.problems = dict(problems)


def check(command: Command, arguments: Mapping[str, object]) -> dict[str, Number | str]:
    """The arguments in the order of the command, whole numbers as int.

    Raises `InvalidArguments` with every problem at once.
    """
    problems = {
        name: "is not an argument of this command"
        for name in arguments
        if all(argument.name != name for argument in command.arguments)
    }
    checked: dict[str, Number | str] = {}
    for argument in command.arguments:
        if argument.name not in arguments:
            problems[argument.name] = "is missing"
            continue
        value = arguments[argument.name]
        problem = _problem(argument, value)
        if problem:
            problems[argument.name] = problem
        else:
            assert isinstance(value, int | float | str)
            checked[argument.name] = int(value) if argument.type.integral else value
    if problems:
        raise InvalidArguments(problems)
    return checked


def pack(command: Command, arguments: Mapping[str, object]) -> bytes:
    """The packed arguments. Raises `InvalidArguments` with every problem at once."""
    checked = check(command, arguments)
    packed = bytearray()
    for argument in command.arguments:
        value = checked[argument.name]
        assert not isinstance(value, str)  # boards that take packed arguments have no texts
        packed += argument.type.pack(value)
    return bytes(packed)


def _problem(argument: Argument, value: object) -> str | None:
    if argument.type is ValueType.TEXT:
        known = isinstance(value, str) and value in argument.choices
        return None if known else f"must be one of {', '.join(argument.choices)}"
    if argument.type is ValueType.BOOL:
        return None if isinstance(value, bool) else "must be true or false"
    wanted = "a whole number" if argument.type.integral else "a number"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"must be {wanted}"
    if isinstance(value, float) and not math.isfinite(value):
        return f"must be {wanted}"
    if argument.type.integral and value != int(value):
        return f"must be {wanted}"
    if not argument.minimum <= value <= argument.maximum:
        return f"must be from {argument.minimum} to {argument.maximum}"
    return None


def json_schema(command: Command) -> dict[str, Any]:
    """The arguments as JSON Schema (2020-12), for the API and generated forms."""
    return {
        "type": "object",
        "properties": {argument.name: _property(argument) for argument in command.arguments},
        "required": [argument.name for argument in command.arguments],
        "additionalProperties": False,
    }


def _property(argument: Argument) -> dict[str, Any]:
    if argument.type is ValueType.BOOL:
        return {"type": "boolean"}
    if argument.type is ValueType.TEXT:
        return {"type": "string", "enum": list(argument.choices)}
    kind = "integer" if argument.type.integral else "number"
    return {"type": kind, "minimum": argument.minimum, "maximum": argument.maximum}
