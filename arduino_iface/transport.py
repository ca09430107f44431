"""What a wire offers: bytes to and from an address on I2C, bytes to and from the board on serial."""

from typing import Protocol

from arduino_iface.clock import Clock


class I2cTransport(Protocol):
    """One I2C adapter. Each call is one transaction on the wire; the caller holds the bus lock.

    `write` and `read` raise `BusFault` when the transaction failed and `PortLost` when the adapter
    is gone; `open` raises `PortLost`. `close` may be called from any thread at any time.
    """

    @property
    def clock(self) -> Clock:
        """The clock by which this wire's time passes."""
        ...

    def open(self) -> None:
        """Open the adapter; no-op when it is open."""
        ...

    def close(self) -> None:
        """Close the adapter; idempotent."""
        ...

    def write(self, address: int, data: bytes) -> None:
        """Write 0 to 32 bytes to a 7-bit address. Raises `ValueError` before anything is sent."""
        ...

    def read(self, address: int, length: int) -> bytes:
        """Read exactly `length` bytes (1 to 32); bytes that the device did not drive read as FF."""
        ...


class SerialTransport(Protocol):
    """One serial port. The caller holds the bus lock for `write` and `read`, never for `wait`.

    All raise `PortLost` when the port is gone; `open` also when it is locked or not permitted.
    """

    @property
    def clock(self) -> Clock:
        """The clock by which this wire's time passes."""
        ...

    @property
    def is_open(self) -> bool:
        """Whether the port is open, as far as is known."""
        ...

    @property
    def baud_rate(self) -> int:
        """Bits per second."""
        ...

    def open(self) -> None:
        """Open the port; this may reset the board. No-op when it is open."""
        ...

    def close(self) -> None:
        """Close the port; idempotent. May be called from any thread."""
        ...

    def write(self, data: bytes) -> None:
        """Send all of `data`."""
        ...

    def wait(self, timeout_s: float) -> bool:
        """Wait until something can be read; False when nothing came in time."""
        ...

    def read(self) -> bytes:
        """What has arrived, without waiting; empty when nothing has."""
        ...
