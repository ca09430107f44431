"""A line as an example with places: `Humidity: {h}%  Temperature: {t} C`. No I/O here.

A place takes what stands up to the next literal text, the first time that it occurs, so the time is linear in
the length of the line. A run of blanks in a pattern stands for any blanks.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

PATTERN_MAX = 512
"""Characters of a pattern."""

_PLACE = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[^\x00-\x1f\x7f{}]{0,128}")


@dataclass(frozen=True, slots=True)
class LinePlaces:
    """An example of a line. `names` are those of its places, without the places `{}` that are left out.

    `_steps`: a literal text and the name of the place behind it, None behind the last.
    """

    text: str
    names: tuple[str, ...]
    _steps: tuple[tuple[re.Pattern[str], str | None], ...]

    @classmethod
    def of(cls, text: str) -> "LinePlaces":
        """Raises `ValueError` for what cannot be a pattern."""
        if not 0 < len(text) <= PATTERN_MAX:
            raise ValueError(f"is not 1 to {PATTERN_MAX} characters long")
        pieces = _PLACE.split(text.strip())
        names = pieces[1::2]
        if any("{" in piece or "}" in piece for piece in pieces[::2]):
            raise ValueError("has a bracket { or } that belongs to no place")
        if any(_NAME.fullmatch(name) is None for name in names):
            raise ValueError("has a place whose name cannot be a name")
        named = tuple(name for name in names if name)
        if not named:
            raise ValueError("has no place")
        if len(set(named)) != len(named):
            raise ValueError("has a place twice")
        if any(not piece for piece in pieces[2:-1:2]):
            raise ValueError("has two places with nothing between them")
        literals = [_literal(piece) for piece in pieces[:-1:2]]
        literals.append(_literal(pieces[-1], end=r"[ \t]*\Z"))
        return cls(text, named, tuple(zip(literals, [*names, None], strict=True)))

    def fields(self, line: str) -> Mapping[str, object] | None:
        """The text at each place; None when the line does not look like this."""
        line = line.strip()
        (first, place), *rest = self._steps
        match = first.match(line)
        found: dict[str, object] = {}
        for literal, following in rest:
            begin = _after_blanks(line, match.end() if match is not None else 0)
            match = match and literal.search(line, begin)
            if match is None:
                return None
            if place:
                found[place] = line[begin : match.start()].strip()
            place = following
        return found

    def line(self, values: Mapping[str, str]) -> str:
        """A line that looks like this, with these texts at the places: for simulated boards."""
        return _PLACE.sub(lambda match: values.get(match[1], ""), self.text)


def _literal(text: str, end: str = "") -> re.Pattern[str]:
    if text and not text.strip():
        return re.compile(r"[ \t]+")
    return re.compile(r"[ \t]*".join(re.escape(word) for word in text.split()) + end)


def _after_blanks(line: str, place: int) -> int:
    while place < len(line) and line[place] in " \t":
        place += 1
    return place
