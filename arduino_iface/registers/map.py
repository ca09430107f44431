"""Register maps of existing sketches: where each channel is, and how its bytes are decoded.

A register number counts bytes: a `u16` at register 4 fills registers 4 and 5. No I/O here.
"""

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Literal

from arduino_iface.schema import Argument, Channel, Command, Schema
from arduino_iface.values import Number, Value, ValueType, is_whole, shortest_f32, within

READ_MAX = 32
"""Bytes of one I2C transaction, from the buffers of the AVR `Wire` library."""

_Order = Literal["big", "little"]
_FLOATS = {4: "f", 8: "d"}


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

    def decode(self, data: bytes) -> Value:
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


def _types() -> dict[str, RegisterType]:
    found = {
        "u8": RegisterType("u8", 1, ValueType.U8),
        "i8": RegisterType("i8", 1, ValueType.I8, signed=True),
        "bool": RegisterType("bool", 1, ValueType.BOOL, truth=True),
    }
    shown = {2: 16, 3: 32, 4: 32, 8: 64}  # a schema has no 24-bit types
    for suffix, big in (("le", False), ("be", True)):
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
"""Every type by its word: u8 i8 bool, and u16 to u64, i16 to i64, f32, f64 with `le` or `be`."""


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


@dataclass(frozen=True, slots=True)
class RegisterChannel:
    """One measured quantity in the registers: value = raw x scale + offset, in `unit`.

    `missing`: raw values that stand for no value. `minimum` and `maximum` are in the unit; a value outside
    is kept, and marked as out of range. `tolerance`, in the unit: the largest difference of two readings of
    one moment that still confirm each other.
    """

    name: str
    register: int
    type: RegisterType
    unit: str | None = None
    scale: Decimal = Decimal(1)
    offset: Decimal = Decimal(0)
    minimum: Number | None = None
    maximum: Number | None = None
    missing: tuple[Number, ...] = ()
    bits: BitField | None = None
    tolerance: float = 0.0

    @property
    def end(self) -> int:
        """The register after its last one."""
        return self.register + self.type.size

    @property
    def described(self) -> Channel:
        """The channel as a schema describes it."""
        shown = self.type.shown
        if self.bits is not None:
            shown = ValueType.BOOL if self.bits.truth else shown
        return Channel(self.name, shown, self.unit, self.scale, self.offset)

    def value(self, data: bytes) -> Value:
        """The value of the channel's own bytes; None when missing."""
        raw = self.type.decode(data)
        if self.bits is not None:
            assert isinstance(raw, int)
            raw = self.bits.cut(raw, self.type.signed)
        if raw is None or raw in self.missing:
            return None
        return self.described.value(raw)

    def fits(self, value: Value) -> bool:
        """Whether a value is within the limits; true for a missing one."""
        return within(value, self.minimum, self.maximum)

    def agree(self, one: bytes, other: bytes) -> bool:
        """Whether two readings of the channel's bytes confirm each other."""
        if one == other:
            return True
        if not self.tolerance:
            # Only the field's own bits matter: its neighbours may have changed.
            return self.bits is not None and self.value(one) == self.value(other)
        first, second = self.value(one), self.value(other)
        if first is None or second is None:
            return False
        return abs(first - second) <= self.tolerance


@dataclass(frozen=True, slots=True)
class RegisterCommand:
    """A command that writes one register: raw = (argument - offset) / scale.

    `verify`: the register is read back. `minimum` and `maximum` are of the argument, inclusive.
    """

    name: str
    register: int
    type: RegisterType
    minimum: Number
    maximum: Number
    scale: Decimal = Decimal(1)
    offset: Decimal = Decimal(0)
    argument: str = "value"
    verify: bool = True

    def described(self, code: int) -> Command:
        """The command as a schema describes it."""
        whole = self.type.integral and is_whole(self.scale) and is_whole(self.offset)
        # The bounds limit it, not the type, so the widest whole type will do.
        kind = ValueType.BOOL if self.type.truth else ValueType.I64 if whole else ValueType.F64
        kind = self.type.shown if self.scale == 1 and self.offset == 0 else kind
        return Command(
            self.name, code, (Argument(self.argument, kind, self.minimum, self.maximum),)
        )

    def encode(self, value: Number) -> bytes:
        """The register's bytes for an argument. Raises `OverflowError` when it does not fit."""
        if self.type.truth:
            return bytes((bool(value),))
        if self.scale == 1 and self.offset == 0:
            return self.type.encode(value)
        raw = (Decimal(repr(value)) - self.offset) / self.scale
        return self.type.encode(float(raw) if self.type.floating else int(raw.to_integral_value()))


class Verify(Enum):
    """How a read is confirmed, since a Pi can repeat or shift data; see `registers.device`."""

    TWICE = "twice"
    ECHO = "echo"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class EchoRegister:
    """A register that holds the number of the register last requested, other than itself."""

    register: int


class EchoFirstByte:
    """Every reply begins with the low byte of the number of the requested register."""


FIRST_BYTE = EchoFirstByte()
"""The only value of its class."""


@dataclass(frozen=True, slots=True)
class RegisterMap:
    """The configuration of a sketch with registers.

    `register_bytes`: 1 or 2 bytes of register number on the wire, the high one first. `block_max`: most
    bytes of one read. `verify` ECHO needs `echo`.
    """

    channels: tuple[RegisterChannel, ...]
    commands: tuple[RegisterCommand, ...] = ()
    register_bytes: int = 1
    block_max: int = READ_MAX
    verify: Verify = Verify.TWICE
    echo: EchoRegister | EchoFirstByte | None = None

    def pointer(self, register: int) -> bytes:
        """A register number as it goes over the wire."""
        return register.to_bytes(self.register_bytes, "big")

    def schema(self, name: str) -> Schema:
        """The sketch's schema, like that of a board that speaks the protocol."""
        return Schema(
            name,
            channels=tuple(channel.described for channel in self.channels),
            commands=tuple(one.described(code) for code, one in enumerate(self.commands)),
        )

    def blocks(self) -> tuple["Block", ...]:
        """The transactions that read every channel, in the order of their registers."""
        room = READ_MAX - (self.echo is FIRST_BYTE)
        return plan_blocks(self.channels, min(self.block_max, room))


@dataclass(frozen=True, slots=True)
class Block:
    """Registers that one transaction reads: from `register` on, `length` bytes."""

    register: int
    length: int
    channels: tuple[RegisterChannel, ...]

    def part(self, channel: RegisterChannel, data: bytes) -> bytes:
        """The bytes of one of its channels."""
        start = channel.register - self.register
        return data[start : start + channel.type.size]


def plan_blocks(channels: Sequence[RegisterChannel], block_max: int) -> tuple[Block, ...]:
    """Join channels that touch or overlap into blocks of at most `block_max` bytes.

    A gap is never read: in some sketches reading a register has a side effect. A channel is never split;
    raises `ValueError` when one alone is longer than `block_max`.
    """
    blocks: list[Block] = []
    for channel in sorted(channels, key=lambda one: (one.register, one.end)):
        if channel.type.size > block_max:
            raise ValueError(f"{channel.name} has {channel.type.size} bytes, more than {block_max}")
        last = blocks[-1] if blocks else None
        touches = last is not None and channel.register <= last.register + last.length
        if last is None or not touches or channel.end - last.register > block_max:
            blocks.append(Block(channel.register, channel.type.size, (channel,)))
            continue
        length = max(last.length, channel.end - last.register)
        blocks[-1] = Block(last.register, length, (*last.channels, channel))
    return tuple(blocks)
