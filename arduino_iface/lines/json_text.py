"""JSON as sketches print it: with nan, with a comma too many, and over several lines. No I/O here."""

import json
import re
from collections.abc import Mapping

from arduino_iface.lines.numbers import is_no_value

FIELDS_MAX = 128
"""Fields read from one line; further ones are ignored."""

_DEPTH_MAX = 8
# A string as a whole, or something outside of strings that JSON does not know. Looking back, and never going
# back, keeps the time linear in the length of the text.
_TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*"'
    r"|'(?P<single>[^'\\\"]*)'"
    r"|(?<![\w.-])(?P<key>[A-Za-z_][\w.-]*+)(?=\s*:)"
    r"|(?<![\w/+-])(?P<word>[+-]?[A-Za-z_/]++|-++)(?=\s*[,}\]])"
    r"|(?P<comma>,)(?=\s*[}\]])"
    r"|(?P<nothing>[:,\[])(?=\s*,)"
    r"|(?P<colon>:)(?=\s*[}\]])"
)
_KNOWN = {"true": "true", "false": "false", "null": "null"}
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"?')
_GOES_ON = ("{", "[", ",", ":")


def json_fields(text: str) -> Mapping[str, object] | None:
    """The fields of an object by dotted name; None when it is not one."""
    tree = json_object(text)
    if tree is None:
        return None
    found: dict[str, object] = {}
    _flatten(tree, "", found, _DEPTH_MAX)
    return found or None


def json_object(text: str) -> dict[str, object] | None:
    """The object that a text is, None when it is none. A word for "no value" is null."""
    if not text.startswith("{"):
        return None
    tree = _loaded(text)
    if tree is None:
        tree = _loaded(_TOKEN.sub(_repaired, text))
    return tree if isinstance(tree, dict) else None


def _loaded(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def goes_on(line: str) -> bool:
    """Whether a line is the beginning of an object that its sketch prints over several lines."""
    return line.startswith("{") and line.endswith(_GOES_ON) and depth(line) > 0


def depth(line: str) -> int:
    """How many more brackets it opens than it closes, outside of strings."""
    plain = _STRING.sub("", line)
    return plain.count("{") + plain.count("[") - plain.count("}") - plain.count("]")


def inside_list(lines: list[str]) -> bool:
    """Whether the bracket that these lines have opened last is that of a list."""
    brackets: list[str] = []
    for letter in _STRING.sub("", "".join(lines)):
        if letter in "{[":
            brackets.append(letter)
        elif letter in "}]" and brackets:
            brackets.pop()
    return brackets[-1:] == ["["]


def _repaired(match: re.Match[str]) -> str:
    if match["comma"] is not None:
        return ""
    for group in ("single", "key"):
        if match[group] is not None:
            return f'"{match[group]}"'
    if match["word"] is not None:
        word = match["word"]
        return _KNOWN.get(word.lower(), "null" if is_no_value(word) else word)
    if match["nothing"] is not None:
        return f"{match['nothing']}null"
    return ":null" if match["colon"] is not None else match[0]


def _flatten(value: object, path: str, found: dict[str, object], depth_left: int) -> None:
    if len(found) >= FIELDS_MAX or not depth_left:
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
        _flatten(item, f"{path}.{key}" if path else key, found, depth_left - 1)
