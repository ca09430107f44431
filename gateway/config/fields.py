"""Values of the configuration, strictly typed: what is accepted, within which bounds."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields

from gateway.config.names import METADATA_KEYS_MAX, NAME, NAME_RULE, metadata_problem
from gateway.config.problems import Finding, close_match
from gateway.config.quantities import duration_text, parse_duration_s, parse_size, size_text
from gateway.config.settings import AddressRange

UNKNOWN = "unknown key"
MISSING = "missing key"

ADDRESS_MIN = 0x08
ADDRESS_MAX = 0x77
"""I2C keeps the addresses outside these for itself."""

_RANGE = re.compile(r"0x([0-9A-Fa-f]{1,2})(?:-0x([0-9A-Fa-f]{1,2}))?", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9_.:%-]{1,253}", re.ASCII)
_KINDS = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number with a fraction",
    list: "a list",
    dict: "a table",
}


def refuse(reason: str, suggestion: str | None = None) -> ValidationError:
    """The error to raise in a field."""
    return ValidationError([Finding(reason, suggestion)])


def messages_by_key(error: ValidationError) -> dict[str, Any]:
    """What an error says of a table: findings, or marshmallow's words, by key."""
    return error.messages if isinstance(error.messages, dict) else {"": error.messages}


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


def a_text(value: object, example: str) -> str:
    """`value` as a text that is not empty."""
    if not isinstance(value, str):
        raise refuse(
            f"{shown(value)} is {kind(value)}, not a text", f'write for example "{example}"'
        )
    if not value.strip():
        raise refuse("is empty", f'write for example "{example}"')
    return value


class Name(fields.Field[str]):
    """A name of our own making: gateway, bus, device."""

    def _deserialize(self, value: object, *_: object, **__: object) -> str:
        text = a_text(value, "greenhouse")
        if NAME.fullmatch(text) is None:
            raise refuse(f"{shown(text)} cannot be a name", NAME_RULE)
        return text


class Text(fields.Field[str]):
    """A text of a given form."""

    def __init__(self, example: str, pattern: re.Pattern[str], rule: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._example, self._pattern, self._rule = example, pattern, rule

    def _deserialize(self, value: object, *_: object, **__: object) -> str:
        text = a_text(value, self._example)
        if self._pattern.fullmatch(text) is None:
            raise refuse(f"{shown(text)} {self._rule}", f'write for example "{self._example}"')
        return text


class Choice(fields.Field[str]):
    """One word of a few; capitals do not matter."""

    def __init__(self, allowed: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.allowed = allowed

    def _deserialize(self, value: object, *_: object, **__: object) -> str:
        text = a_text(value, self.allowed[0])
        for word in self.allowed:
            if text.lower() == word.lower():
                return word
        raise refuse(f"{shown(text)} is not one of {', '.join(self.allowed)}")


class Whole(fields.Field[int]):
    """A whole number within bounds, both included."""

    def __init__(self, minimum: int, maximum: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._minimum, self._maximum = minimum, maximum

    def _deserialize(self, value: object, *_: object, **__: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            hint = f"write {value} without quotes" if digits(value) else None
            raise refuse(f"{shown(value)} is {kind(value)}, not a whole number", hint)
        if not self._minimum <= value <= self._maximum:
            raise refuse(f"{value} is not within {self._minimum} to {self._maximum}")
        return value


class BaudRate(fields.Field[int]):
    """One of the usual speeds of a serial line."""

    USUAL: tuple[int, ...] = (
        *(1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200),
        *(230400, 250000, 460800, 500000, 921600, 1000000, 2000000),
    )

    def _deserialize(self, value: object, *_: object, **__: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and value in self.USUAL:
            return value
        hint = f"use one of {', '.join(map(str, self.USUAL))}, as in the sketch's begin()"
        raise refuse(f"{shown(value)} is not a usual baud rate", hint)


class Address(fields.Field[int]):
    """A 7-bit I2C address."""

    def _deserialize(self, value: object, *_: object, **__: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            hint = f"write {value} without quotes" if digits(value) else "write for example 0x12"
            raise refuse(f"{shown(value)} is {kind(value)}, not an I2C address", hint)
        if not ADDRESS_MIN <= value <= ADDRESS_MAX:
            raise refuse(
                f"{value:#04x} is no address for a device", "I2C devices have 0x08 to 0x77"
            )
        return value


class Addresses(fields.Field[tuple[AddressRange, ...]]):
    """Where to look for boards: addresses and ranges of them."""

    def _deserialize(self, value: object, *_: object, **__: object) -> tuple[AddressRange, ...]:
        if not isinstance(value, list):
            raise refuse(
                f"{shown(value)} is {kind(value)}, not a list", 'write ["0x08-0x2F"] or []'
            )
        found: list[AddressRange] = []
        wrong: dict[int, list[Finding]] = {}
        for number, item in enumerate(value):
            try:
                found.append(_address_range(item))
            except ValueError as error:
                hint = 'write for example "0x08-0x2F" or "0x12"'
                wrong[number] = [Finding(f"{shown(item)} {error}", hint)]
        if wrong:
            raise ValidationError(wrong)
        return tuple(found)


def _address_range(item: object) -> AddressRange:
    match = _RANGE.fullmatch(item) if isinstance(item, str) else None
    if match is None:
        raise ValueError("is not an address or a range of addresses")
    first = int(match[1], 16)
    last = int(match[2] or match[1], 16)
    if first > last:
        raise ValueError("ends before it begins")
    if first < ADDRESS_MIN or last > ADDRESS_MAX:
        raise ValueError("leaves 0x08 to 0x77, the addresses of I2C devices")
    return AddressRange(first, last)


class Duration(fields.Field[float]):
    """A time with its unit, in seconds, within bounds, both included."""

    def __init__(self, minimum_s: float, maximum_s: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._minimum_s, self._maximum_s = minimum_s, maximum_s

    def _deserialize(self, value: object, *_: object, **__: object) -> float:
        hint = 'write for example "1s" or "500ms" (units: ms, s, min, h, d, w)'
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            raise refuse(
                f"{value} has no unit", f'write for example "{value}s" (ms, s, min, h, d, w)'
            )
        try:
            seconds = parse_duration_s(value) if isinstance(value, str) else None
        except ValueError:
            seconds = None
        if seconds is None:
            raise refuse(f"{shown(value)} is not a duration", hint)
        if not self._minimum_s <= seconds <= self._maximum_s:
            bounds = f"{duration_text(self._minimum_s)} to {duration_text(self._maximum_s)}"
            raise refuse(f"{shown(value)} is not within {bounds}")
        return seconds


class Size(fields.Field[int]):
    """A number of bytes, plain or with its unit, within bounds, both included."""

    def __init__(self, minimum: int, maximum: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._minimum, self._maximum = minimum, maximum

    def _deserialize(self, value: object, *_: object, **__: object) -> int:
        try:
            size = parse_size(value) if isinstance(value, str) else value
        except ValueError:
            size = None
        if not isinstance(size, int) or isinstance(size, bool):
            hint = 'write for example "10MiB", "500KB" or a number of bytes'
            raise refuse(f"{shown(value)} is not a size", hint)
        if not self._minimum <= size <= self._maximum:
            bounds = f"{size_text(self._minimum)} to {size_text(self._maximum)}"
            raise refuse(f"{shown(value)} is not within {bounds}")
        return size


class Host(fields.Field[str]):
    """The address or name to listen at. Whether it needs an access key is seen at the start."""

    def _deserialize(self, value: object, *_: object, **__: object) -> str:
        text = a_text(value, "127.0.0.1")
        if _HOST.fullmatch(text) is None:
            raise refuse(
                f"{shown(text)} is no address and no host name",
                'write for example "127.0.0.1", or "0.0.0.0" for every address of this machine',
            )
        return text


class Origins(fields.Field[tuple[str, ...]]):
    """Origins of web pages."""

    def _deserialize(self, value: object, *_: object, **__: object) -> tuple[str, ...]:
        if not isinstance(value, list):
            hint = 'write ["http://localhost:3000"] or []'
            raise refuse(f"{shown(value)} is {kind(value)}, not a list", hint)
        wrong = {
            number: [
                Finding(f"{shown(item)} {reason}", 'write for example "http://localhost:3000"')
            ]
            for number, item in enumerate(value)
            if (reason := _origin_problem(item))
        }
        if wrong:
            raise ValidationError(wrong)
        return tuple(value)


def _origin_problem(item: object) -> str | None:
    if item == "*":
        return "would let every web page that is open in a browser here command the devices"
    if not isinstance(item, str) or not item.isascii() or not item.isprintable() or " " in item:
        return "is not the origin of a web page"
    try:
        parts = urlsplit(item)
        host = parts.hostname
        _ = parts.port  # raises where it is not a port
    except ValueError:
        return "is not the origin of a web page"
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        return "is not the origin of a web page"
    if item != f"{parts.scheme}://{parts.netloc}":
        return f"is more than an origin ({parts.scheme}://{parts.netloc})"
    return None


class Metadata(fields.Field[Mapping[str, str]]):
    """Words of the user's own about a device."""

    def _deserialize(self, value: object, *_: object, **__: object) -> Mapping[str, str]:
        if not isinstance(value, dict):
            hint = 'write for example { room = "A" }'
            raise refuse(f"{shown(value)} is {kind(value)}, not a table", hint)
        if len(value) > METADATA_KEYS_MAX:
            raise refuse(f"has {len(value)} keys; at most {METADATA_KEYS_MAX} are kept")
        wrong = {
            key: [Finding(problem)]
            for key, item in value.items()
            if (problem := metadata_problem(key, item))
        }
        if wrong:
            raise ValidationError(wrong)
        return dict(value)


class Driver(Choice):
    """How a device is spoken to."""

    def _deserialize(self, value: object, *_: object, **__: object) -> str:
        text = a_text(value, self.allowed[0])
        if text not in self.allowed:
            hint = close_match(text, self.allowed)
            raise refuse(f"there is no driver {shown(text)}", hint)
        return text


def digits(value: object) -> bool:
    """Whether `value` is a whole number written as a text."""
    return isinstance(value, str) and re.fullmatch(r"0x[0-9A-Fa-f]+|[0-9]+", value) is not None
