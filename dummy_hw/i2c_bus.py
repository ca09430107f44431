"""A simulated I2C bus: the timing, limits and errors of a Linux adapter with Arduinos on it."""

import errno
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from arduino_iface.clock import Clock
from arduino_iface.errors import BusFault, PortLost
from arduino_iface.frame import I2C_FRAME_MAX
from dummy_hw.faults import LATE_REPLY_S, ON_I2C_READ, ON_I2C_WRITE, Fault, FaultPlan

ADAPTER_TIMEOUT_S = 0.035
"""After this long a held clock ends a transaction (i2c-bcm2835)."""

_ADDRESS_MAX = 0x7F
_BITS_PER_BYTE = 9
_START_AND_STOP_BITS = 2
_UNDRIVEN = b"\xff"


class I2cBoard(Protocol):
    """A board at one address of the bus, as the bus needs it; `DummyBoard` is one."""

    @property
    def faults(self) -> FaultPlan:
        """The faults of transactions to its address."""
        ...

    def require_room(self, reply_max: int) -> None:
        """Raises `ValueError` when it cannot work with reads of `reply_max` bytes."""
        ...

    def i2c_write(self, address: int, data: bytes, late_s: float = 0.0, /) -> bool:
        """One write transaction to its address; whether it was acknowledged."""
        ...

    def i2c_read(self) -> bytes | None:
        """The bytes it sends now, without padding; None: not acknowledged."""
        ...

    def mute(self) -> None:
        """A loose contact: off the air for a while."""
        ...

    def reset(self) -> None:
        """Press the reset button."""
        ...


class WireOverlap(RuntimeError):
    """Two transactions at once on one bus: a bug of the program, never a fault of the wire.

    Not a `WireError`, so that no retry hides it.
    """


class DummyI2cTransport:
    """Implements `arduino_iface.transport.I2cTransport` on boards in this process.

    Every transaction lasts as long as on a wire, by `clock.sleep`. A second one that begins meanwhile, on any
    thread, raises `WireOverlap` and is counted in `overlaps`. Each board's own `FaultPlan` decides the faults
    of transactions to its address.
    """

    def __init__(self, clock: Clock, speed_hz: int = 100_000) -> None:
        """An adapter that is not open, with nothing on its bus."""
        self.overlaps = 0
        self.transactions = 0
        self._clock = clock
        self._speed_hz = speed_hz
        self._wire = threading.Lock()
        self._state = threading.Lock()
        self._boards: dict[int, I2cBoard] = {}
        self._last_read: dict[int, bytes] = {}
        self._open = False

    @property
    def clock(self) -> Clock:
        """The clock by which this wire's time passes."""
        return self._clock

    @property
    def boards(self) -> dict[int, I2cBoard]:
        """The boards by address (a copy)."""
        with self._state:
            return dict(self._boards)

    def attach(self, address: int, board: I2cBoard) -> None:
        """Wire a board to the bus. Raises `ValueError` for a taken or impossible address."""
        _require_address(address)
        board.require_room(I2C_FRAME_MAX)
        with self._state:
            if address in self._boards:
                raise ValueError(f"address 0x{address:02x} is taken")
            self._boards[address] = board

    def detach(self, address: int) -> None:
        """Take the board at `address` off the bus. Raises `KeyError` when there is none."""
        with self._state:
            del self._boards[address]

    def open(self) -> None:
        """Make the adapter usable."""
        with self._state:
            self._open = True

    def close(self) -> None:
        """Give the adapter back."""
        with self._state:
            self._open = False

    def write(self, address: int, data: bytes) -> None:
        """One write transaction of at most 32 bytes."""
        if len(data) > I2C_FRAME_MAX:
            raise ValueError(f"a write of {len(data)} bytes; at most {I2C_FRAME_MAX}")
        self.stray_write(address, data)

    def stray_write(self, address: int, data: bytes) -> None:
        """A write of any length, as by another program; a long one makes an AVR board deaf."""
        _require_address(address)
        with self._transaction() as boards:
            board = boards.get(address)
            fault = None if board is None else board.faults.next(ON_I2C_WRITE)
            if board is None or self._misses(board, fault):
                self._pass_bytes(1)
                raise _not_acknowledged(address)
            self._pass_bytes(1 + len(data))
            if not _deliver(board, address, data, fault):
                raise _not_acknowledged(address)

    def read(self, address: int, length: int) -> bytes:
        """One read transaction; what the board did not drive reads as FF."""
        _require_address(address)
        if not 1 <= length <= I2C_FRAME_MAX:
            raise ValueError(f"a read of {length} bytes; 1 to {I2C_FRAME_MAX}")
        with self._transaction() as boards:
            board = boards.get(address)
            fault = None if board is None else board.faults.next(ON_I2C_READ)
            driven = None
            if board is not None and not self._misses(board, fault):
                # The data is fixed when the address is acknowledged, before the bytes pass.
                driven = board.i2c_read()
            if board is None or driven is None:
                self._pass_bytes(1)
                raise _not_acknowledged(address)
            self._pass_bytes(1 + length)
            before = self._last_read.get(address, b"")
            came = before if fault is Fault.STALE else board.faults.damaged(driven, fault)
            came = came[:length].ljust(length, _UNDRIVEN)
            if fault is Fault.SHIFT:
                came = _late_by_one_bit(came)
            self._last_read[address] = came
            return came

    @contextmanager
    def _transaction(self) -> Iterator[dict[int, I2cBoard]]:
        if not self._wire.acquire(blocking=False):
            with self._state:
                self.overlaps += 1
            raise WireOverlap("a transaction began while another was on the wire")
        try:
            with self._state:
                if not self._open:
                    raise PortLost(errno.ENODEV, "the adapter is not open")
                self.transactions += 1
                boards = dict(self._boards)
            yield boards
        finally:
            self._wire.release()

    def _pass_bytes(self, count: int) -> None:
        bits = count * _BITS_PER_BYTE + _START_AND_STOP_BITS
        self._clock.sleep(bits / self._speed_hz)

    def _misses(self, board: I2cBoard, fault: Fault | None) -> bool:
        """Apply faults that come before the address byte; whether the board misses the address."""
        if fault is Fault.STUCK_BUS:
            self._clock.sleep(ADAPTER_TIMEOUT_S)
            cause = OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
            raise BusFault(errno.ETIMEDOUT, "a device held the clock") from cause
        if fault is Fault.DISCONNECT:
            self.close()
            raise PortLost(errno.ENODEV, "the adapter is gone")
        if fault is Fault.REBOOT:
            board.reset()
        elif fault is Fault.SILENCE:
            board.mute()
        return fault in (Fault.NACK, Fault.SILENCE)


def _deliver(board: I2cBoard, address: int, data: bytes, fault: Fault | None) -> bool:
    """Give the written bytes to the board, after the fault; whether it acknowledged."""
    if fault in (Fault.DROP_REQUEST, Fault.REBOOT):
        return True
    late_s = LATE_REPLY_S if fault is Fault.LATE_REPLY else 0.0
    if fault is Fault.DUPLICATE:
        board.i2c_write(address, data)
    return board.i2c_write(address, board.faults.damaged(data, fault), late_s)


def _late_by_one_bit(data: bytes) -> bytes:
    """The bytes read when a bit of the idle line is taken for the first one."""
    late = (int.from_bytes(data, "big") >> 1) | 1 << (8 * len(data) - 1)
    return late.to_bytes(len(data), "big")


def _not_acknowledged(address: int) -> BusFault:
    fault = BusFault(errno.EREMOTEIO, f"nothing acknowledged address 0x{address:02x}")
    fault.__cause__ = OSError(errno.EREMOTEIO, os.strerror(errno.EREMOTEIO))
    return fault


def _require_address(address: int) -> None:
    if not 0 <= address <= _ADDRESS_MAX:
        raise ValueError(f"{address} is not a 7-bit address")
