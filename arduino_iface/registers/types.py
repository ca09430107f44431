"""How values are stored in the bytes of a sketch: numbers, digits, text, fields of bits. No I/O here."""

import math
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from arduino_iface.values import Number, Readable, ValueType, shortest_f32

LENGTH_MAX = 32
"""Most bytes of a text: one I2C transaction."""

_Order = Literal["big", "little"]
_FLOATS = {4: "f", 8: "d"}
_UNSENT = re.compile(rb"[\x00\r\n\xff]")
# A number, and a unit behind it that has no digit.
_NUMBER = re.compile(r"\s*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))\s*(?:[^\s0-9.,:;+-][^0-9]*)?")


@dataclass(frozen=True, slots=True)
class RegisterType:
    """How a number is stored in registers: `size` bytes. `shown` is its nearest type in a schema."""

    word: str
    size: int
    shown: ValueType
    signed: bool = False
    floating: bool = False
    truth: bool = False
    big_endian: bool = False

    @property
    def lowest(self) -> Number:
        """The lowest raw value."""
        if self.floating:
            return self.shown.lowest
        return -(1 << (8 * self.size - 1)) if self.signed else 0

    @property
    def highest(self) -> Number:
        """The highest raw value."""
        if self.floating:
            return self.shown.highest
        return 1 if self.truth else (1 << (8 * self.size - self.signed)) - 1

    @property
    def integral(self) -> bool:
        """Whether it is a whole number, which bit fields can be cut out of."""
        return not self.floating and not self.truth

    @property
    def worded(self) -> bool:
        """Whether it is a text, which has no number to scale."""
        return self.shown is ValueType.TEXT

    def decode(self, data: bytes) -> Readable:
        """The raw value of exactly `size` bytes; None for NaN and infinities."""
        if self.floating:
            raw: float = struct.unpack(self._layout, data)[0]
            if not math.isfinite(raw):
                return None
            return shortest_f32(raw) if self.size == 4 else raw
        whole = int.from_bytes(data, self._order, signed=self.signed)
        return bool(whole) if self.truth else whole

    def encode(self, raw: Number) -> bytes:
        """A raw value as bytes. Raises `OverflowError` outside the range."""
        if self.floating:
            return struct.pack(self._layout, raw)
        return int(raw).to_bytes(self.size, self._order, signed=self.signed)

    @property
    def _order(self) -> _Order:
        return "big" if self.big_endian else "little"

    @property
    def _layout(self) -> str:
        return (">" if self.big_endian else "<") + _FLOATS[self.size]


@dataclass(frozen=True, slots=True)
class DigitsType(RegisterType):
    """Binary coded decimals: two digits a byte, as clock chips have them."""

    @property
    def highest(self) -> Number:
        """All nines."""
        return int(10 ** (2 * self.size)) - 1

    @property
    def integral(self) -> bool:
        """Bits cannot be cut out of a decimal number."""
        return False

    def decode(self, data: bytes) -> Readable:
        """The number; None when a half of a byte is not a digit."""
        digits = (data if self.big_endian else data[::-1]).hex()
        return int(digits) if digits.isdecimal() else None

    def encode(self, raw: Number) -> bytes:
        """Digits. Raises `OverflowError` outside the range."""
        if not 0 <= raw <= self.highest:
            raise OverflowError(f"{raw} does not fit {self.word}")
        data = bytes.fromhex(f"{int(raw):0{2 * self.size}d}")
        return data if self.big_endian else data[::-1]


@dataclass(frozen=True, slots=True)
class TextType(RegisterType):
    """`size` bytes of text, which ends before at the first NUL, FF or line end.

    With `shown` F64 it is a number written as text, such as "21.50", with or without a unit behind it.
    """

    @property
    def integral(self) -> bool:
        """There are no bits in a text."""
        return False

    def of_length(self, size: int) -> "TextType":
        """The same with another number of bytes."""
        return replace(self, size=size)

    def decode(self, data: bytes) -> Readable:
        """The text or its number; None for an empty text, and for one that is not a number."""
        text = _UNSENT.split(data, maxsplit=1)[0].decode("utf-8", "replace").strip()
        if self.worded:
            return text or None
        match = _NUMBER.fullmatch(text)
        if match is None:
            return None
        return float(match[1]) if "." in match[1] else int(match[1])

    def encode(self, raw: Number) -> bytes:
        """The number with two decimals as far as there is room, blanks behind. Raises `OverflowError`."""
        whole = f"{raw:.0f}"
        if len(whole) > self.size:
            raise OverflowError(f"{raw} does not fit {self.size} bytes of text")
        text = next(
            (exact for digits in (2, 1) if len(exact := f"{raw:.{digits}f}") <= self.size),
            whole,
        )
        return text.encode("ascii").ljust(self.size)


def _types() -> dict[str, RegisterType]:
    found: dict[str, RegisterType] = {
        "u8": RegisterType("u8", 1, ValueType.U8),
        "i8": RegisterType("i8", 1, ValueType.I8, signed=True),
        "bool": RegisterType("bool", 1, ValueType.BOOL, truth=True),
    }
    found["bcd8"] = DigitsType("bcd8", 1, ValueType.U8)
    found["ascii"] = TextType("ascii", LENGTH_MAX, ValueType.F64, floating=True)
    found["text"] = TextType("text", LENGTH_MAX, ValueType.TEXT)
    shown = {2: 16, 3: 32, 4: 32, 8: 64}  # a schema has no 24-bit types
    for suffix, big in (("le", False), ("be", True)):
        for size in (2, 3, 4):
            word = f"bcd{8 * size}{suffix}"
            found[word] = DigitsType(word, size, ValueType.U32, big_endian=big)
        for size, bits in shown.items():
            for letter, signed in (("u", False), ("i", True)):
                word = f"{letter}{8 * size}{suffix}"
                kind = ValueType[f"{letter.upper()}{bits}"]
                found[word] = RegisterType(word, size, kind, signed=signed, big_endian=big)
        for size, kind in ((4, ValueType.F32), (8, ValueType.F64)):
            word = f"f{8 * size}{suffix}"
            found[word] = RegisterType(word, size, kind, floating=True, big_endian=big)
    return found


REGISTER_TYPES: Mapping[str, RegisterType] = _types()
"""Every type by its word: u8 i8 bool bcd8; with `le` or `be` u16 to u64, i16 to i64, f32, f64, bcd16 to
bcd32; `ascii`, a number written as text, and `text`, which have a length."""


@dataclass(frozen=True, slots=True)
class BitField:
    """A field of `width` bits, its lowest bit being number `offset` of a whole number.

    `truth`: one bit that means false or true. A field of a signed type is signed itself.
    """

    offset: int
    width: int
    truth: bool = False

    def cut(self, whole: int, signed: bool) -> int | bool:
        """The field's raw value within the whole number."""
        field = (whole >> self.offset) & ((1 << self.width) - 1)
        if self.truth:
            return bool(field)
        if signed and field >> (self.width - 1):
            field -= 1 << self.width
        return field
