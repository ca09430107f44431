r"""Lines that a sketch prints: cut out of bytes, and read as JSON, CSV or key=value.

No I/O here. Lines carry no checksum: a digit lost on the wire is not noticed. Lines that do not have the
form of a reading are counted and skipped.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from arduino_iface.values import EXACT_MAX, Readable, ValueType

LINE_MAX = 1024
"""Bytes of one line; a longer one is skipped as a whole."""

TEXT_MAX = 256
"""Characters kept of a text."""

FIELDS_MAX = 128
"""Fields read from one line; further ones are ignored."""

_DEPTH_MAX = 8
_NUMBER = re.compile(
    r"[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][+-]?[0-9]{1,3})?", re.ASCII
)
# A unit may follow, after a blank: without one, a damaged digit would pass for a unit.
_UNIT = re.compile(r"[ \t]+[^\d\s]{1,8}")
_MISSING = frozenset(
    {"", "nan", "+nan", "-nan", "inf", "+inf", "-inf", "null", "none", "ovf", "-ovf"}
)
_TRUTH = {
    **dict.fromkeys(("true", "1", "on", "yes", "high"), True),
    **dict.fromkeys(("false", "0", "off", "no", "low"), False),
}


class LineSplitter:
    """Bytes in, whole lines out. Not thread-safe.

    The first line after a `reset` is left out: its beginning may be missing, and the rest of a number is a
    number too. `overlong`, `undecodable` and `cut` count damaged lines since it was made.
    """

    def __init__(self) -> None:
        self.overlong = 0
        self.undecodable = 0
        self.cut = 0
        self._rest = bytearray()
        self._skipping = False
        self._beginning = True

    @property
    def untouched(self) -> bool:
        """Whether nothing was received since the `reset`."""
        return self._beginning and not self._rest and not self._skipping

    def reset(self) -> None:
        """Forget received bytes: the port was opened again."""
        self._rest.clear()
        self._skipping = False
        self._beginning = True

    def drop_rest(self) -> None:
        """Forget a line that has begun; the next byte begins a line."""
        if self._rest and not self._beginning:
            self.cut += 1
        self._rest.clear()
        self._skipping = self._beginning = False

    def feed(self, data: bytes) -> list[str]:
        """The lines that are complete now, without their ends; empty ones are left out."""
        lines = []
        pieces = (bytes(self._rest) + data).replace(b"\r", b"\n").split(b"\n")
        self._rest[:] = pieces.pop()
        for piece in pieces:
            line = self._finish(piece)
            if line:
                lines.append(line)
        if len(self._rest) > LINE_MAX:
            # Its end is still to come; only that it is too long is remembered.
            self._rest.clear()
            self._skipping = True
        return lines

    def _finish(self, piece: bytes) -> str:
        beginning, self._beginning = self._beginning, False
        skipping, self._skipping = self._skipping, False
        if beginning:
            self.cut += bool(piece) or skipping
            return ""
        if skipping or len(piece) > LINE_MAX:
            self.overlong += 1
            return ""
        text = piece.decode("utf-8", errors="replace")
        self.undecodable += "\ufffd" in text
        return text.strip(" \t\0")


class FormatKind(Enum):
    """How a line is read."""

    JSON = "json"
    CSV = "csv"
    KEYVALUE = "keyvalue"


@dataclass(frozen=True, slots=True)
class LineFormat:
    """The form of the lines.

    `columns` and `delimiter` are of CSV; columns without a name are "". `pairs` stands between pairs of
    key=value (a blank means any blanks), `equals` between a key and its value.
    """

    kind: FormatKind
    columns: tuple[str, ...] = ()
    delimiter: str = ","
    pairs: str = " "
    equals: str = "="

    def fields(self, line: str) -> Mapping[str, object] | None:
        """The fields of a line by name, not yet converted; None when it does not have this form.

        Fields of objects in JSON have dotted names; those of CSV have the names of the columns and also
        their numbers from 1.
        """
        match self.kind:
            case FormatKind.JSON:
                return _json_fields(line)
            case FormatKind.CSV:
                return self._cells(line)
            case FormatKind.KEYVALUE:
                return self._pairs(line)

    def _cells(self, line: str) -> Mapping[str, object] | None:
        cells = [cell.strip().strip('"') for cell in line.split(self.delimiter)]
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

    def _pairs(self, line: str) -> Mapping[str, object] | None:
        pieces = line.split(None if self.pairs.isspace() else self.pairs)
        found: dict[str, object] = {}
        for piece in pieces[:FIELDS_MAX]:
            name, equals, value = piece.partition(self.equals)
            if not equals or not name.strip():
                if piece.strip():
                    return None  # a sentence that contains an equals sign
                continue
            found[name.strip()] = value.strip()
        return found or None


def _json_fields(line: str) -> Mapping[str, object] | None:
    if not line.startswith("{"):
        return None
    try:
        tree = json.loads(line)
    except (ValueError, RecursionError):
        return None
    found: dict[str, object] = {}
    _flatten(tree, "", found, _DEPTH_MAX)
    return found or None


def _flatten(value: object, path: str, found: dict[str, object], depth: int) -> None:
    if len(found) >= FIELDS_MAX or not depth:
        return
    parts: list[tuple[str, object]]
    if isinstance(value, dict):
        parts = list(value.items())
    elif isinstance(value, list):
        parts = [(str(number), item) for number, item in enumerate(value)]
    else:
        found.setdefault(path, value)
        return
    for key, item in parts:
        _flatten(item, f"{path}.{key}" if path else key, found, depth - 1)


class Unreadable(ValueError):
    """A field's text cannot be read as the type of its channel."""


def convert(value: object, kind: ValueType) -> Readable:
    """A field as F64, I64, BOOL or TEXT; None when it states that there is no value (nan, null, "").

    Raises `Unreadable` for anything else.
    """
    if value is None:
        return None
    if kind is ValueType.TEXT:
        return _text(value)
    if kind is ValueType.BOOL:
        return _truth(value)
    number = _number(value)
    if number is None or kind is ValueType.F64 or isinstance(number, int):
        return number
    if not number.is_integer():
        raise Unreadable(f"{number} is not a whole number")
    return int(number)


def _text(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text[:TEXT_MAX])


def _truth(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in _MISSING:
        return None
    if word not in _TRUTH:
        raise Unreadable("neither true nor false")
    return _TRUTH[word]


def _number(value: object) -> int | float | None:
    """A finite number, or None where the sketch printed a word for "no value"."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return _usable(value)
    text = str(value).strip()
    if text.lower() in _MISSING:
        return None
    match = _NUMBER.match(text)
    if match is None or not (match.end() == len(text) or _UNIT.fullmatch(text, match.end())):
        raise Unreadable("not a number")
    digits = match[0]
    return _usable(int(digits) if digits.lstrip("+-").isdigit() else float(digits))


def _usable(number: int | float) -> int | float | None:
    """Whole numbers within `EXACT_MAX` stay whole; None for what is not finite."""
    if isinstance(number, int) and abs(number) <= EXACT_MAX:
        return number
    try:
        as_float = float(number)
    except OverflowError:
        return None
    return as_float if math.isfinite(as_float) else None
