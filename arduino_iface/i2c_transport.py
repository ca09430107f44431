"""I2C by the kernel's i2c-dev interface, through smbus2; only this module imports smbus2.

Only `i2c_rdwr` is used, with one message a call: a single ioctl that keeps no state in the
descriptor. The other calls of smbus2 set the address first and transfer second, so two threads
could talk to each other's board; and a joined write and read (repeated start) is not reliable with
AVR boards.
"""

import errno
import fcntl
import os
import threading
from typing import TYPE_CHECKING

from arduino_iface.clock import SYSTEM_CLOCK, Clock
from arduino_iface.errors import BusFault, PortLost, WireError

if TYPE_CHECKING:
    from smbus2 import SMBus, i2c_msg

ADDRESS_MIN = 0x03
"""First 7-bit address that may be used.

The I2C specification (UM10204, section 3.1.12) leaves 0x08 and above to devices. 0x03 to 0x07 are kept for
other kinds of bus and for masters of high speed, which a bus of AVR boards has not, so sketches use them.
"""

ADDRESS_MAX = 0x77
"""Last one."""

TRANSFER_MAX = 32
"""Most bytes of one transfer: more makes the AVR `Wire` library deaf until it is set up again."""

# Of linux/i2c-dev.h. Both set the adapter, for every program that uses it.
_I2C_RETRIES = 0x0701
_I2C_TIMEOUT = 0x0702
_TIMEOUT_10MS = 10  # 100 ms; with the usual 1 s a stuck board would delay all others

_RETRY = {
    errno.EREMOTEIO: "no acknowledgement; the device is absent, hung or at another address",
    errno.ENXIO: "no acknowledgement; the device is absent, hung or at another address",
    errno.ETIMEDOUT: "timed out; a device may hold the bus: check the wiring and the power",
    errno.EIO: "I/O error on the bus",
    errno.EAGAIN: "arbitration lost to another master",
    errno.EPROTO: "protocol error on the bus",
    errno.EBADMSG: "damaged message on the bus",
    errno.EBUSY: "a kernel driver uses this address or the bus is busy",
}
_LOST = {
    errno.ENOENT: "does not exist: enable I2C (raspi-config) or correct [[bus]] port",
    errno.ENODEV: "is gone: enable I2C (raspi-config) or plug the adapter in again",
    errno.EACCES: "is not permitted: add the user to group i2c",
    errno.EPERM: "is not permitted: add the user to group i2c",
    errno.ENOTTY: "is not an I2C adapter: correct [[bus]] port",
    errno.EBADF: "was closed",
    # Retries would be refused as well.
    errno.EINVAL: "does not support these transfers: use another adapter",
    errno.EOPNOTSUPP: "does not support these transfers: use another adapter",
}


def wire_error(path: str, what: str, error: OSError) -> WireError:
    """The error for one of the kernel: `BusFault` to retry, `PortLost` to reopen.

    An unknown one is a `BusFault`: retried a few times, then backed off from.
    """
    code = error.errno or 0
    if code in _LOST:
        return PortLost(f"{path} {_LOST[code]}")
    reason = _RETRY.get(code, "failed")
    return BusFault(f"{path}, {what}: {reason} ({errno.errorcode.get(code, code)})")


class LinuxI2cTransport:
    """The adapter at `path`, as "/dev/i2c-1". An `I2cTransport`; see there for what is raised.

    `close` may be called from any thread: it lets a running transfer end (about 100 ms at most), so
    that the descriptor's number cannot mean another file by the time it is used.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        # Guards `_adapter`; held for one transfer. The bus lock orders the callers, not this one.
        self._guard = threading.Lock()
        self._adapter: SMBus | None = None

    @property
    def clock(self) -> Clock:
        """Real time."""
        return SYSTEM_CLOCK

    def open(self) -> None:
        """Open the adapter and shorten its time-out, which holds for all programs that use it."""
        with self._guard:
            if self._adapter is None:
                self._adapter = _opened(self._path)

    def close(self) -> None:
        """Close the adapter; idempotent."""
        with self._guard:
            adapter, self._adapter = self._adapter, None
            if adapter is not None:
                _dispose(adapter)

    def write(self, address: int, data: bytes) -> None:
        """Write 0 to 32 bytes. Raises `ValueError` for more, or a reserved address."""
        _check(address, len(data), lowest=0)
        from smbus2 import i2c_msg

        self._transfer(i2c_msg.write(address, data), f"write to 0x{address:02x}")

    def read(self, address: int, length: int) -> bytes:
        """Read 1 to 32 bytes. Raises `ValueError` for another length, or a reserved address."""
        _check(address, length, lowest=1)
        from smbus2 import i2c_msg

        message = i2c_msg.read(address, length)
        self._transfer(message, f"read from 0x{address:02x}")
        return bytes(message)

    def _transfer(self, message: "i2c_msg", what: str) -> None:
        with self._guard:
            if self._adapter is None:
                raise PortLost(f"{self._path} is not open")
            try:
                self._adapter.i2c_rdwr(message)
            except OSError as error:
                raise wire_error(self._path, what, error) from error


def _check(address: int, length: int, *, lowest: int) -> None:
    # smbus2 would silently cut both to 16 bits, and address a different device.
    if not ADDRESS_MIN <= address <= ADDRESS_MAX:
        raise ValueError(f"address {address:#x}; {ADDRESS_MIN:#x} to {ADDRESS_MAX:#x} expected")
    if not lowest <= length <= TRANSFER_MAX:
        raise ValueError(f"a transfer of {length} bytes; {lowest} to {TRANSFER_MAX} expected")


def _opened(path: str) -> "SMBus":
    from smbus2 import I2cFunc, SMBus

    # SMBus(path) leaks the descriptor when the file is not an adapter.
    adapter = SMBus()
    try:
        adapter.open(path)
        if not adapter.funcs & I2cFunc.I2C:
            raise PortLost(f"{path} offers SMBus only, not plain I2C: use another adapter")
        assert adapter.fd is not None
        fcntl.ioctl(adapter.fd, _I2C_TIMEOUT, _TIMEOUT_10MS)
        fcntl.ioctl(adapter.fd, _I2C_RETRIES, 0)
    except WireError:
        _dispose(adapter)
        raise
    except OSError as error:
        _dispose(adapter)
        reason = _LOST.get(error.errno or 0, f"cannot be opened: {os.strerror(error.errno or 0)}")
        raise PortLost(f"{path} {reason}") from error
    return adapter


def _dispose(adapter: "SMBus") -> None:
    if adapter.fd == 0:  # a valid descriptor, which smbus2 mistakes for "not open"
        os.close(0)
        adapter.fd = None
    adapter.close()
