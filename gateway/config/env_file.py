"""Reads .env, where the secrets stand: the only file that uses python-dotenv.

python-dotenv drops a line that it cannot read, cuts a value at " #", and lets the last of two equal
keys win, all without an error. A secret that is silently another one costs hours, so all of that is
refused.
"""

import io
import logging
import re
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from gateway.config.problems import Problem
from gateway.config.source import read_text

_KEY = re.compile(r"^[ \t]*(?:export[ \t]+)?'?([A-Za-z_][A-Za-z0-9_.]*)'?[ \t]*(=|$)", re.MULTILINE)
_CUT = re.compile(r"=[ \t]*[^\s'\"#][^\n]*?[ \t]#")
_QUOTES = "put the value in single quotes"


def read_env_file(
    path: Path, where: str, problems: list[Problem]
) -> dict[str, tuple[str, int | None]]:
    """The values in the file with their lines. `where` is how messages call it.

    Whatever is wrong is added to `problems`; no message contains a value.
    """
    text = read_text(path, where, problems)
    if text is None:
        return {}
    lines = _lines_of_keys(text)
    rows = text.split("\n")
    for start in _unreadable_lines(text):
        # python-dotenv counts empty lines before a statement as part of it.
        number = next((n for n in range(start, len(rows) + 1) if rows[n - 1].strip()), start)
        problems.append(Problem(where, "cannot be parsed", number, None, "write KEY='value'"))
    problems += _shape_problems(text, where, lines)
    found: dict[str, tuple[str, int | None]] = {}
    for key, value in dotenv_values(stream=io.StringIO(text), interpolate=False).items():
        line = lines.get(key, [None])[-1]
        if value is None:
            problems.append(Problem(where, "has no value", line, key, f"write {key}='value'"))
        else:
            found[key] = (value, line)
    return found


def _lines_of_keys(text: str) -> Mapping[str, list[int]]:
    lines: dict[str, list[int]] = {}
    for match in _KEY.finditer(text):
        lines.setdefault(match[1], []).append(text.count("\n", 0, match.start(1)) + 1)
    return lines


def _shape_problems(text: str, where: str, lines: Mapping[str, list[int]]) -> list[Problem]:
    problems = [
        Problem(where, f"is already set on line {numbers[0]}", number, key, "keep one of them")
        for key, numbers in lines.items()
        for number in numbers[1:]
    ]
    for number, line in enumerate(text.splitlines(), start=1):
        match = _KEY.match(line)
        if match and _CUT.match(line, match.start(2)):
            reason = 'everything from " #" on would be a comment and not part of the value'
            problems.append(Problem(where, reason, number, match[1], _QUOTES))
    return problems


class _Collector(logging.Handler):
    """Takes the numbers of the lines that python-dotenv only warns of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[int] = []

    def emit(self, record: logging.LogRecord) -> None:
        numbers = record.args if isinstance(record.args, tuple) else ()
        self.lines += [number for number in numbers if isinstance(number, int)]


def _unreadable_lines(text: str) -> list[int]:
    logger = logging.getLogger("dotenv.main")
    collector = _Collector()
    before = (logger.level, logger.propagate, logger.disabled)
    logger.addHandler(collector)
    logger.setLevel(logging.WARNING)
    logger.propagate = logger.disabled = False
    try:
        dotenv_values(stream=io.StringIO(text), interpolate=False)
    finally:
        logger.removeHandler(collector)
        logger.setLevel(before[0])
        logger.propagate, logger.disabled = before[1:]
    return collector.lines
