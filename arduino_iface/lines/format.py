r"""Lines that a sketch prints: read as JSON, CSV, key=value or by a pattern.

No I/O here. Lines carry no checksum: a digit lost on the wire is not noticed. Lines that do not have the
form of a reading are counted and skipped.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from arduino_iface.lines.json_text import FIELDS_MAX, json_fields
from arduino_iface.lines.numbers import is_no_value
from arduino_iface.lines.places import LinePlaces
from arduino_iface.lines.units import UNITS

_BLANKS = " \t\0"


class FormatKind(Enum):
    """How a line is read."""

    JSON = "json"
    CSV = "csv"
    KEYVALUE = "keyvalue"
    PATTERN = "pattern"


@dataclass(frozen=True, slots=True)
class LineFormat:
    """The form of the lines.

    `columns` and `delimiter` are of CSV; columns without a name are "", and the delimiter " " stands for any
    blanks. `pairs` stands between pairs of key=value (" " means any blanks), `equals` between a key and its
    value. `patterns` are tried in turn. `prefix` and `suffix` enclose each line and are cut off; `decimal` is
    the mark before the fraction of a number.
    """

    kind: FormatKind
    columns: tuple[str, ...] = ()
    delimiter: str = ","
    pairs: str = " "
    equals: str = "="
    patterns: tuple[LinePlaces, ...] = ()
    prefix: str = ""
    suffix: str = ""
    decimal: str = "."

    def fields(self, line: str) -> Mapping[str, object] | None:
        """The fields of a line by name, not yet converted; None when it does not have this form.

        Fields of objects in JSON have dotted names; those of CSV have the names of the columns and also
        their numbers from 1.
        """
        body = self.body(line)
        if body is None:
            return None
        match self.kind:
            case FormatKind.JSON:
                return json_fields(body.strip(_BLANKS))
            case FormatKind.CSV:
                return self._cells(body)
            case FormatKind.KEYVALUE:
                return self._pairs(body.strip(_BLANKS))
            case FormatKind.PATTERN:
                return self._places(body)

    def body(self, line: str) -> str | None:
        """What stands between `prefix` and `suffix`; None when it does not stand there."""
        if not self.prefix and not self.suffix:
            return line
        line = line.strip(_BLANKS)
        if not line.startswith(self.prefix) or not line.endswith(self.suffix):
            return None
        end = len(line) - len(self.suffix)
        return line[len(self.prefix) : end] if end >= len(self.prefix) else None

    @property
    def named(self) -> tuple[str, ...]:
        """The names that the format itself gives to fields."""
        places = (name for one in self.patterns for name in one.names)
        return tuple(dict.fromkeys((*filter(None, self.columns), *places)))

    def _cells(self, line: str) -> Mapping[str, object] | None:
        # A tab at the ends of a line may be the delimiter of an empty cell.
        line = line.strip(" \0") if "\t" in self.delimiter else line.strip(_BLANKS)
        parts = line.split() if self.delimiter == " " else line.split(self.delimiter)
        cells = [cell.strip().strip('"') for cell in parts]
        if self.columns and len(cells) == len(self.columns) + 1 and not cells[-1]:
            cells.pop()  # each value is followed by the delimiter, the last one too
        if self.columns and len(cells) != len(self.columns):
            return None
        names = [name for name in self.columns if name]
        if (
            names
            and [cell for cell, name in zip(cells, self.columns, strict=True) if name] == names
        ):
            return None  # a line of headings
        found: dict[str, object] = {str(n): cell for n, cell in enumerate(cells[:FIELDS_MAX], 1)}
        found |= {name: cell for name, cell in zip(self.columns, cells, strict=False) if name}
        return found

    def _places(self, line: str) -> Mapping[str, object] | None:
        for pattern in self.patterns:
            found = pattern.fields(line)
            if found is not None:
                return found
        return None

    def _pairs(self, line: str) -> Mapping[str, object] | None:
        if self.pairs == " ":
            return self._pairs_by_blanks(line)
        found: dict[str, object] = {}
        name = ""
        for piece in line.split(self.pairs)[:FIELDS_MAX]:
            before, equals, value = piece.partition(self.equals)
            if equals and before.strip():
                name = before.strip()
                found[name] = value.strip()
            elif found and self._is_rest_of_number(piece):
                found[name] = f"{found[name]}{self.pairs}{piece}"
            elif piece.strip():
                return None  # a sentence that contains an equals sign
        return found or None

    def _is_rest_of_number(self, piece: str) -> bool:
        """Whether the comma before it stood inside a number: `1,013 hPa`, or a decimal comma."""
        digits = piece[:3] if self.decimal == "." else piece[:1]
        return self.pairs == "," and len(digits) in (1, 3) and digits.isdigit()

    def _pairs_by_blanks(self, line: str) -> Mapping[str, object] | None:
        """Blanks may also pad a value, stand around the equals sign, or stand before a unit."""
        equals = self.equals.strip() or self.equals
        if line.count(equals) == 1 and (alone := _alone(line, equals)) is not None:
            return alone
        found: dict[str, str] = {}
        name = ""
        label: list[str] = []  # the first words of a name of several
        # Blanks around the equals sign would make a name, a sign and a value of one pair.
        tidy = re.sub(rf"[ \t]+{re.escape(equals)}", equals, line)
        for word in tidy.split():
            before, sign, after = word.partition(equals)
            if sign and before and not (label and after):
                name = " ".join([*label, before])
                label = []
                found[name] = after
            elif sign:
                return None  # a sentence that contains an equals sign
            elif name and not label and not found[name]:
                found[name] = word
            elif name and not label and _continues(found[name], word):
                found[name] = f"{found[name]} {word}"
            else:
                label.append(word)
        if label or not found or len(found) > FIELDS_MAX:
            return None
        return {key: value.rstrip(",;") for key, value in found.items()}


_UNIT_WORDS = frozenset(word for unit in UNITS for word in unit.split())


def _continues(value: str, word: str) -> bool:
    """Whether a word after a number, or a word for "no value", is its unit."""
    number = value[:1].isdigit() or value[:1] in "+-." or is_no_value(value)
    return number and word.rstrip(",;") in _UNIT_WORDS


def _alone(line: str, equals: str) -> Mapping[str, object] | None:
    """A line of one pair whose name may have several words: `Approx. altitude = 45.2 m`."""
    name, _, value = line.partition(equals)
    blanks_around = value[:1] in (" ", "\t") or name[-1:] in (" ", "\t")
    return {name.strip(): value.strip()} if blanks_around and name.strip() else None
