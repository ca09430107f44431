"""The value types of boards, packed little-endian, and the raw value of each that stands for "missing"."""

import math
import struct
from decimal import Decimal
from enum import Enum

Number = int | float
"""A raw value, or a bound."""

Value = int | float | bool | None
"""One measured value; None is missing."""

Readable = Value | str
"""A value or a text: what a sketch that prints may measure."""

EXACT_MAX = 2**53
"""Whole numbers beyond this are not exact in JSON, whose numbers are 64-bit floats."""


class ValueType(Enum):
    """A type of the schema language. `missing` is the raw value that stands for no value."""

    U8 = ("u8", "<B", 0, 0xFF, 0xFF)
    I8 = ("i8", "<b", -0x80, 0x7F, -0x80)
    U16 = ("u16", "<H", 0, 0xFFFF, 0xFFFF)
    I16 = ("i16", "<h", -0x8000, 0x7FFF, -0x8000)
    U32 = ("u32", "<I", 0, 0xFFFF_FFFF, 0xFFFF_FFFF)
    I32 = ("i32", "<i", -0x8000_0000, 0x7FFF_FFFF, -0x8000_0000)
    F32 = ("f32", "<f", -3.4028234663852886e38, 3.4028234663852886e38, math.nan)
    BOOL = ("bool", "<B", 0, 1, 0xFF)
    # Not in the schema language: further types of sketches that do not speak the protocol.
    U64 = ("u64", "<Q", 0, 0xFFFF_FFFF_FFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF)
    I64 = ("i64", "<q", -(2**63), 2**63 - 1, -(2**63))
    F64 = ("f64", "<d", -1.7976931348623157e308, 1.7976931348623157e308, math.nan)
    TEXT = ("text", "", 0, 0, 0)

    def __init__(
        self, word: str, layout: str, lowest: Number, highest: Number, missing: Number
    ) -> None:
        """One row of the table above."""
        self.word = word
        self.lowest = lowest
        self.highest = highest
        self.missing = missing
        self._layout = struct.Struct(layout)

    @property
    def size(self) -> int:
        """Bytes of a packed value."""
        return self._layout.size

    @property
    def integral(self) -> bool:
        """Whether raw values are whole numbers that are not a truth value."""
        return self not in (ValueType.F32, ValueType.F64, ValueType.BOOL, ValueType.TEXT)

    @property
    def described(self) -> bool:
        """Whether it is a type of the schema language; the others are for sketches without a schema."""
        return self.word in _BY_WORD

    def pack(self, raw: Number) -> bytes:
        """A raw value as bytes. Raises `struct.error` or `OverflowError` outside the range."""
        return self._layout.pack(raw)

    def unpack(self, data: bytes, offset: int = 0) -> Value:
        """The raw value at `offset`; None when missing, NaN or infinite."""
        raw: Number = self._layout.unpack_from(data, offset)[0]
        if self is ValueType.F32:
            return shortest_f32(raw) if math.isfinite(raw) else None
        if self is ValueType.F64:
            return raw if math.isfinite(raw) else None
        if raw == self.missing:
            return None
        return bool(raw) if self is ValueType.BOOL else raw

    @classmethod
    def of(cls, word: str) -> "ValueType":
        """The type a schema names `word`. Raises `KeyError`."""
        return _BY_WORD[word]


_UNDESCRIBED = (ValueType.U64, ValueType.I64, ValueType.F64, ValueType.TEXT)
_BY_WORD = {kind.word: kind for kind in ValueType if kind not in _UNDESCRIBED}
DESCRIBED = tuple(_BY_WORD.values())
"""The types of the schema language."""


def within(value: Readable, minimum: Number | None, maximum: Number | None) -> bool:
    """Whether a number is within limits, None for no limit; true for everything that is not a number."""
    if isinstance(value, bool | str | None):
        return True
    return (minimum is None or value >= minimum) and (maximum is None or value <= maximum)


def is_whole(number: Decimal) -> bool:
    """Whether it has no fraction."""
    return number == number.to_integral_value()


def shortest_f32(value: float) -> float:
    """The number with the fewest decimal digits that is the same 32-bit float."""
    packed = struct.pack("<f", value)
    for digits in (6, 7, 8, 9):
        candidate = float(f"{value:.{digits}g}")
        try:
            if struct.pack("<f", candidate) == packed:
                return candidate
        except OverflowError:
            continue
    return value
