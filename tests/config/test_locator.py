"""The locator against texts that are put together piece by piece, so that every line is known."""

import json
import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.config.locator import KeyPath, Locator

_KEYS = st.sampled_from(["a", "b", "name", "key-1", "x_y", '"q u"', '"d.o"', "'l#t'", '"e\\"s"'])
_SCALARS = st.sampled_from(
    [
        *("1", "true", "0x12", "1979-05-27T07:32:00Z", "-3.5e2"),
        *('"text"', '"with # and ] and = and }"', '"\\" quoted"', "'C:\\'", '""', "''"),
        *('"""\na = 1\n[x]\n"""', "'''\n]\n'''", '"""x\\""""', '"""two quotes"""""'),
    ]
)
_NOISE = st.sampled_from(["", "\n", "# comment [x] = 'y\n", "  \n\t\n", "\n\n# a\n"])


def _name(key: str) -> str:
    return next(iter(tomllib.loads(f"{key} = 1")))


@st.composite
def _values(draw: st.DrawFn, depth: int = 2) -> str:
    shape = draw(st.sampled_from(["scalar", "scalar", "array", "table"])) if depth else "scalar"
    if shape == "array":
        items = draw(st.lists(_values(depth=depth - 1), max_size=3))
        between = draw(st.sampled_from([", ", ",\n  ", " , # more\n"]))
        return "[" + draw(_NOISE) + between.join(items) + draw(_NOISE) + "]"
    if shape == "table":
        keys = draw(st.lists(_KEYS, max_size=3, unique=True))
        pairs = [f"{key} = {draw(_values(depth=depth - 1))}" for key in keys]
        return "{ " + ", ".join(pairs) + " }"
    return draw(_SCALARS)


@st.composite
def _documents(draw: st.DrawFn) -> tuple[str, dict[KeyPath, int]]:
    """A text, and the lines of its headers and of the keys of its tables."""
    text, lines = "", {}
    count = 0

    def add(path: KeyPath, piece: str) -> None:
        nonlocal text
        text += draw(_NOISE)
        lines[path] = text.count("\n") + 1
        text += piece + draw(st.sampled_from(["\n", " # end\n", "\n\n"]))

    headers = draw(st.lists(st.sampled_from(["one", "[[list]]", "list.sub"]), max_size=5))
    made: set[str] = set()
    for header in headers:
        path: KeyPath
        if header == "[[list]]":
            path, piece, count = ("list", count), header, count + 1
        elif header == "list.sub" and count and f"sub{count}" not in made:
            path, piece = ("list", count - 1, "sub"), "[list . sub]"
            made.add(f"sub{count}")
        elif header == "one" and "one" not in made:
            path, piece = ("one",), "[ one ]"
            made.add("one")
        else:
            continue
        add(path, piece)
        for key in draw(st.lists(_KEYS, max_size=4, unique=True)):
            add((*path, _name(key)), f"{key} = {draw(_values())}")
    return text, lines


@given(_documents())
def test_every_key_is_found_on_its_line(document: tuple[str, dict[KeyPath, int]]) -> None:
    text, lines = document
    tomllib.loads(text)  # what is tested is TOML
    for ending in ("\n", "\r\n"):
        locator = Locator(text.replace("\n", ending))
        assert {path: locator.line(path) for path in lines} == lines


@given(_documents())
def test_everything_tomllib_reads_has_a_line(document: tuple[str, dict[KeyPath, int]]) -> None:
    text, _ = document
    locator = Locator(text)

    def visit(value: Any, path: KeyPath) -> None:
        parts = list(value.items()) if isinstance(value, dict) else []
        if isinstance(value, list):
            parts = list(enumerate(value))
        for key, inner in parts:
            line = locator.line((*path, key))
            assert line is not None
            assert 1 <= line <= text.count("\n") + 1
            visit(inner, (*path, key))

    visit(tomllib.loads(text), ())


@given(st.text(alphabet="[]{}=\"'.,#ab\\ \n"))
def test_a_text_that_is_not_toml_ends_the_search(text: str) -> None:
    Locator(text).line(("a",))


def test_items_of_lists_and_of_tables_within_a_line() -> None:
    text = (
        'discover = [\n  "0x08",\n  "0x90", # no\n]\nmeta = { a = 1, b = [\n 2,\n 3] }\na.b.c = 1\n'
    )
    locator = Locator(text)
    assert locator.line(("discover", 1)) == 3
    assert locator.line(("meta", "b", 1)) == 7
    assert locator.line(("a", "b", "c")) == 8
    assert locator.line(("a", "b", "missing")) == 8
    assert locator.line(("elsewhere",)) is None


def test_escapes_in_keys() -> None:
    assert Locator('\n"\\u00e4\\t" = 1').line((json.loads('"\\u00e4\\t"'),)) == 2
