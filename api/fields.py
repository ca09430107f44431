"""Fields of query strings and documents that marshmallow reads more loosely than we want."""

# ruff: noqa: ARG002 - marshmallow gives a field more than it needs

import re
from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import ValidationError, fields

from api.times import format_ms, parse_ms
from gateway.config.quantities import parse_duration_s

_DIGITS = re.compile(r"[0-9]{1,9}")
NAMES_MAX = 64
INTERVAL_MAX_MS = 366 * 86_400_000


class Timestamp(fields.Field[int]):
    """RFC 3339 outside, UTC ms inside."""

    def _serialize(
        self, value: int | None, attr: str | None, obj: Any, **kwargs: Any
    ) -> str | None:
        return None if value is None else format_ms(value)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> int:
        if not isinstance(value, str):
            raise ValidationError("must be an RFC 3339 time")
        try:
            return parse_ms(value)
        except ValueError as error:
            # In a query string a plus sign means a space, a trap that deserves a word.
            hint = "; write + as %2B in an address" if " " in value else ""
            raise ValidationError(f"{error}{hint}") from error


class Count(fields.Integer):
    """A whole number in a query string: ASCII digits and nothing else, so no `1_0`, `+1` or ` 1`."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        if not isinstance(value, str) or not _DIGITS.fullmatch(value):
            raise ValidationError("must be a whole number")
        return int(value)


class StrictBoolean(fields.Boolean):
    """True or false of JSON, and not what else could be taken for it."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        if not isinstance(value, bool):
            raise ValidationError("must be true or false")
        return value


class StrictNumber(fields.Float):
    """A number of JSON, not a text with one."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValidationError("must be a number")
        return float(value)


class Interval(fields.Field[int]):
    """A duration in a query string such as `60s`, as ms."""

    def __init__(self, *, metadata: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        pattern = {"pattern": "^[1-9][0-9]{0,5}(ms|s|min|h|d|w)$"}
        super().__init__(metadata={**pattern, **(metadata or {})}, **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> int:
        try:
            interval_ms = round(parse_duration_s(str(value)) * 1000)
        except ValueError as error:
            raise ValidationError("must be a duration such as 60s") from error
        if not 1 <= interval_ms <= INTERVAL_MAX_MS:
            raise ValidationError("must be from 1ms to 366d")
        return interval_ms


class Names(fields.Field[tuple[str, ...]]):
    """Names separated by commas in a query string, each once, in their order."""

    def __init__(
        self,
        *,
        words: Sequence[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """`words` are the only names there are; None for any.

        They are no validator of the library, for that would put an enum into the OpenAPI document, which only
        one name alone could meet.
        """
        self._words = words
        one = "[^,]{1,64}" if words is None else f"({'|'.join(words)})"
        pattern = {"pattern": f"^{one}(,{one}){{0,{NAMES_MAX - 1}}}$"}
        super().__init__(metadata={**pattern, **(metadata or {})}, **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> tuple[str, ...]:
        names = value.split(",") if isinstance(value, str) else []
        if not 0 < len(names) <= NAMES_MAX or not all(0 < len(name) <= 64 for name in names):
            raise ValidationError(
                f"must be 1 to {NAMES_MAX} names of 1 to 64 characters, separated by commas"
            )
        if self._words is not None and not set(names) <= set(self._words):
            raise ValidationError(f"must be of: {', '.join(self._words)}")
        return tuple(dict.fromkeys(names))
