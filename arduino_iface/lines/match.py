"""Patterns of replies, limited to those that match in bounded time.

`re` backtracks: for some patterns the number of steps doubles with each character of the line, so a board, or
noise, could block a thread. A pattern is refused when a line of `MATCH_MAX` characters could take more than
2**26 steps. The count is an upper bound, so some harmless patterns are refused as well.
"""

import re
import warnings
from dataclasses import dataclass

MATCH_MAX = 128
"""Characters of a line that are looked at."""

PATTERN_MAX = 128
"""Characters of a pattern."""

_STEPS_LOG2_MAX = 26
_CHARACTERS_LOG2 = 7
_OPENINGS = ("(?:",)
_BOUNDS = re.compile(r"\{[0-9]*(?:,[0-9]*)?\}")


@dataclass(frozen=True, slots=True)
class LinePattern:
    """A regular expression that must fit the beginning of a line."""

    text: str
    _compiled: re.Pattern[str]

    @classmethod
    def of(cls, text: str) -> "LinePattern":
        """Raises `ValueError` for an invalid pattern, or one that could take too long."""
        if not 0 < len(text) <= PATTERN_MAX:
            raise ValueError(f"is not 1 to {PATTERN_MAX} characters long")
        try:
            # The filter is process-wide: configuration is read in one thread only.
            with warnings.catch_warnings():
                warnings.simplefilter("error", FutureWarning)  # "[[a]" will change its meaning
                compiled = re.compile(text)
        except (re.error, OverflowError, RecursionError, FutureWarning) as error:
            raise ValueError(f"is not a valid regular expression: {error}") from error
        _Cost(text).check()
        return cls(text, compiled)

    def fits(self, line: str) -> bool:
        """Whether the pattern matches at the beginning of the line."""
        return self._compiled.match(line[:MATCH_MAX]) is not None


class _Cost:
    """Walks through a valid pattern and counts the choices it leaves to the matcher, in bits."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0
        self._log2 = _CHARACTERS_LOG2

    def check(self) -> None:
        """Raise `ValueError` when the pattern could take too many steps."""
        self._sequence()
        if self._log2 > _STEPS_LOG2_MAX:
            raise ValueError("could take too long: it has too many of * + ? { } and |")

    def _sequence(self) -> bool:
        """Up to the end of the group; whether it leaves a choice."""
        open_choice = False
        while self._place < len(self._text) and self._text[self._place] != ")":
            letter = self._text[self._place]
            if letter == "|":
                self._place += 1
                self._log2 += 1
                open_choice = True
                continue
            inner = self._atom(letter)
            repeated = self._quantifier()
            if repeated and inner:
                raise ValueError(
                    "repeats a group that has a choice in it, which could take too long"
                )
            self._log2 += repeated
            open_choice |= inner or bool(repeated)
        return open_choice

    def _atom(self, letter: str) -> bool:
        """Pass one character, class or group; whether it leaves a choice."""
        if letter == "\\":
            if self._text[self._place + 1].isdigit():
                raise ValueError("refers back to a group, which could take too long")
            self._place += 2
        elif letter == "[":
            self._pass_class()
        elif letter == "(":
            return self._group()
        else:
            self._place += 1
        return False

    def _group(self) -> bool:
        opening = next((one for one in _OPENINGS if self._text.startswith(one, self._place)), "(")
        if opening == "(" and self._text.startswith("(?", self._place):
            raise ValueError("has a group other than ( ) and (?: )")
        self._place += len(opening)
        inner = self._sequence()
        self._place += 1
        return inner

    def _pass_class(self) -> None:
        self._place += 1
        if self._text.startswith("^", self._place):
            self._place += 1
        first = True
        while first or self._text[self._place] != "]":
            self._place += 2 if self._text[self._place] == "\\" else 1
            first = False
        self._place += 1

    def _quantifier(self) -> int:
        """Pass a quantifier; how many bits of choice it adds."""
        letter = self._text[self._place : self._place + 1]
        bits = 0
        if letter and letter in "*+":
            bits = _CHARACTERS_LOG2
            self._place += 1
        elif letter == "?":
            bits = 1
            self._place += 1
        elif letter == "{" and (match := _BOUNDS.match(self._text, self._place)) is not None:
            # {3} leaves no choice, but is counted like {3,}.
            bits = _CHARACTERS_LOG2
            self._place = match.end()
        if bits and self._text[self._place : self._place + 1] in ("?", "+"):
            self._place += 1  # lazy or possessive
        return bits
