"""JSON of the API: strict in both directions.

Out: times as RFC 3339, a number that is not finite as null. In: what another parser might understand
differently (NaN, 1e999, a key given twice, half a surrogate pair) is refused rather than guessed.
"""

import json
import math
import reprlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NoReturn

from flask.json.provider import DefaultJSONProvider

from api.times import format_ms, ms_of

DEPTH_MAX = 32
"""How deep arrays and objects of a request may be nested."""


class MalformedJson(ValueError):
    """The text is not JSON as we take it; the message says what is wrong."""


def loads(data: bytes) -> Any:
    """Parse the body of a request. Raises `MalformedJson`."""
    try:
        document = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_float=_float,
            parse_int=_int,
            parse_constant=_constant,
        )
    except MalformedJson:
        raise
    except UnicodeDecodeError as error:
        raise MalformedJson("the body is not UTF-8") from error
    except RecursionError as error:
        raise MalformedJson(_too_deep()) from error
    except ValueError as error:
        raise MalformedJson(f"the body is not JSON: {error}") from error
    _check(document)
    return document


def canonical(document: object) -> bytes:
    """The same bytes for equal documents: sorted keys, no spaces, ASCII."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


class StrictJsonProvider(DefaultJSONProvider):
    """Flask's JSON with the rules above."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Serialise; a number that is not finite becomes null."""
        options: dict[str, Any] = {"separators": (",", ":"), **kwargs}
        options.update(default=_other, allow_nan=False)
        try:
            return json.dumps(obj, **options)
        except ValueError:  # the rare case, so that the usual one needs no walk through everything
            return json.dumps(_finite(obj), **options)

    def loads(self, s: str | bytes, **_kwargs: Any) -> Any:
        """Parse strictly. Raises `MalformedJson`."""
        return loads(s.encode() if isinstance(s, str) else s)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, value in pairs:
        if name in result:
            raise MalformedJson(f"the key {reprlib.repr(name)} is given twice")
        result[name] = value
    return result


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise MalformedJson("a number is too large")
    return number


def _int(text: str) -> int:
    # A whole number beyond every float could not be compared with a bound further on.
    if len(text) > 300:
        raise MalformedJson("a number is too large")
    return int(text)


def _constant(text: str) -> NoReturn:
    raise MalformedJson(f"{text} is not JSON")


def _too_deep() -> str:
    return f"the body is nested more than {DEPTH_MAX} deep"


def _check(document: object) -> None:
    """Refuse what parses but must not go further: deep nesting, halves of surrogate pairs."""
    level = [document]
    for _ in range(DEPTH_MAX):
        level = [child for value in level for child in _children(value)]
        if not level:
            return
    if any(isinstance(value, dict | list) for value in level):
        raise MalformedJson(_too_deep())
    for value in level:
        _require_whole_text(value)


def _children(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        yield from value
        yield from value.values()
    elif isinstance(value, list):
        yield from value
    else:
        _require_whole_text(value)


def _require_whole_text(value: object) -> None:
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise MalformedJson("a text has half a surrogate pair") from error


def _other(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, datetime):
        return format_ms(ms_of(value))
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON")


def _finite(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
