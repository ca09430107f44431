"""Durations and sizes as people write them: "1s", "500ms", "7d"; "10MiB", "500KB"."""

import re
from decimal import Decimal

_QUANTITY = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?) ?([A-Za-z]+)", re.ASCII)

DURATION_UNITS = {
    "ms": Decimal("0.001"),
    "s": Decimal(1),
    "min": Decimal(60),
    "h": Decimal(3600),
    "d": Decimal(86400),
    "w": Decimal(7 * 86400),
}
"""Seconds in each unit. "m" is left out: it could be minutes, months or milli."""

SIZE_UNITS = {
    "b": 1,
    "kb": 1000,
    "mb": 1000**2,
    "gb": 1000**3,
    "tb": 1000**4,
    "kib": 1024,
    "mib": 1024**2,
    "gib": 1024**3,
    "tib": 1024**4,
}
"""Bytes in each unit, small letters; people may write them as they like."""


def parse_duration_s(text: str) -> float:
    """Seconds in a number with a unit. Raises `ValueError` for anything else."""
    match = _QUANTITY.fullmatch(text)
    if match is None or match[2] not in DURATION_UNITS:
        raise ValueError(f"{text!r} is not a duration")
    return float(Decimal(match[1]) * DURATION_UNITS[match[2]])


def parse_size(text: str) -> int:
    """Bytes in a number with a unit. Raises `ValueError` for anything else, half a byte too."""
    match = _QUANTITY.fullmatch(text)
    unit = SIZE_UNITS.get(match[2].lower()) if match else None
    if match is None or unit is None:
        raise ValueError(f"{text!r} is not a size")
    size = Decimal(match[1]) * unit
    if size != size.to_integral_value():
        raise ValueError(f"{text!r} is not a whole number of bytes")
    return int(size)


def duration_text(seconds: float) -> str:
    """The shortest way to write `seconds` with one unit; `parse_duration_s` reads it back."""
    milliseconds = round(seconds * 1000)
    for unit in ("d", "h", "min", "s"):
        size = int(DURATION_UNITS[unit] * 1000)
        if milliseconds and milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"


def size_text(count: int) -> str:
    """The shortest way to write `count` bytes with a binary unit; `parse_size` reads it back."""
    for unit in ("TiB", "GiB", "MiB", "KiB"):
        size = SIZE_UNITS[unit.lower()]
        if count and count % size == 0:
            return f"{count // size}{unit}"
    return f"{count}B"
