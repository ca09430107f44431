"""The kinds of single values that a configuration has: each key of each table is one, with its own bounds.

A kind is strict about the type, and says of a wrong value what it is, what it should be, and what to write.
Lists and tables are in `tables`.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from marshmallow import ValidationError, fields

from gateway.config.problems import ValueProblem, close_match
from gateway.config.quantities import duration_text, parse_duration_s, parse_size, size_text

MISSING = "missing key"

NAMED_AT_ONCE = 8
"""So many choices are all named in a message; of more, the nearest one."""

_KINDS = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number with a fraction",
    list: "a list",
    dict: "a table",
}
_DIGITS = re.compile(r"0x[0-9A-Fa-f]+|[0-9]+")


def refuse(reason: str, suggestion: str | None = None) -> ValidationError:
    """The error to raise for one value."""
    return ValidationError([ValueProblem(reason, suggestion)])


def shown(value: object) -> str:
    """A value as it may stand in a message: as TOML writes it, and short."""
    if isinstance(value, bool):
        return str(value).lower()
    text = f'"{value}"' if isinstance(value, str) else str(value)
    text = text if text.isprintable() else ascii(text)
    return text if len(text) <= 60 else f"{text[:57]}..."


def kind(value: object) -> str:
    """What a TOML value is, in words."""
    return _KINDS.get(type(value), "a date or time")


class ConfigField(fields.Field[Any]):
    """What all kinds have in common: `read` checks the type, `parse` the rest.

    `example` is a value as TOML writes it. `parse` makes the value that the program uses, and raises
    `ValueError` with what is wrong with this one (`ValidationError` to name items); `hint` goes with that,
    or the example.
    """

    wanted = "a value"
    lead = "write for example"

    def __init__(
        self,
        example: str,
        *,
        parse: Callable[[Any], object] | None = None,
        hint: str | None = None,
        required: bool = False,
        attribute: str | None = None,
    ) -> None:
        super().__init__(required=required, attribute=attribute)
        self.example = example
        self.hint = hint or f"{self.lead} {example}"
        self._parse = parse

    def make_error(self, key: str, **kwargs: Any) -> ValidationError:
        """Called by marshmallow: a missing key comes with an example."""
        if key == "required":
            return refuse(MISSING, f"{self.lead} {self.name} = {self.example}")
        return super().make_error(key, **kwargs)

    def accept(self, value: object) -> Any:
        """The value that the program uses. Raises `ValidationError`."""
        value = self.read(value)
        try:
            return value if self._parse is None else self._parse(value)
        except ValueError as error:
            name = "" if isinstance(value, list | tuple | dict) else f"{shown(value)} "
            raise refuse(f"{name}{error}", self.hint) from error

    def read(self, value: object) -> Any:
        """The value if it is of this kind. Raises `ValidationError`."""
        raise NotImplementedError

    def not_this_kind(self, value: object) -> ValidationError:
        """The error for a value of another type."""
        hint = f"{self.lead} {self.example}"
        if isinstance(value, str) and self.wanted.endswith("number") and _DIGITS.fullmatch(value):
            hint = f"write {value} without quotes"
        return refuse(f"{shown(value)} is {kind(value)}, not {self.wanted}", hint)

    def _deserialize(self, value: object, *_: object, **__: object) -> Any:
        return self.accept(value)


class Boolean(ConfigField):
    """true or false."""

    wanted = "true or false"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("true", **kwargs)

    def read(self, value: object) -> bool:
        """A bool."""
        if not isinstance(value, bool):
            raise self.not_this_kind(value)
        return value


class WholeNumber(ConfigField):
    """A whole number within bounds, both included; `hexadecimal` says how messages write it."""

    wanted = "a whole number"

    def __init__(
        self, minimum: int, maximum: int, *, hexadecimal: bool = False, **kwargs: Any
    ) -> None:
        self._write = "{:#04x}".format if hexadecimal else str
        self._minimum, self._maximum = minimum, maximum
        super().__init__(kwargs.pop("example", self._write(minimum)), **kwargs)

    def read(self, value: object) -> int:
        """An int."""
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.not_this_kind(value)
        if not self._minimum <= value <= self._maximum:
            bounds = f"{self._write(self._minimum)} to {self._write(self._maximum)}"
            raise refuse(f"{self._write(value)} is not within {bounds}")
        return value


class RealNumber(ConfigField):
    """A finite number that is not below `minimum`."""

    wanted = "a number"

    def __init__(self, minimum: float = -math.inf, **kwargs: Any) -> None:
        super().__init__(kwargs.pop("example", "1"), **kwargs)
        self._minimum = minimum

    def read(self, value: object) -> int | float:
        """An int or a float, as it was written."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.not_this_kind(value)
        if isinstance(value, float) and not math.isfinite(value):
            raise refuse(f"{shown(value)} is not a finite number")
        if value < self._minimum:
            raise refuse(f"{shown(value)} is below {self._minimum:g}")
        return value


class Choice(ConfigField):
    """One of a few words or numbers; capitals do not matter.

    `options` are what can be written, or what that means by what can be written. `suggest` knows a better
    hint than the nearest option.
    """

    def __init__(
        self,
        options: Iterable[str | int] | Mapping[str, object],
        *,
        suggest: Callable[[str], str | None] = lambda _: None,
        **kwargs: Any,
    ) -> None:
        means = options if isinstance(options, Mapping) else {one: one for one in options}
        self._means: Mapping[str | int, object] = {_small(one): to for one, to in means.items()}
        self._words = [str(one) for one in means]
        self._suggest = suggest
        written = [shown(one) for one in means]
        self.wanted = kind(next(iter(means)))
        example = written[0]
        if len(written) <= NAMED_AT_ONCE:
            self.lead = "write"
            example = " or ".join(filter(None, [", ".join(written[:-1]), written[-1]]))
        super().__init__(kwargs.pop("example", example), **kwargs)

    def read(self, value: object) -> object:
        """What the word or number stands for."""
        if kind(value) != self.wanted:
            raise self.not_this_kind(value)
        assert isinstance(value, str | int)
        if _small(value) in self._means:
            return self._means[_small(value)]
        hint = self._suggest(str(value))
        if len(self._words) > NAMED_AT_ONCE and self.wanted == "a text":
            raise refuse(
                f"there is no {shown(value)}", hint or close_match(str(value), self._words)
            )
        raise refuse(f"{shown(value)} is not one of {', '.join(self._words)}", hint)


def _small(word: str | int) -> str | int:
    return word.lower() if isinstance(word, str) else word


class Text(ConfigField):
    """A text of a form: `rule` says of what does not match `pattern` that it is wrong.

    With `blank` a text without letters is a text too.
    """

    wanted = "a text"

    def __init__(
        self,
        example: str,
        pattern: re.Pattern[str] | None = None,
        rule: str = "",
        *,
        blank: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(shown(example), **kwargs)
        self._pattern, self._rule, self._blank = pattern, rule, blank

    def read(self, value: object) -> str:
        """A str."""
        if not isinstance(value, str):
            raise self.not_this_kind(value)
        if not self._blank and not value.strip():
            raise refuse("is empty", f"write for example {self.example}")
        if self._pattern is not None and self._pattern.fullmatch(value) is None:
            raise refuse(f"{shown(value)} {self._rule}", self.hint)
        return value


class Duration(ConfigField):
    """A time with its unit, in seconds, within bounds, both included."""

    def __init__(self, minimum_s: float, maximum_s: float, **kwargs: Any) -> None:
        super().__init__('"1s" or "500ms" (units: ms, s, min, h, d, w)', **kwargs)
        self._minimum_s, self._maximum_s = minimum_s, maximum_s

    def read(self, value: object) -> float:
        """Seconds."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            example = f'"{value}s" (ms, s, min, h, d, w)'
            raise refuse(f"{value} has no unit", f"write for example {example}")
        try:
            seconds = parse_duration_s(value) if isinstance(value, str) else None
        except ValueError:
            seconds = None
        if seconds is None:
            raise refuse(f"{shown(value)} is not a duration", self.hint)
        if not self._minimum_s <= seconds <= self._maximum_s:
            bounds = f"{duration_text(self._minimum_s)} to {duration_text(self._maximum_s)}"
            raise refuse(f"{shown(value)} is not within {bounds}")
        return seconds


class ByteSize(ConfigField):
    """A number of bytes, plain or with its unit, within bounds, both included."""

    def __init__(self, minimum: int, maximum: int, **kwargs: Any) -> None:
        super().__init__('"10MiB", "500KB" or a number of bytes', **kwargs)
        self._minimum, self._maximum = minimum, maximum

    def read(self, value: object) -> int:
        """Bytes."""
        try:
            size = parse_size(value) if isinstance(value, str) else value
        except ValueError:
            size = None
        if not isinstance(size, int) or isinstance(size, bool):
            raise refuse(f"{shown(value)} is not a size", self.hint)
        if not self._minimum <= size <= self._maximum:
            bounds = f"{size_text(self._minimum)} to {size_text(self._maximum)}"
            raise refuse(f"{shown(value)} is not within {bounds}")
        return size
