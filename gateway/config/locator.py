"""On which line of a TOML text each key stands: tomllib does not say, and messages need it.

Used for messages only, on texts that tomllib has accepted: it looks for the shape of the text
(headers, keys, nesting) and leaves all judgement to tomllib.
"""

import re
from bisect import bisect_right

KeyPath = tuple[str | int, ...]
"""Where a value stands: keys of tables, and numbers of list items from 0."""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
# The longest delimiter first; in a multi-line string, up to two quotes may touch the closing three.
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")|\'\'\'.*?\'{3,5}(?!\')|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'',
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]*")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}


class Locator:
    """The lines of one text, counted from 1."""

    def __init__(self, text: str) -> None:
        """`text` must be valid TOML; of another, lines are known up to where it makes no sense."""
        self._lines = _Scanner(text.replace("\r\n", "\n")).lines()

    def line(self, path: KeyPath) -> int | None:
        """The line of `path`, or of the nearest table around it; None when none was written."""
        for length in range(len(path), 0, -1):
            line = self._lines.get(path[:length])
            if line is not None:
                return line
        return None


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._found: dict[KeyPath, int] = {}
        self._count: dict[KeyPath, int] = {}

    def lines(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        while self._skip(_BLANK) < len(self._text):
            before = self._at
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            if self._at == before:
                break  # not TOML: what was found so far still helps
        return self._found

    def _header(self) -> KeyPath:
        line = self._line()
        array = self._text.startswith("[[", self._at)
        self._at += 2 if array else 1
        keys = self._key()
        self._at += 2 if array else 1
        if array:
            path: KeyPath = (*self._resolve(keys[:-1]), keys[-1])
            number = self._count.get(path, 0)
            self._count[path] = number + 1
            self._note(path, line)
            path = (*path, number)
        else:
            path = self._resolve(keys)
        self._note(path, line)
        return path

    def _resolve(self, keys: list[str]) -> KeyPath:
        """The path that a header means: an array of tables stands for its last table."""
        path: KeyPath = ()
        for key in keys:
            path = (*path, key)
            if path in self._count:
                path = (*path, self._count[path] - 1)
        return path

    def _pair(self, table: KeyPath) -> None:
        line = self._line()
        path = table
        for key in self._key():
            path = (*path, key)
            self._note(path, line)
        self._skip(_SPACE)
        if self._text.startswith("=", self._at):
            self._at += 1
            self._skip(_SPACE)
            self._value(path)

    def _key(self) -> list[str]:
        keys: list[str] = []
        while True:
            self._skip(_SPACE)
            match = _BARE_KEY.match(self._text, self._at) or _STRING.match(self._text, self._at)
            if match is None:
                return keys or [""]
            self._at = match.end()
            keys.append(_unquoted(match[0]))
            self._skip(_SPACE)
            if not self._text.startswith(".", self._at):
                return keys
            self._at += 1

    def _value(self, path: KeyPath) -> None:
        first = self._text[self._at : self._at + 1]
        if first == "[":
            self._items(path)
        elif first == "{":
            self._inline_table(path)
        elif first in ('"', "'"):
            self._skip(_STRING)
        else:
            self._skip(_SCALAR)

    def _items(self, path: KeyPath) -> None:
        self._at += 1
        number = 0
        while self._skip(_BLANK) < len(self._text) and self._text[self._at] != "]":
            before = self._at
            self._note((*path, number), self._line())
            self._value((*path, number))
            self._skip(_BLANK)
            self._comma()
            number += 1
            if self._at == before:
                return
        self._at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._at += 1
        while self._skip(_BLANK) < len(self._text) and self._text[self._at] != "}":
            before = self._at
            self._pair(path)
            self._skip(_BLANK)
            self._comma()
            if self._at == before:
                return
        self._at += 1

    def _comma(self) -> None:
        if self._text.startswith(",", self._at):
            self._at += 1

    def _skip(self, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return self._at

    def _line(self) -> int:
        return bisect_right(self._starts, self._at)

    def _note(self, path: KeyPath, line: int) -> None:
        self._found.setdefault(path, line)


def _unquoted(key: str) -> str:
    if key.startswith("'"):
        return key[1:-1]
    return _ESCAPE.sub(_unescaped, key[1:-1]) if key.startswith('"') else key


def _unescaped(match: re.Match[str]) -> str:
    digits = match[1] or match[2]
    return chr(int(digits, 16)) if digits else _ESCAPED.get(match[3], match[3])
