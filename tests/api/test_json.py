import json
import math
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from api.json import DEPTH_MAX, MalformedJson, StrictJsonProvider, canonical, loads

provider = StrictJsonProvider(Flask("test"))

texts = st.text(st.characters(exclude_categories=["Cs"]))
leaves = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | texts
documents = st.recursive(
    leaves | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=20,
)


@given(documents)
def test_valid_json_is_read(document: Any) -> None:
    assert loads(json.dumps(document, ensure_ascii=False).encode()) == document


@given(documents)
def test_what_is_sent_can_be_read(document: Any) -> None:
    assert loads(provider.dumps(document).encode()) == document


@given(st.binary())
def test_any_bytes_are_json_or_refused(data: bytes) -> None:
    try:
        loads(data)
    except MalformedJson:
        return


@given(st.dictionaries(texts, documents), st.randoms())
def test_the_canonical_form_does_not_depend_on_order(document: dict[str, Any], random: Any) -> None:
    pairs = list(document.items())
    random.shuffle(pairs)
    assert canonical(dict(pairs)) == canonical(document)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"{} {}", "not JSON"),
        (b'{"a": NaN}', "NaN"),
        (b"[Infinity]", "Infinity"),
        (b"[-Infinity]", "-Infinity"),
        (b"[1e999]", "too large"),
        (b"[" + b"9" * 301 + b"]", "too large"),
        (b"[" + b"9" * 5000 + b"]", "too large"),
        (b'{"a": 1, "a": 2}', "'a' is given twice"),
        (b'{"a": 1, "\\u0061": 2}', "'a' is given twice"),
        (b'[{"b": {"a": 1, "a": 1}}]', "twice"),
        (b'["\\ud800"]', "surrogate"),
        (b'{"\\udc00": 1}', "surrogate"),
        (b"\xff", "UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "UTF-8"),
        (b"[" * (DEPTH_MAX + 1) + b"]" * (DEPTH_MAX + 1), "deep"),
        (b"[" * 60_000, "deep"),
        (b'{"a":' * 10_000, "deep"),
    ],
)
def test_what_could_be_misunderstood_is_refused(body: bytes, said: str) -> None:
    with pytest.raises(MalformedJson, match=said):
        loads(body)


def test_nesting_up_to_the_bound_is_read() -> None:
    assert loads(b"[" * DEPTH_MAX + b"]" * DEPTH_MAX)


def test_thousands_of_keys_cost_nothing_much() -> None:
    body = json.dumps({str(number): number for number in range(10_000)}).encode()
    assert len(loads(body)) == 10_000


def test_numbers_that_are_not_finite_become_null() -> None:
    sent = provider.dumps({"a": math.nan, "b": [math.inf, 1.5], "c": (-math.inf,)})
    assert json.loads(sent) == {"a": None, "b": [None, 1.5], "c": [None]}


def test_times_and_read_only_mappings_can_be_sent() -> None:
    moment = datetime(2026, 11, 20, 7, 0, 0, 123_000, tzinfo=UTC)
    assert provider.dumps(MappingProxyType({"at": moment})) == '{"at":"2026-11-20T07:00:00.123Z"}'


@pytest.mark.parametrize("value", [datetime(2026, 11, 20), b"bytes", {1, 2}, object()])
def test_what_has_no_json_form_is_an_error(value: object) -> None:
    with pytest.raises(TypeError):
        provider.dumps({"value": value})
