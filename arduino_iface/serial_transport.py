"""Serial ports. pyserial opens and sets up the port; only this module imports pyserial.

Bytes are moved with `poll`, `read` and `write` of the operating system: pyserial's own calls use
`select`, which fails for descriptors from 1024 on, and raise five kinds of exception.
"""

import contextlib
import errno
import fcntl
import os
import select
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from arduino_iface.clock import SYSTEM_CLOCK, Clock
from arduino_iface.errors import PortLost

if TYPE_CHECKING:
    from serial import Serial

BAUD_RATE_MAX = 4_000_000
"""Highest rate of the kernel (B4000000), bits per second."""

_READ_MAX = 4096
_FAILURES = (OSError, termios.error, TypeError, ValueError)
"""What the system and pyserial raise for a lost port; `SerialException` is an `OSError`."""

_OPEN_FAILURES = {
    errno.ENOENT: "does not exist: plug the board in, or correct [[bus]] port",
    errno.ENODEV: "is gone: plug the board in again",
    errno.ENXIO: "is gone: plug the board in again",
    errno.EACCES: "is not permitted: add the user to group dialout",
    errno.EPERM: "is not permitted: add the user to group dialout",
    errno.EAGAIN: "is locked by another program: stop that one (a serial monitor, another gateway)",
    errno.EBUSY: "is used by another program: stop that one (a serial monitor, another gateway)",
    errno.EISDIR: "is a folder, not a serial port: correct [[bus]] port",
}


class PortGuard(Protocol):
    """Sees to it that a port leads to the board that is meant."""

    def locate(self, path: str) -> str:
        """The path to open now instead of `path`. Raises `ProtocolMismatch` when the board is nowhere."""
        ...

    def confirm(self, device_number: int) -> None:
        """The port with this `st_rdev` was opened. Raises `WireError` when it is not the one meant."""
        ...


class PortTransport:
    """The serial port at `path`. A `SerialTransport`; every failure is a `PortLost`, or an error of `guard`.

    `write` and `read` are for one thread at a time (the bus lock ensures it); `wait` and `close` may be
    called from any. A port that fails is closed, and can be opened again. Opening is exclusive: a lock
    (flock) keeps out programs that ask for it, TIOCEXCL all others but those of root. The kernel raises
    DTR, which resets most boards, before it refuses a second program.
    """

    def __init__(
        self,
        path: str,
        baud_rate: int = 115200,
        *,
        write_timeout_s: float = 1.0,
        guard: PortGuard | None = None,
    ) -> None:
        """`guard` None: whatever board is at `path` is the right one."""
        if not 0 < baud_rate <= BAUD_RATE_MAX:
            raise ValueError(f"baud rate {baud_rate}; 1 to {BAUD_RATE_MAX} expected")
        self._path = path
        self._baud_rate = baud_rate
        self._write_timeout_s = write_timeout_s
        self._guard = guard
        # Guards the session and the count of its users; signalled when a closing one has no more.
        self._changed = threading.Condition()
        self._session: _Session | None = None

    @property
    def clock(self) -> Clock:
        """Real time."""
        return SYSTEM_CLOCK

    @property
    def is_open(self) -> bool:
        """Whether the port is open; False once it was found to have failed."""
        with self._changed:
            return self._session is not None

    @property
    def baud_rate(self) -> int:
        """Bits per second."""
        return self._baud_rate

    def open(self) -> None:
        """Open the port, exclusively, and discard what the kernel had received before."""
        with self._changed:
            if self._session is None:
                self._session = self._opened()

    def close(self) -> None:
        """Close the port. Another thread inside `wait` or `write` gets `PortLost` at once."""
        with self._changed:
            session, self._session = self._session, None
            if session is None:
                return
            session.end()
            if session.users:
                # The last user closes the descriptor: its number, reused for another file, must
                # not be read or written here. All users have been woken.
                self._changed.wait_for(lambda: not session.users, self._write_timeout_s)
            else:
                session.dispose()

    def write(self, data: bytes) -> None:
        """Send all of `data`. `PortLost` when the port has not accepted it within `write_timeout_s`."""
        with self._using() as session:
            deadline = time.monotonic() + self._write_timeout_s
            rest = memoryview(data)
            while rest:
                session.poll(select.POLLOUT, deadline - time.monotonic())
                with contextlib.suppress(BlockingIOError):
                    rest = rest[os.write(session.descriptor, rest) :]
                if rest and time.monotonic() >= deadline:
                    raise PortLost(f"{self._path} accepts no more bytes: the board or cable hangs")

    def wait(self, timeout_s: float) -> bool:
        """Wait until something can be read; False when nothing came in `timeout_s` real seconds."""
        with self._using() as session:
            return session.poll(select.POLLIN, timeout_s)

    def read(self) -> bytes:
        """What has arrived; empty when nothing has."""
        with self._using() as session:
            if not session.poll(select.POLLIN, 0):
                return b""
            data = os.read(session.descriptor, _READ_MAX)
            if not data:
                # Readable, but no data: the kernel signals so that the device is gone.
                raise PortLost(f"{self._path} is gone: plug the board in again")
            return data

    def _opened(self) -> "_Session":
        if self._guard is None:
            return _opened(self._path, self._baud_rate)
        session = _opened(self._guard.locate(self._path), self._baud_rate)
        try:
            # By the descriptor: the name may have gone to another board since it was looked up.
            self._guard.confirm(os.fstat(session.descriptor).st_rdev)
        except BaseException:
            session.dispose()
            raise
        return session

    @contextmanager
    def _using(self) -> Iterator["_Session"]:
        with self._changed:
            session = self._session
            if session is None:
                raise PortLost(f"{self._path} is not open")
            session.users += 1
        try:
            yield session
        except PortLost:
            self._give_up(session)
            raise
        except _FAILURES as error:
            self._give_up(session)
            raise PortLost(f"{self._path} is gone: plug the board in again ({error})") from error
        finally:
            with self._changed:
                session.users -= 1
                if session.ending and not session.users:
                    session.dispose()
                    self._changed.notify_all()

    def _give_up(self, session: "_Session") -> None:
        with self._changed:
            if self._session is session:
                self._session = None
                session.end()


class _Session:
    """One opening of the port. Its fields are guarded by the transport's condition."""

    def __init__(self, port: "Serial") -> None:
        self._port = port
        self.descriptor = port.fileno()
        self.users = 0
        self.ending = False
        self._alarm = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def end(self) -> None:
        """Wake every `poll`, now and later."""
        self.ending = True
        os.eventfd_write(self._alarm, 1)

    def dispose(self) -> None:
        """Close the descriptors; only when they have no user any more."""
        # Unsent bytes to a hung board would otherwise delay closing by up to 30 s.
        with contextlib.suppress(*_FAILURES):
            termios.tcflush(self.descriptor, termios.TCIOFLUSH)
        # While another program has the port open, TIOCEXCL would outlast this one.
        with contextlib.suppress(*_FAILURES):
            fcntl.ioctl(self.descriptor, termios.TIOCNXCL)
        with contextlib.suppress(*_FAILURES):
            self._port.close()
        os.close(self._alarm)

    def poll(self, event: int, timeout_s: float) -> bool:
        """Whether `event` happened in time. Raises `PortLost` when the port failed or was closed."""
        poller = select.poll()
        poller.register(self.descriptor, event)
        poller.register(self._alarm, select.POLLIN)
        ready = dict(poller.poll(max(timeout_s, 0.0) * 1000))
        if self._alarm in ready:
            raise PortLost(f"{self._port.port} was closed")
        seen = ready.get(self.descriptor, 0)
        # Data from before the failure can still be read.
        if seen and not seen & event:
            raise PortLost(f"{self._port.port} is gone: plug the board in again")
        return bool(seen)


def _opened(path: str, baud_rate: int) -> _Session:
    from serial import Serial

    port = Serial(baudrate=baud_rate, timeout=0, write_timeout=0, exclusive=True)
    port.port = path
    try:
        port.open()
        # pyserial's `exclusive` is a lock that programs such as cat do not ask for.
        fcntl.ioctl(port.fileno(), termios.TIOCEXCL)
        _keep_dtr(port.fileno())
        return _Session(port)
    except _FAILURES as error:
        with contextlib.suppress(*_FAILURES):
            port.close()
        code = getattr(error, "errno", None)
        reason = _OPEN_FAILURES.get(code or 0, f"cannot be opened as a serial port: {error}")
        raise PortLost(f"{path} {reason}") from error


def _keep_dtr(descriptor: int) -> None:
    """Keep DTR raised when the port is closed, so that the next opening does not reset the board."""
    attributes = termios.tcgetattr(descriptor)
    attributes[2] &= ~termios.HUPCL
    termios.tcsetattr(descriptor, termios.TCSANOW, attributes)
