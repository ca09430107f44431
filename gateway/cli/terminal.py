"""Tables and values for a terminal."""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

RESET = "\x1b[0m"
_COLOURS = {
    "online": "\x1b[32m",
    "late": "\x1b[33m",
    "stale": "\x1b[33m",
    "offline": "\x1b[31m",
    "quarantined": "\x1b[35m",
}


def wants_colours(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether `stream` is a terminal with colours and NO_COLOR is not set."""
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def table(
    heads: Sequence[str], rows: Sequence[Sequence[object]], *, colours: bool = False
) -> list[str]:
    """Lines of columns as wide as they need to be; None is shown as "-"."""
    shown = [[plain(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(heads, *shown, strict=True)]
    lines = [_line([head.upper() for head in heads], widths)]
    for row in shown:
        line = _line(row, widths)
        tone = next((_COLOURS[cell] for cell in row if cell in _COLOURS), "") if colours else ""
        lines.append(f"{tone}{line}{RESET}" if tone else line)
    return lines


def plain(value: Any) -> str:
    """A value as text, without control characters."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def age(seconds: float | None) -> str:
    """How long ago, in one unit."""
    if seconds is None:
        return "-"
    for limit, unit, divisor in ((100, "s", 1.0), (6000, "min", 60.0), (172800, "h", 3600.0)):
        if seconds < limit:
            return (
                f"{seconds / divisor:.1f} {unit}"
                if unit == "s"
                else f"{seconds / divisor:.0f} {unit}"
            )
    return f"{seconds / 86400:.0f} d"


def readings_line(values: Mapping[str, object]) -> str:
    """The values of one reading side by side."""
    return "  ".join(f"{plain(name)}={plain(value)}" for name, value in values.items())


def out(text: str) -> None:
    """Print it at once."""
    sys.stdout.write(text)
    sys.stdout.flush()


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()
