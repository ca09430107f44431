"""A bus: one transport and the lock that its users share.

Each method that goes to the wire holds the lock for exactly one transaction. The lock is not held while a
board prepares its reply or while bytes arrive: the bus is then free for other boards.

All methods may be called from any thread. Those that take the lock raise `BusBusy` when it was not
free within `timeout_s`, and nothing was sent then.
"""

from collections.abc import Iterator
from typing import Generic, TypeVar

from arduino_iface.lock import Priority, PriorityLock
from arduino_iface.transport import I2cTransport, SerialTransport

READ_LOCK_TIMEOUT_S = 1.0
"""How long a serial read waits for the lock unless told otherwise; it is held for microseconds."""


_Transport = TypeVar("_Transport", bound=I2cTransport | SerialTransport)


class _Bus(Generic[_Transport]):
    """A transport shared by threads. `name` is that of the configuration."""

    def __init__(self, name: str, transport: _Transport) -> None:
        self.name = name
        self.transport = transport
        self.lock = PriorityLock(transport.clock)

    @property
    def taken_since(self) -> float | None:
        """When the transaction began that holds the bus (monotonic seconds); None: none does."""
        return self.lock.held_since

    def open(self, priority: Priority, timeout_s: float) -> None:
        """Open the adapter or port, which may reset a board; no-op when it is open. Raises `PortLost`."""
        with self.lock.hold(priority, timeout_s):
            self.transport.open()

    def close(self) -> None:
        """Close it, without the lock; idempotent. A `wait` or transfer in another thread ends first."""
        self.transport.close()


class I2cBus(_Bus[I2cTransport]):
    """An I2C adapter and the lock shared by the boards on it."""

    def write(self, address: int, data: bytes, priority: Priority, timeout_s: float) -> None:
        """One write transaction. Raises `BusFault`, `PortLost`, `ValueError`."""
        with self.lock.hold(priority, timeout_s):
            self.transport.write(address, data)

    def read(self, address: int, length: int, priority: Priority, timeout_s: float) -> bytes:
        """One read transaction of exactly `length` bytes. Raises as `write` does."""
        with self.lock.hold(priority, timeout_s):
            return self.transport.read(address, length)


class SerialBus(_Bus[SerialTransport]):
    """A serial port, and the lock shared by the threads that talk to the board behind it."""

    @property
    def is_open(self) -> bool:
        """Whether the port is open, as far as is known."""
        return self.transport.is_open

    @property
    def baud_rate(self) -> int:
        """Bits per second."""
        return self.transport.baud_rate

    def write(self, data: bytes, priority: Priority, timeout_s: float) -> None:
        """Send all of `data`. Raises `PortLost`."""
        with self.lock.hold(priority, timeout_s):
            self.transport.write(data)

    def wait(self, timeout_s: float) -> bool:
        """Wait, without the lock, until something can be read; False when nothing came in time."""
        return self.transport.wait(timeout_s)

    def arrivals(self, timeout_s: float) -> Iterator[None]:
        """Wait, without the lock; yields each time that something can be read, until `timeout_s` have passed.

        Raises `PortLost`. What can be read must be read before the next one.
        """
        clock = self.transport.clock
        deadline = clock.monotonic() + timeout_s
        while (remaining := deadline - clock.monotonic()) > 0 and self.wait(remaining):
            yield

    def read(self, priority: Priority, timeout_s: float = READ_LOCK_TIMEOUT_S) -> bytes:
        """What has arrived, without waiting for more; empty when nothing has. Raises `PortLost`."""
        with self.lock.hold(priority, timeout_s):
            return self.transport.read()
