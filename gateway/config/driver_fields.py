"""Values that only the drivers for existing sketches have: types, limits, patterns, lists of tables."""

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError, fields

from arduino_iface.lines.match import LinePattern
from arduino_iface.lines.template import sendable_problem, word_problem
from arduino_iface.registers.map import (
    FIRST_BYTE,
    REGISTER_TYPES,
    EchoFirstByte,
    EchoRegister,
    RegisterType,
)
from gateway.config.fields import (
    MISSING,
    UNKNOWN,
    Text,
    a_text,
    digits,
    kind,
    messages_by_key,
    refuse,
    shown,
)
from gateway.config.problems import Finding, close_match

CHANNELS_MAX = 64
COMMANDS_MAX = 64
ARGUMENTS_MAX = 16
REGISTER_MAX = 0xFFFF

SMALL_NAME = re.compile(r"[a-z][a-z0-9_]{0,23}", re.ASCII)
_UNIT = re.compile(r"[^\s\x00-\x1f\x7f]{1,24}")
_FIELD = re.compile(r"[^\x00-\x1f\x7f]{1,128}")


def small_name(**kwargs: Any) -> Text:
    """The name of a channel, command or argument, as boards write them that describe themselves."""
    rule = "is not 1 to 24 small letters, digits or _, beginning with a letter"
    return Text("temperature", SMALL_NAME, rule, **kwargs)


def unit(**kwargs: Any) -> Text:
    """A unit of SenML."""
    return Text("Cel", _UNIT, "cannot be a unit: it has blanks or is too long", **kwargs)


def field_name(**kwargs: Any) -> Text:
    """The name of a field in a line."""
    return Text("temperature", _FIELD, "cannot be the name of a field", **kwargs)


class Flag(fields.Field[bool]):
    """true or false."""

    def _deserialize(self, value: object, *_: object, **__: object) -> bool:
        if not isinstance(value, bool):
            raise refuse(f"{shown(value)} is {kind(value)}, not true or false")
        return value


class Number(fields.Field[int | float]):
    """Any finite number, or one that is not below `minimum`."""

    def __init__(self, minimum: float = -math.inf, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._minimum = minimum

    def _deserialize(self, value: object, *_: object, **__: object) -> int | float:
        number = _number(value)
        if number < self._minimum:
            raise refuse(f"{shown(value)} is below {self._minimum:g}")
        return number


class Exact(fields.Field[Decimal]):
    """A scale or an offset, in the digits in which it was written; a scale is not 0."""

    def __init__(self, *, zero: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._zero = zero

    def _deserialize(self, value: object, *_: object, **__: object) -> Decimal:
        number = Decimal(repr(_number(value)))
        if not number and not self._zero:
            raise refuse("0 would make every value the same")
        if abs(number) > Decimal("1e30") or 0 < abs(number) < Decimal("1e-30"):
            raise refuse(f"{shown(value)} is not a usable number")
        return number


class Numbers(fields.Field[tuple[int | float, ...]]):
    """A number or a list of them."""

    def _deserialize(self, value: object, *_: object, **__: object) -> tuple[int | float, ...]:
        if not isinstance(value, list):
            return (_number(value),)
        if len(value) > CHANNELS_MAX:
            raise refuse(f"has {len(value)} numbers; at most {CHANNELS_MAX} are taken")
        return tuple(_number(item) for item in value)


def _number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        hint = f"write {value} without quotes" if digits(value) else None
        raise refuse(f"{shown(value)} is {kind(value)}, not a number", hint)
    if not math.isfinite(value):
        raise refuse(f"{shown(value)} is not a finite number")
    return value


class RegisterKind(fields.Field[RegisterType]):
    """The type of a register."""

    def _deserialize(self, value: object, *_: object, **__: object) -> RegisterType:
        text = a_text(value, "u16be")
        found = REGISTER_TYPES.get(text)
        if found is None:
            both = [text + order for order in ("le", "be")]
            hint = close_match(text, list(REGISTER_TYPES))
            if both[0] in REGISTER_TYPES:
                hint = f'write "{both[0]}" (low byte first) or "{both[1]}" (high byte first)'
            raise refuse(f"there is no type {shown(text)}", hint)
        return found


class Echo(fields.Field[EchoRegister | EchoFirstByte]):
    """How a sketch says which register it answers for."""

    def _deserialize(self, value: object, *_: object, **__: object) -> EchoRegister | EchoFirstByte:
        if value == "first_byte":
            return FIRST_BYTE
        register = value.get("register") if isinstance(value, dict) and len(value) == 1 else None
        if isinstance(register, bool) or not isinstance(register, int):
            hint = 'write "first_byte" or { register = 0xFE }'
            raise refuse(f"{shown(value)} is no echo", hint)
        if not 0 <= register <= REGISTER_MAX:
            raise refuse(f"{register:#x} is no register")
        return EchoRegister(register)


class Bits8Or16(fields.Field[int]):
    """How many bits the number of a register has."""

    def _deserialize(self, value: object, *_: object, **__: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and value in (8, 16):
            return value
        raise refuse(f"{shown(value)} is not 8 or 16")


class Pattern(fields.Field[LinePattern]):
    """A regular expression for the beginning of a line."""

    def _deserialize(self, value: object, *_: object, **__: object) -> LinePattern:
        text = a_text(value, "OK")
        try:
            return LinePattern.of(text)
        except ValueError as error:
            hint = "use few of * + ? { } and |, none of them on a group with another in it"
            raise refuse(f"{shown(text)} {error}", hint) from error


class Sendable(fields.Field[str]):
    """A text that is sent to a sketch."""

    def _deserialize(self, value: object, *_: object, **__: object) -> str:
        if not isinstance(value, str):
            raise refuse(
                f"{shown(value)} is {kind(value)}, not a text", 'write for example "READ\\n"'
            )
        problem = sendable_problem(value)
        if problem:
            raise refuse(problem)
        return value


class Separator(fields.Field[str]):
    """What stands between parts of a line; may be a blank or a tabulator."""

    def _deserialize(self, value: object, *_: object, **__: object) -> str:
        if not isinstance(value, str) or not 1 <= len(value) <= 4 or "\n" in value or "\r" in value:
            raise refuse(f"{shown(value)} is not 1 to 4 characters", 'write for example ","')
        return value


class Words(fields.Field[tuple[str, ...]]):
    """Words that stand for values of an argument: from `minimum` to `maximum` of them."""

    def __init__(self, minimum: int, maximum: int, example: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._minimum, self._maximum, self._example = minimum, maximum, example

    def _deserialize(self, value: object, *_: object, **__: object) -> tuple[str, ...]:
        hint = f"write for example {self._example}"
        if not isinstance(value, list):
            raise refuse(f"{shown(value)} is {kind(value)}, not a list", hint)
        if not self._minimum <= len(value) <= self._maximum:
            raise refuse(f"has {len(value)} words, not {self._minimum} to {self._maximum}", hint)
        for item in value:
            problem = word_problem(item) if isinstance(item, str) else "is no text"
            if problem:
                raise refuse(f"{shown(item)} {problem}", hint)
        if len(set(value)) != len(value):
            raise refuse("has a word twice", hint)
        return tuple(value)


class Columns(fields.Field[tuple[str, ...]]):
    """The names of the columns of CSV, "" for one that is left out."""

    def _deserialize(self, value: object, *_: object, **__: object) -> tuple[str, ...]:
        hint = 'write for example ["time", "temperature"], "" for a column to leave out'
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise refuse("is not a list of names", hint)
        if not 1 <= len(value) <= CHANNELS_MAX:
            raise refuse(f"has {len(value)} names, not 1 to {CHANNELS_MAX}", hint)
        for item in value:
            if item and _FIELD.fullmatch(item) is None:
                raise refuse(f"{shown(item)} cannot be the name of a column", hint)
        named = [item for item in value if item]
        if len(set(named)) != len(named):
            raise refuse("has a name twice", hint)
        if not named:
            raise refuse("names no column", hint)
        return tuple(value)


class Bits(fields.Field[tuple[int, int]]):
    """A bit field: the number of its lowest bit, and how many bits it has."""

    def _deserialize(self, value: object, *_: object, **__: object) -> tuple[int, int]:
        hint = "write for example { offset = 4, width = 3 }"
        if not isinstance(value, dict) or value.keys() != {"offset", "width"}:
            raise refuse(f"{shown(value)} is no bit field", hint)
        for name, lowest, highest in (("offset", 0, 63), ("width", 1, 64)):
            item = value[name]
            if isinstance(item, bool) or not isinstance(item, int) or not lowest <= item <= highest:
                raise refuse(f"{name} is not a whole number from {lowest} to {highest}", hint)
        return value["offset"], value["width"]


class Tables(fields.Field[tuple[Mapping[str, Any], ...]]):
    """A list of tables of one kind."""

    def __init__(
        self, schema: type[Schema], maximum: int, examples: Mapping[str, str], **kwargs: Any
    ) -> None:
        """`examples`: what to write for a key that is missing."""
        super().__init__(**kwargs)
        self.schema = schema
        self._maximum = maximum
        self._examples = examples

    def _deserialize(
        self, value: object, *_: object, **__: object
    ) -> tuple[Mapping[str, Any], ...]:
        if not isinstance(value, list):
            raise refuse(f"{shown(value)} is {kind(value)}, not a list of tables")
        if len(value) > self._maximum:
            raise refuse(f"has {len(value)} tables; at most {self._maximum} are taken")
        found: list[Mapping[str, Any]] = []
        wrong: dict[int, Any] = {}
        for number, item in enumerate(value):
            if not isinstance(item, dict):
                wrong[number] = [Finding(f"{shown(item)} is {kind(item)}, not a table")]
                continue
            schema = self.schema()
            try:
                found.append(schema.load(item))
            except ValidationError as error:
                known = tuple(schema.fields)
                wrong[number] = {
                    key: self._in_words(key, findings, known)
                    for key, findings in messages_by_key(error).items()
                }
        if wrong:
            raise ValidationError(wrong)
        return tuple(found)

    def _in_words(self, key: str, findings: object, known: tuple[str, ...]) -> object:
        """What marshmallow says of a key of this table, with a suggestion."""
        if findings == [UNKNOWN]:
            return [Finding(UNKNOWN, close_match(str(key), known))]
        if findings == [MISSING]:
            return [Finding(MISSING, self._examples.get(key))]
        return findings
