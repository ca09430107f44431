"""Lines sent to a sketch: templates with placeholders for arguments.

Arguments are formatted by their type alone, as digits or as one of the words of the configuration, so that a
caller cannot inject a second command or a line end.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from arduino_iface.lines.match import LinePattern
from arduino_iface.messages import CommandStatus
from arduino_iface.schema import Argument, Command
from arduino_iface.values import Number, ValueType

TEMPLATE_MAX = 256
"""Characters of a template, and of a text that is sent."""

WORD_MAX = 32
"""Characters of a word that stands for an argument."""

DECIMALS_MAX = 9
"""Digits after the point of a number that is sent."""

_PLACE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_SENDABLE = re.compile(r"[\x20-\x7e\t\r\n]+")
_WORD = re.compile(rf"[\x21-\x7e](?:[\x20-\x7e]{{0,{WORD_MAX - 2}}}[\x21-\x7e])?")


@dataclass(frozen=True, slots=True)
class LineArgument:
    """One argument of a command sent as a line, bounds inclusive.

    `type` is I64, F64, BOOL or TEXT; a TEXT argument is one of `choices`, a BOOL one is sent as the first
    word of `words` for false and the second for true.
    """

    name: str
    type: ValueType
    minimum: Number = 0
    maximum: Number = 0
    choices: tuple[str, ...] = ()
    words: tuple[str, str] = ("0", "1")

    @property
    def described(self) -> Argument:
        """The argument as a schema describes it."""
        return Argument(self.name, self.type, self.minimum, self.maximum, self.choices)

    def text(self, value: Number | str) -> str:
        """A checked value as it is sent; numbers without an exponent, which few sketches parse."""
        if self.type is ValueType.BOOL:
            return self.words[bool(value)]
        if isinstance(value, str):
            if value not in self.choices:
                raise ValueError(f"{self.name} is not one of its choices")
            return value
        if isinstance(value, int):
            return str(value)
        rounded = format(Decimal(repr(value)), f".{DECIMALS_MAX}f").rstrip("0").rstrip(".")
        return "0" if rounded == "-0" else rounded


@dataclass(frozen=True, slots=True)
class LineCommand:
    """A command sent as a line.

    `reply` and `failure` are matched against the lines that arrive within `timeout_s` after it. Without a
    `reply` it is only known that the command was sent.
    """

    name: str
    template: str
    arguments: tuple[LineArgument, ...] = ()
    reply: LinePattern | None = None
    failure: LinePattern | None = None
    timeout_s: float = 1.0

    def described(self, code: int) -> Command:
        """The command as a schema describes it."""
        return Command(self.name, code, tuple(one.described for one in self.arguments))

    def text(self, values: Mapping[str, Number | str]) -> str:
        """The line for checked arguments. Raises `ValueError` when it is longer than `TEMPLATE_MAX`."""
        words = {one.name: one.text(values[one.name]) for one in self.arguments}
        text = _PLACE.sub(lambda match: words[match[1]], self.template)
        if len(text) > TEMPLATE_MAX:
            raise ValueError(f"makes a line of {len(text)} characters; at most {TEMPLATE_MAX}")
        return text

    def status_of(self, line: str) -> CommandStatus | None:
        """DONE or FAILED for a line that is the reply to the command; None for any other line."""
        if self.failure is not None and self.failure.fits(line):
            return CommandStatus.FAILED
        if self.reply is not None and self.reply.fits(line):
            return CommandStatus.DONE
        return None


def template_problem(template: str, arguments: Sequence[str]) -> str | None:
    """Why a template does not fit the names of its arguments, or None when it does."""
    problem = sendable_problem(template)
    if problem:
        return problem
    places = _PLACE.findall(template)
    unknown = [place for place in places if place not in arguments]
    if unknown:
        return f"has the placeholder {{{unknown[0]}}}, which is not an argument"
    unused = [name for name in arguments if name not in places]
    return f"has no placeholder {{{unused[0]}}}" if unused else None


def sendable_problem(text: str) -> str | None:
    """Why a text cannot be sent to a sketch, or None when it can."""
    if not 0 < len(text) <= TEMPLATE_MAX:
        return f"is not 1 to {TEMPLATE_MAX} characters long"
    if _SENDABLE.fullmatch(text) is None:
        return "has characters other than printable ASCII, tabs and line ends"
    return None


def word_problem(word: str) -> str | None:
    """Why a word cannot stand for an argument, or None when it can."""
    if _WORD.fullmatch(word) is None:
        return f"is not 1 to {WORD_MAX} characters of printable ASCII without blanks around"
    return None
