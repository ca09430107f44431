"""Register maps of existing sketches: where each channel is, and how its bytes are decoded.

A register number counts bytes: a `u16` at register 4 fills registers 4 and 5. No I/O here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from arduino_iface.registers.types import BitField, RegisterType
from arduino_iface.schema import Argument, Channel, Command, Schema
from arduino_iface.values import Number, Readable, ValueType, is_whole, within

READ_MAX = 32
"""Bytes of one I2C transaction, from the buffers of the AVR `Wire` library."""


@dataclass(frozen=True, slots=True)
class RegisterChannel:
    """One measured quantity in the registers: value = raw x scale + offset, in `unit`.

    `at`: with the layout ANSWERS, the byte of the answer with which it begins. `clears`: reading it sets it
    back to zero in the sketch. `missing`: raw values that stand for no value. `minimum` and `maximum` are in
    the unit; a value outside is kept, and marked as out of range. `tolerance`, in the unit: the largest
    difference of two readings of one moment that still confirm each other.
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
    at: int = 0
    clears: bool = False

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

    def value(self, data: bytes) -> Readable:
        """The value of the channel's own bytes; None when missing."""
        raw = self.type.decode(data)
        if isinstance(raw, str):
            return raw
        if self.bits is not None:
            assert isinstance(raw, int)
            raw = self.bits.cut(raw, self.type.signed)
        if raw is None or raw in self.missing:
            return None
        return self.described.value(raw)

    def fits(self, value: Readable) -> bool:
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
        if first is None or second is None or isinstance(first, str) or isinstance(second, str):
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


class Layout(Enum):
    """What the sketch sends when it is read.

    REGISTERS: bytes from the register on whose number was written. PACKET: the same packet always, whatever
    was written. ANSWERS: for each number an answer of its own.
    """

    REGISTERS = "registers"
    PACKET = "packet"
    ANSWERS = "answers"


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
    bytes of one read; a longer value is read in pieces, each by its own number. `verify` ECHO needs `echo`.
    `settle_s`: pause between a number and the read. `number`: what is written before a PACKET is read, None:
    nothing.
    """

    channels: tuple[RegisterChannel, ...]
    commands: tuple[RegisterCommand, ...] = ()
    register_bytes: int = 1
    block_max: int = READ_MAX
    verify: Verify = Verify.TWICE
    echo: EchoRegister | EchoFirstByte | None = None
    layout: Layout = Layout.REGISTERS
    settle_s: float = 0.0
    number: int | None = None

    @property
    def reading_clears(self) -> bool:
        """Whether a read changes what the sketch has, so that nobody may read it without need."""
        return any(channel.clears for channel in self.channels)

    def pointer(self, register: int) -> bytes:
        """A register number as it goes over the wire."""
        return register.to_bytes(self.register_bytes, "big")

    def before(self, register: int) -> bytes:
        """What is written before a read from `register` on; empty: nothing is."""
        if self.layout is not Layout.PACKET:
            return self.pointer(register)
        return b"" if self.number is None else self.pointer(self.number)

    def schema(self, name: str) -> Schema:
        """The sketch's schema, like that of a board that speaks the protocol."""
        return Schema(
            name,
            channels=tuple(channel.described for channel in self.channels),
            commands=tuple(one.described(code) for code, one in enumerate(self.commands)),
        )

    def blocks(self) -> tuple["Block", ...]:
        """The reads that give every channel, in the order of their registers; those that clear are last."""
        if self.layout is Layout.PACKET:
            length = max(channel.end for channel in self.channels)
            return (Block(0, length, self.channels, self.reading_clears),)
        if self.layout is Layout.ANSWERS:
            return plan_answers(self.channels)
        room = min(self.block_max, READ_MAX - (self.echo is FIRST_BYTE))
        return (
            *plan_blocks([one for one in self.channels if not one.clears], room),
            *plan_blocks([one for one in self.channels if one.clears], room),
        )

    def setting(self, command: RegisterCommand) -> "Block":
        """The read that shows what a command's register holds."""
        room = min(self.block_max, READ_MAX - (self.echo is FIRST_BYTE))
        length = command.type.size
        pieces = _pieces(command.register, length, room) if length > room else ()
        return Block(command.register, length, (), pieces=pieces)

    @property
    def indistinct(self) -> bool:
        """Whether no two reads could ever show that the sketch heeds the number; see `numbers`."""
        if self.layout is not Layout.REGISTERS or self.verify is not Verify.TWICE:
            return False
        numbers = {channel.register for channel in self.channels if not channel.clears}
        longest = max((one.type.size for one in self.channels if not one.clears), default=0)
        return len(numbers) == 1 and numbers != {0} and longest <= self.block_max


@dataclass(frozen=True, slots=True)
class Block:
    """Bytes that are read together: from `register` on, `length` bytes. `once`: at most once a sample.

    `pieces`: where each transaction begins; more than one for a value that is longer than a read may be.
    `answer`: it is the sketch's answer to that number, and its channels are where their `at` says.
    """

    register: int
    length: int
    channels: tuple[RegisterChannel, ...]
    once: bool = False
    pieces: tuple[tuple[int, int], ...] = ()
    answer: bool = False

    @property
    def transactions(self) -> tuple[tuple[int, int], ...]:
        """Register and length of each."""
        return self.pieces or ((self.register, self.length),)

    def place(self, channel: RegisterChannel) -> int:
        """The byte of the block with which one of its channels begins."""
        return channel.at if self.answer else channel.register - self.register

    def part(self, channel: RegisterChannel, data: bytes) -> bytes:
        """The bytes of one of its channels."""
        start = self.place(channel)
        return data[start : start + channel.type.size]


def plan_answers(channels: Sequence[RegisterChannel]) -> tuple[Block, ...]:
    """A block for each number; those that clear are last."""
    by_number: dict[int, list[RegisterChannel]] = {}
    for channel in channels:
        by_number.setdefault(channel.register, []).append(channel)
    blocks = [
        Block(
            number,
            max(one.at + one.type.size for one in found),
            tuple(found),
            any(one.clears for one in found),
            answer=True,
        )
        for number, found in sorted(by_number.items())
    ]
    return tuple(sorted(blocks, key=lambda block: block.once))


def plan_blocks(channels: Sequence[RegisterChannel], block_max: int) -> tuple[Block, ...]:
    """Join channels that touch or overlap into blocks of at most `block_max` bytes.

    A gap is never read: in some sketches reading a register has a side effect. A channel that is longer than
    `block_max` is a block of its own, read in pieces.
    """
    blocks: list[Block] = []
    for channel in sorted(channels, key=lambda one: (one.register, one.end)):
        if channel.type.size > block_max:
            blocks.append(_in_pieces(channel, block_max))
            continue
        last = blocks[-1] if blocks and not blocks[-1].pieces else None
        touches = last is not None and channel.register <= last.register + last.length
        if last is None or not touches or channel.end - last.register > block_max:
            blocks.append(Block(channel.register, channel.type.size, (channel,), channel.clears))
            continue
        length = max(last.length, channel.end - last.register)
        joined = (*last.channels, channel)
        blocks[-1] = Block(last.register, length, joined, channel.clears)
    return tuple(blocks)


def _in_pieces(channel: RegisterChannel, block_max: int) -> Block:
    size = channel.type.size
    pieces = _pieces(channel.register, size, block_max)
    return Block(channel.register, size, (channel,), channel.clears, pieces)


def _pieces(register: int, length: int, room: int) -> tuple[tuple[int, int], ...]:
    end = register + length
    return tuple((start, min(room, end - start)) for start in range(register, end, room))
