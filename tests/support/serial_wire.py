"""A simulated serial line in this process, by any clock: for simulations and property tests."""

import errno
import threading
from collections import deque

from arduino_iface.clock import Clock
from arduino_iface.errors import PortLost
from dummy_hw.board import DummyBoard
from dummy_hw.uart import FrameUart, Uart, uart_of

_BITS_PER_BYTE = 10
_RECEIVE_MAX = 4096
# The shortest wait keeps rounding from stopping time; the longest lets other threads be noticed.
_STEP_MIN_S = 1e-5
_STEP_MAX_S = 0.01


class DummySerialTransport:
    """Implements `arduino_iface.transport.SerialTransport` on a board in this process, by any clock.

    Bytes take their time on the wire, by the clock. `reset_on_open`: opening the port resets the
    board, as with an Uno. Unread bytes are dropped past 4096, the oldest first.
    Thread-safe, though a line has one user.
    """

    def __init__(
        self,
        board: DummyBoard | Uart,
        clock: Clock,
        baud_rate: int = 115_200,
        *,
        reset_on_open: bool = False,
    ) -> None:
        """A port that is not open, its cable plugged in."""
        self.uart = uart_of(board, self._lose)
        self._clock = clock
        self._baud_rate = baud_rate
        self._reset_on_open = reset_on_open
        self._lock = threading.Lock()
        self._plugged = True
        self._open = False
        self._free_at = float("-inf")
        self._arriving: deque[tuple[float, bytes]] = deque()

    @property
    def clock(self) -> Clock:
        """The clock by which this wire's time passes."""
        return self._clock

    @property
    def is_open(self) -> bool:
        """Whether the port is usable."""
        with self._lock:
            return self._open

    @property
    def baud_rate(self) -> int:
        """Bits per second."""
        return self._baud_rate

    @property
    def board(self) -> DummyBoard:
        """The board at the other end. Raises `TypeError` for one that does not speak in frames."""
        if not isinstance(self.uart, FrameUart):
            raise TypeError("this is not a board that speaks in frames")
        return self.uart.board

    def plug(self) -> None:
        """Plug the cable in; the board gets its power from it."""
        with self._lock:
            self._plugged = True
        self.uart.board.power_on()

    def unplug(self) -> None:
        """Pull the cable: the port is lost and the board without power."""
        with self._lock:
            self._plugged = False
            self._open = False
            self._arriving.clear()
        self.uart.board.power_off()

    def open(self) -> None:
        """Open the port; `PortLost` without a cable."""
        with self._lock:
            if not self._plugged:
                raise PortLost(errno.ENOENT, "no such port")
            if self._open:
                return
            self._open = True
            self._arriving.clear()
        if self._reset_on_open:
            self.uart.board.reset()

    def close(self) -> None:
        """Close the port."""
        with self._lock:
            self._open = False
            self._arriving.clear()

    def write(self, data: bytes) -> None:
        """Send all of `data`; takes as long as on the wire."""
        self._require_open()
        self._clock.sleep(self._wire_time(len(data)))
        self._require_open()
        self.uart.feed(data)
        self._require_open()

    def wait(self, timeout_s: float) -> bool:
        """Wait until something can be read; False when nothing came in time."""
        deadline = self._clock.monotonic() + timeout_s
        while True:
            arrives_at = self._collect()
            now = self._clock.monotonic()
            if arrives_at is not None and arrives_at <= now:
                return True
            if now >= deadline:
                return False
            event_at = self.uart.next_event_at()
            until = min(time for time in (arrives_at, event_at, deadline) if time is not None)
            self._clock.sleep(min(max(until - now, _STEP_MIN_S), _STEP_MAX_S))

    def read(self) -> bytes:
        """What has arrived, without waiting."""
        self._collect()
        now = self._clock.monotonic()
        data = bytearray()
        with self._lock:
            while self._arriving and self._arriving[0][0] <= now:
                data += self._arriving.popleft()[1]
        return bytes(data)

    def _collect(self) -> float | None:
        """Put what the board sent on the wire. Returns when the next bytes arrive, if any do."""
        self._require_open()
        data = self.uart.take()
        with self._lock:
            self._require_open_locked()
            if data:
                begins_at = max(self._clock.monotonic(), self._free_at)
                self._free_at = begins_at + self._wire_time(len(data))
                self._arriving.append((self._free_at, data))
            while sum(len(chunk) for _, chunk in self._arriving) > _RECEIVE_MAX:
                self._arriving.popleft()
            return self._arriving[0][0] if self._arriving else None

    def _wire_time(self, count: int) -> float:
        return count * _BITS_PER_BYTE / self._baud_rate

    def _require_open(self) -> None:
        with self._lock:
            self._require_open_locked()

    def _require_open_locked(self) -> None:
        if not self._open:
            raise PortLost(errno.EIO, "the port is not open")

    def _lose(self) -> None:
        """The fault plan pulled the cable for a moment; the board keeps its power."""
        self.close()
