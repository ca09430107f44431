r"""Numbers, truth values and texts as sketches print them: with a unit, with a word for "no value".

No I/O here. A unit without a blank before it must be one of `UNITS`: any letter would make a unit of a
damaged digit.
"""

import math
import re
from dataclasses import dataclass

from arduino_iface.lines.units import UNITS
from arduino_iface.values import EXACT_MAX, Readable, ValueType

TEXT_MAX = 256
"""Characters kept of a text."""

_DIGITS = {
    ".": re.compile(
        r"[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][+-]?[0-9]{1,3})?", re.ASCII
    ),
    ",": re.compile(
        r"[+-]?([0-9]{1,40}(,[0-9]{0,40})?|,[0-9]{1,40})([eE][+-]?[0-9]{1,3})?", re.ASCII
    ),
}
_GROUPED = {
    ".": re.compile(r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3}){1,9}(\.[0-9]{0,40})?(?![0-9])", re.ASCII),
    ",": re.compile(r"[+-]?[1-9][0-9]{0,2}(\.[0-9]{3}){1,9}(,[0-9]{0,40})?(?![0-9])", re.ASCII),
}
_FOREIGN_UNIT = re.compile(r"[^\d\s]{1,8}")
_NO_VALUE = re.compile(r"([+-]?[A-Za-z][A-Za-z/]*|[-.?*#]+|)[ \t]*(.*)", re.ASCII)
_WORDS = frozenset(
    (
        *(
            "nan",
            "inf",
            "infinity",
            "ovf",
            "null",
            "none",
            "nil",
            "na",
            "n/a",
            "undefined",
            "undef",
        ),
        *("err", "error", "fail", "failed", "failure", "invalid", "timeout", "missing"),
        *("unavailable", "disconnected"),
    )
)
_MARKS = re.compile(r"[-.?*#]*")
_TRUTH = {
    **dict.fromkeys(("true", "1", "on", "yes", "high"), True),
    **dict.fromkeys(("false", "0", "off", "no", "low"), False),
}


class Unreadable(ValueError):
    """A field's text cannot be read as the type of its channel."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A printed number, None for "no value", and its unit as `UNITS` writes it, None without one."""

    number: int | float | None
    unit: str | None = None


def is_no_value(text: str) -> bool:
    """Whether a text states that there is no value: nan, ovf, ERR, --, nothing, also before a unit."""
    match = _NO_VALUE.fullmatch(text.strip())
    if match is None:
        return False
    word, rest = match.groups()
    if rest and rest not in UNITS:
        return False
    return word.lower().lstrip("+-") in _WORDS or _MARKS.fullmatch(word) is not None


def quantity(value: object, decimal: str = ".") -> Quantity:
    """A field as a number. `decimal` is the mark before the fraction. Raises `Unreadable`."""
    if isinstance(value, bool):
        return Quantity(int(value))
    if isinstance(value, int | float):
        return Quantity(_usable(value))
    text = str(value).strip().replace("\u2212", "-")
    if value is None or is_no_value(text):
        return Quantity(None)
    match = _GROUPED[decimal].match(text)
    if match is not None:
        unit, known = _unit_of(text[match.end() :])
        # Without a unit or a fraction "1,013" may also be a number a little above 1.
        if known and (unit is not None or decimal in match[0]):
            return Quantity(_parsed(match[0], decimal), unit)
    match = _DIGITS[decimal].match(text)
    if match is not None:
        unit, known = _unit_of(text[match.end() :])
        if known:
            return Quantity(_parsed(match[0], decimal), unit)
    raise Unreadable("not a number")


def has_other_mark(value: object, decimal: str) -> bool:
    """Whether a field is a number only if its comma or point is the other decimal mark."""
    if not isinstance(value, str):
        return False
    other = "," if decimal == "." else "."
    for mark, wanted in ((decimal, False), (other, True)):
        try:
            found = quantity(value, mark).number is not None
        except Unreadable:
            found = False
        if found is not wanted:
            return False
    return True


def _unit_of(rest: str) -> tuple[str | None, bool]:
    """The unit in what follows the digits, and whether that can be a unit or is nothing."""
    unit = rest.strip()
    if not unit:
        return None, True
    if unit in UNITS:
        return UNITS[unit], True
    # A unit may be unknown after a blank: without one, a damaged digit would pass for a unit.
    if rest[0] in " \t" and _FOREIGN_UNIT.fullmatch(unit) is not None:
        return unit, True
    return None, False


def _parsed(digits: str, decimal: str) -> int | float | None:
    grouping = "," if decimal == "." else "."
    plain = digits.replace(grouping, "").replace(decimal, ".")
    return _usable(int(plain) if plain.lstrip("+-").isdigit() else float(plain))


def convert(value: object, kind: ValueType, decimal: str = ".") -> Readable:
    """A field as F64, I64, BOOL or TEXT; None when it states that there is no value (nan, null, "").

    Raises `Unreadable` for anything else.
    """
    if value is None:
        return None
    if kind is ValueType.TEXT:
        return _text(value)
    if kind is ValueType.BOOL:
        return _truth(value)
    return as_type(quantity(value, decimal).number, kind)


def as_type(number: int | float | None, kind: ValueType) -> int | float | None:
    """A number as F64 or I64. Raises `Unreadable` for a fraction in an I64."""
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
    if is_no_value(word):
        return None
    if word not in _TRUTH:
        raise Unreadable("neither true nor false")
    return _TRUTH[word]


def _usable(number: int | float) -> int | float | None:
    """Whole numbers within `EXACT_MAX` stay whole; None for what is not finite."""
    if isinstance(number, int) and abs(number) <= EXACT_MAX:
        return number
    try:
        as_float = float(number)
    except OverflowError:
        return None
    return as_float if math.isfinite(as_float) else None
