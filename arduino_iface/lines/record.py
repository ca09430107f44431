"""Lines that belong together: a record over several lines, and JSON that is printed over several lines."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from arduino_iface.lines import json_text
from arduino_iface.lines.format import FormatKind, LineFormat

RECORD_LINES_MAX = 128
"""Lines of one record; a longer one is given up."""

JSON_MAX = 16 << 10
"""Characters of JSON over several lines; longer ones are given up."""


@dataclass(frozen=True, slots=True)
class Record:
    """The text that the first or last line of a record begins with; "": a blank line; None: unknown."""

    begin: str | None = None
    end: str | None = None

    def begins(self, line: str) -> bool:
        """Whether the record begins with this line."""
        return self.begin is not None and _is_marker(line, self.begin)

    def ends(self, line: str) -> bool:
        """Whether this line is the last of the record."""
        return self.end is not None and _is_marker(line, self.end)


def _is_marker(line: str, marker: str) -> bool:
    return line.lstrip(" \t").startswith(marker) if marker else not line.strip()


@dataclass(slots=True)
class Gathered:
    """The lines of a record so far. `at_mono`: when the last one came; `texts` are the lines with fields."""

    fields: dict[str, object] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    lines: int = 0
    at_mono: float = 0.0

    def add(self, form: LineFormat, line: str, at_mono: float) -> bool:
        """Whether the line has fields, or is a cell of CSV."""
        if form.kind is FormatKind.CSV:
            self.texts.append(line.strip())
            self.fields = dict(form.fields(form.delimiter.join(self.texts)) or {})
        else:
            more = form.fields(line)
            if more is None:
                return False
            self.texts.append(line)
            for name, value in more.items():
                self.fields.setdefault(name, value)
        self.at_mono = at_mono
        return True


class JsonText:
    """Joins the lines of one JSON object. Not thread-safe."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._depth = 0

    def begins(self, line: str) -> bool:
        """Whether this line begins an object that goes on; it is kept then."""
        if not json_text.goes_on(line):
            return False
        self.lines = [line]
        self._depth = json_text.depth(line)
        return True

    def interrupts(self, line: str) -> bool:
        """Whether this line is an object of its own, so that the rest of the one before was lost."""
        if not line.startswith("{") or json_text.inside_list(self.lines):
            return False
        return json_text.json_object(line) is not None

    def add(self, line: str) -> bool:
        """Whether the object is complete now, or cannot be any more."""
        self.lines.append(line)
        self._depth += json_text.depth(line)
        size = sum(map(len, self.lines))
        return self._depth <= 0 or len(self.lines) > RECORD_LINES_MAX or size > JSON_MAX

    def taken(self) -> Mapping[str, object] | None:
        """The fields of the object, None when it is none; nothing is kept."""
        text = " ".join(self.lines)
        self.lines = []
        return json_text.json_fields(text)
