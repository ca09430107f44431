"""A simulated sketch with a register map on I2C."""

import math
from collections.abc import Mapping

from arduino_iface.clock import Clock
from arduino_iface.registers.map import (
    FIRST_BYTE,
    EchoRegister,
    Layout,
    RegisterChannel,
    RegisterMap,
)
from arduino_iface.registers.types import TextType
from arduino_iface.values import Number, Value
from dummy_hw.board import WIRE_BUFFER
from dummy_hw.faults import SILENCE_S, FaultPlan
from dummy_hw.signals import Constant, Signal
from dummy_hw.sketch_board import SketchBoard


class RegisterBoard(SketchBoard):
    """The board of a register map. Thread-safe; nothing here waits. Made without power.

    A write sets the register pointer and, with more bytes, registers from there on; a read sends registers
    from the pointer on, which stays; or the packet, or the answer to that number, as the map's layout says.
    Registers of channels show their signals until they are written. A reset forgets what was written. Attach
    it to a `DummyI2cTransport`, which applies `faults`.
    """

    def __init__(
        self,
        registers: RegisterMap,
        *,
        clock: Clock,
        signals: Mapping[str, Signal] | None = None,
        faults: FaultPlan | None = None,
    ) -> None:
        """Channels without a signal measure 0. Raises `ValueError` for a signal without a channel."""
        names = {channel.name for channel in registers.channels}
        unknown = sorted(set(signals or {}) - names)
        if unknown:
            raise ValueError(f"there is no channel {unknown[0]!r}")
        super().__init__(clock, faults)
        self.registers = registers
        self._signals = {name: Constant(0) for name in names} | dict(signals or {})
        self._written: dict[int, int] = {}
        self._writes: list[tuple[int, bytes]] = []
        self._pointer = 0
        self._echo = 0
        self._muted_until = -math.inf

    def require_room(self, reply_max: int) -> None:
        """No-op: every channel fits a read."""

    def mute(self, seconds: float = SILENCE_S) -> None:
        """A loose contact: off the air for a while."""
        with self._lock:
            self._muted_until = self.clock.monotonic() + seconds

    def set_signal(self, channel: str, signal: Signal) -> None:
        """From now on the channel measures `signal`. Raises `ValueError` for an unknown channel."""
        with self._lock:
            if channel not in self._signals:
                raise ValueError(f"there is no channel {channel!r}")
            self._signals[channel] = signal

    @property
    def writes(self) -> list[tuple[int, bytes]]:
        """Every write to registers since the start: the first register and the bytes."""
        with self._lock:
            return list(self._writes)

    def held(self, register: int, length: int) -> bytes:
        """The present bytes of registers."""
        with self._lock:
            return self._show(register, length)

    def i2c_write(self, _address: int, data: bytes, _late_s: float = 0.0, /) -> bool:
        """One write transaction, effective at once; whether it was acknowledged."""
        with self._lock:
            if not self._on_air():
                return False
            size = self.registers.register_bytes
            if len(data) < size:
                return True
            register = int.from_bytes(data[:size], "big")
            self._pointer = register
            echo = self.registers.echo
            if not isinstance(echo, EchoRegister) or register != echo.register:
                self._echo = register
            rest = data[size:WIRE_BUFFER]
            if rest:
                self._writes.append((register, rest))
                self._written |= {register + place: byte for place, byte in enumerate(rest)}
            return True

    def i2c_read(self) -> bytes | None:
        """The bytes it sends now, a buffer full of registers; None: not acknowledged."""
        with self._lock:
            if not self._on_air():
                return None
            if self.registers.echo is FIRST_BYTE:
                return bytes((self._pointer & 0xFF,)) + self._show(self._pointer, WIRE_BUFFER - 1)
            packet = self.registers.layout is Layout.PACKET
            return self._show(0 if packet else self._pointer, WIRE_BUFFER)

    # Under the lock

    def _clear(self) -> None:
        self._written.clear()
        self._writes.clear()
        self._pointer = self._echo = 0

    def _on_air(self) -> bool:
        return self._powered and self.clock.monotonic() >= self._muted_until

    def _show(self, register: int, length: int) -> bytes:
        shown = bytearray(length)
        seconds = self.clock.monotonic() - self._started_at
        end = register + length
        for channel in self.registers.channels:
            first = self._first(channel, register)
            if first is not None and first < end and first + channel.type.size > register:
                value = self._signals[channel.name](seconds)
                before = self._bytes_at(first, channel.type.size, register, shown)
                self._put(shown, register, first, put_value(channel, value, before))
        echo = self.registers.echo
        if isinstance(echo, EchoRegister):
            self._put(shown, register, echo.register, self.registers.pointer(self._echo))
        for place in range(length):
            shown[place] = self._written.get(register + place, shown[place])
        return bytes(shown)

    def _first(self, channel: RegisterChannel, register: int) -> int | None:
        """Where a channel begins as seen from a register; None: it is in the answer to another number."""
        if self.registers.layout is not Layout.ANSWERS:
            return channel.register
        return register + channel.at if channel.register == register else None

    def _bytes_at(self, first: int, size: int, register: int, shown: bytearray) -> bytes:
        """The bytes already set there: other bit fields of the same register."""
        places = range(first - register, first - register + size)
        return bytes(shown[place] if 0 <= place < len(shown) else 0 for place in places)

    def _put(self, shown: bytearray, register: int, at: int, data: bytes) -> None:
        for place, byte in enumerate(data, at - register):
            if 0 <= place < len(shown):
                shown[place] = byte


def put_value(channel: RegisterChannel, value: Value, before: bytes) -> bytes:
    """The channel's bytes when it measures `value`; of a bit field the other bits stay as `before`."""
    kind = channel.type
    raw: Number
    if kind.worded:
        text = "" if value is None else str(value)
        return text.encode("utf-8")[: kind.size].ljust(kind.size, b"\0")
    if value is None:
        raw = channel.missing[0] if channel.missing else math.nan if kind.floating else 0
    elif kind.floating or isinstance(value, bool):
        raw = float(channel.described.unscaled(value))
    else:
        raw = int(channel.described.unscaled(value).to_integral_value())
    if channel.bits is not None:
        mask = ((1 << channel.bits.width) - 1) << channel.bits.offset
        whole = int.from_bytes(before, "big" if kind.big_endian else "little")
        whole = whole & ~mask | (int(raw) << channel.bits.offset) & mask
        return whole.to_bytes(kind.size, "big" if kind.big_endian else "little")
    if isinstance(kind, TextType) and math.isnan(raw):
        return b" " * kind.size
    if kind.floating and math.isnan(raw):
        return kind.encode(raw)
    return kind.encode(min(max(raw, kind.lowest), kind.highest))
