"""The schema, a board's description of itself: channels, commands, timing; one statement a line.

    gw 1
    name greenhouse
    firmware 1.4.0
    sample 1000
    keepalive 30000
    channel temperature i16 Cel 0.01 0
    command fan speed:u8:0:255

Lines with an unknown first word are ignored, so that the format can grow.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from arduino_iface.crc import crc16
from arduino_iface.errors import SchemaError
from arduino_iface.values import DESCRIBED, EXACT_MAX, Number, Value, ValueType, is_whole

SCHEMA_LENGTH_MAX = 8192
"""Longest schema accepted, bytes: a quarter of the flash of an Arduino Uno (32 KiB)."""

BUILT_IN_CODE_MIN = 0xF0
"""Codes from here on are reserved for commands that every board understands."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,23}")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?")


@dataclass(frozen=True, slots=True)
class Channel:
    """One measured quantity: value = raw x scale + offset; `unit` of SenML (RFC 8428) or None."""

    name: str
    type: ValueType
    unit: str | None
    scale: Decimal = Decimal(1)
    offset: Decimal = Decimal(0)

    def value(self, raw: Value) -> Value:
        """The value in its unit, in the digits that scale and offset carry; None stays None.

        A whole number beyond `EXACT_MAX` becomes a float; one beyond all floats is missing (None).
        """
        if raw is None or isinstance(raw, bool):
            return raw
        if self.scale == 1 and self.offset == 0:
            return float(raw) if isinstance(raw, int) and abs(raw) > EXACT_MAX else raw
        scaled = Decimal(repr(raw)) * self.scale + self.offset
        whole = self.type.integral and is_whole(self.scale) and is_whole(self.offset)
        value = int(scaled) if whole and abs(scaled) <= EXACT_MAX else float(scaled)
        return value if math.isfinite(value) else None

    def unscaled(self, value: Number) -> Decimal:
        """The raw value of a finite value, not yet rounded to what the type can hold."""
        return (Decimal(repr(+value)) - self.offset) / self.scale

    def raw(self, value: Value) -> Number:
        """The nearest raw value, clamped to the type's range; for None the type's missing value."""
        if value is None or not math.isfinite(value):
            return self.type.missing
        if self.type is ValueType.BOOL:
            return int(bool(value))
        scaled = self.unscaled(value)
        lowest, highest = self.type.lowest, self.type.highest
        if self.type in (ValueType.F32, ValueType.F64):
            return min(max(float(scaled), lowest), highest)
        lowest += self.type.missing == lowest
        highest -= self.type.missing == highest
        return min(max(int(scaled.to_integral_value()), int(lowest)), int(highest))


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a command; bounds are inclusive and within the range of its type.

    A TEXT argument is one of `choices`; the schema language has none.
    """

    name: str
    type: ValueType
    minimum: Number = 0
    maximum: Number = 0
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a board; `code` is its place in the schema, from 0."""

    name: str
    code: int
    arguments: tuple[Argument, ...] = ()


@dataclass(frozen=True, slots=True)
class Schema:
    """Everything a board says of itself. Times in ms; `keepalive_ms` 0: the board has no safe state."""

    name: str
    firmware: str = ""
    sample_ms: int = 1000
    keepalive_ms: int = 0
    channels: tuple[Channel, ...] = ()
    commands: tuple[Command, ...] = ()
    text: str = field(default="", compare=False, repr=False)

    @property
    def sample_size(self) -> int:
        """Bytes of one packed sample: its age and a value for each channel."""
        return 3 + sum(channel.type.size for channel in self.channels)

    @property
    def crc(self) -> int:
        """Checksum of the text, as HELLO states it."""
        return crc16(self.text.encode())

    def command(self, name: str) -> Command | None:
        """The command of that name, or None."""
        return next((command for command in self.commands if command.name == name), None)


def is_name(text: str) -> bool:
    """Whether it is a name of the schema language: lower case letters, digits, `_`, at most 24 characters."""
    return _NAME.fullmatch(text) is not None


def parse(text: str) -> Schema:
    """Parse a schema. Raises `SchemaError`, which names the line and its fault."""
    parser = _Parser()
    for number, line in enumerate(text.split("\n"), start=1):
        words = line.split(" ")
        if words[0] != "gw":
            parser.require_version(number, words[0])
        statement = _STATEMENTS.get(words[0])
        if statement is None:
            continue
        try:
            statement(parser, words[1:])
        except ValueError as error:
            raise SchemaError(f"schema line {number} {line!r}: {error}") from error
    return parser.finish(text)


class _Parser:
    """The statements so far."""

    def __init__(self) -> None:
        self.version = 0
        self.name = ""
        self.firmware = ""
        self.sample_ms = 1000
        self.keepalive_ms = 0
        self.channels: list[Channel] = []
        self.commands: list[Command] = []

    def require_version(self, number: int, word: str) -> None:
        if word and not self.version:
            raise SchemaError(f"schema line {number}: the first statement must be 'gw 1'")

    def finish(self, text: str) -> Schema:
        if not self.version:
            raise SchemaError("the schema has no statement 'gw 1'")
        if not self.name:
            raise SchemaError("the schema has no statement 'name'")
        return Schema(
            self.name,
            self.firmware,
            self.sample_ms,
            self.keepalive_ms,
            tuple(self.channels),
            tuple(self.commands),
            text,
        )

    def gw(self, words: list[str]) -> None:
        if words != ["1"]:
            raise ValueError("unsupported version of the schema language; 1 expected")
        self.version = 1

    def take_name(self, words: list[str]) -> None:
        self.name = _checked_name(_only(words))

    def take_firmware(self, words: list[str]) -> None:
        self.firmware = _only(words)

    def sample(self, words: list[str]) -> None:
        self.sample_ms = _bounded(_only(words), 1)

    def keepalive(self, words: list[str]) -> None:
        self.keepalive_ms = _bounded(_only(words), 0)

    def channel(self, words: list[str]) -> None:
        if len(words) != 5:
            raise ValueError("expected: channel NAME TYPE UNIT SCALE OFFSET")
        name, kind, unit, scale, offset = words
        if not unit:
            raise ValueError("an empty unit; write - for none")
        if any(known.name == name for known in self.channels):
            raise ValueError(f"duplicate channel {name}")
        channel = Channel(
            _checked_name(name),
            _type(kind),
            None if unit == "-" else unit,
            _finite(scale),
            _finite(offset),
        )
        if channel.scale == 0:
            raise ValueError("a scale of 0 would make every value the same")
        self.channels.append(channel)

    def command(self, words: list[str]) -> None:
        name, *arguments = words or [""]
        if any(known.name == name for known in self.commands):
            raise ValueError(f"duplicate command {name}")
        code = len(self.commands)
        if code >= BUILT_IN_CODE_MIN:
            raise ValueError(f"at most {BUILT_IN_CODE_MIN} commands")
        parsed = tuple(_argument(text) for text in arguments)
        if len({argument.name for argument in parsed}) != len(parsed):
            raise ValueError("duplicate argument")
        self.commands.append(Command(_checked_name(name), code, parsed))


_STATEMENTS: dict[str, Callable[[_Parser, list[str]], None]] = {
    "gw": _Parser.gw,
    "name": _Parser.take_name,
    "firmware": _Parser.take_firmware,
    "sample": _Parser.sample,
    "keepalive": _Parser.keepalive,
    "channel": _Parser.channel,
    "command": _Parser.command,
}


def _only(words: list[str]) -> str:
    if len(words) != 1 or not words[0]:
        raise ValueError("expected exactly one word after the first")
    return words[0]


def _checked_name(name: str) -> str:
    if not is_name(name):
        raise ValueError(
            f"invalid name {name!r}: lower case letters, digits and _, at most 24 characters"
        )
    return name


def _type(word: str) -> ValueType:
    try:
        return ValueType.of(word)
    except KeyError:
        known = " ".join(kind.word for kind in DESCRIBED)
        raise ValueError(f"unknown type {word!r}; known: {known}") from None


def _bounded(text: str, lowest: int) -> int:
    if not text.isascii() or not text.isdigit() or not lowest <= int(text) <= 0xFFFF_FFFF:
        raise ValueError(f"{text!r} is not a number of ms from {lowest} to {0xFFFF_FFFF}")
    return int(text)


def _finite(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is not a number")
    number = Decimal(text)
    if abs(number) > Decimal("1e30") or 0 < abs(number) < Decimal("1e-30"):
        raise ValueError(f"{text!r} is outside 1e-30 to 1e30")
    return number


def _argument(text: str) -> Argument:
    name, *rest = text.split(":")
    if len(rest) not in (1, 3):
        raise ValueError(f"invalid argument {text!r}: expected NAME:TYPE or NAME:TYPE:MIN:MAX")
    kind = _type(rest[0])
    lowest, highest = kind.lowest, kind.highest
    if len(rest) == 3:
        limits = [_finite(word) for word in rest[1:]]
        if not limits[0] <= limits[1]:
            raise ValueError(f"{text!r}: the lower bound is above the upper one")
        if limits[0] < Decimal(lowest) or limits[1] > Decimal(highest):
            raise ValueError(f"{text!r}: the bounds are outside {kind.word}")
        if kind is ValueType.F32:
            lowest, highest = float(limits[0]), float(limits[1])
        elif all(is_whole(limit) for limit in limits):
            lowest, highest = int(limits[0]), int(limits[1])
        else:
            raise ValueError(f"{text!r}: bounds of {kind.word} must be whole numbers")
    return Argument(_checked_name(name), kind, lowest, highest)
