"""Fields of query strings and documents that marshmallow reads more loosely than we want."""

# ruff: noqa: ARG002 - marshmallow gives a field more than it needs

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields

from api.times import format_ms, parse_ms

_DIGITS = re.compile(r"[0-9]{1,9}")


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


class Flag(fields.Boolean):
    """True or false of JSON, and not what else could be taken for it."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        if not isinstance(value, bool):
            raise ValidationError("must be true or false")
        return value


class Number(fields.Float):
    """A number of JSON, not a text with one."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValidationError("must be a number")
        return float(value)
