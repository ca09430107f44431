"""Bytes of a port, taken as they come by a thread of its own, each piece with its time.

The kernel keeps only a few kilobytes and no times, and a round of the gateway may be a second away.
"""

import threading
from collections import deque
from dataclasses import dataclass

from arduino_iface.bus import SerialBus
from arduino_iface.errors import BusBusy, PortLost
from arduino_iface.lock import Priority

KEPT_MAX = 1 << 20
"""Bytes kept until they are taken, a minute and a half at 115200 baud; the oldest are dropped first."""

_LOOK_EVERY_S = 1.0
# Bytes that come closer together are read at once: waking for each costs more than reading it.
_GATHER_S = 0.01


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that came together: the last at `at_mono`, each before it at most `byte_s` earlier."""

    data: bytes
    at_mono: float
    byte_s: float


class PieceClock:
    """Gives pieces their times. Bytes of one piece came after the piece before it was read."""

    def __init__(self, baud_rate: int) -> None:
        self._byte_s = 10 / baud_rate
        self._before = float("-inf")

    def piece(self, data: bytes, at_mono: float) -> Piece:
        """What was read at `at_mono`, when nothing more was there."""
        byte_s = min(self._byte_s, max(0.0, at_mono - self._before) / max(1, len(data)))
        self._before = at_mono
        return Piece(data, at_mono, byte_s)


class Inlet:
    """Reads a port from its opening until it is lost or closed. Thread-safe."""

    def __init__(self, bus: SerialBus) -> None:
        """Touches nothing."""
        self._bus = bus
        self._arrived = threading.Condition()  # guards everything below
        self._pieces: deque[Piece] = deque()
        self._kept = 0
        self._dropped_lines = 0
        self._lost: PortLost | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin with a port that was opened just now; the thread of the opening before ends by itself."""
        with self._arrived:
            self._pieces.clear()
            self._kept = 0
            self._lost = None
            thread = threading.Thread(
                target=self._drain, name=f"lines-{self._bus.name}", daemon=True
            )
            self._thread = thread
        thread.start()

    def wait(self, timeout_s: float) -> bool:
        """Wait until something can be taken, or the port is lost; False when nothing came in time."""
        with self._arrived:
            return self._arrived.wait_for(
                lambda: bool(self._pieces) or self._lost is not None, max(0.0, timeout_s)
            )

    def take(self) -> tuple[list[Piece], int]:
        """What has come, and how many lines were dropped because nothing took them.

        Raises `PortLost` once everything that came before was taken.
        """
        with self._arrived:
            pieces, dropped = list(self._pieces), self._dropped_lines
            self._pieces.clear()
            self._kept = self._dropped_lines = 0
            if self._lost is not None and not pieces:
                raise self._lost
            return pieces, dropped

    def rest(self) -> list[Piece]:
        """What had come when the port was closed or lost."""
        with self._arrived:
            pieces = list(self._pieces)
            self._pieces.clear()
            self._kept = 0
            return pieces

    def _drain(self) -> None:
        clock = self._bus.transport.clock
        times = PieceClock(self._bus.baud_rate)
        while not self._replaced():
            try:
                if self._bus.wait(_LOOK_EVERY_S):
                    data = self._bus.read(Priority.POLL)
                    self._put(times.piece(data, clock.monotonic()))
                    clock.sleep(_GATHER_S)
            except BusBusy:
                continue  # a board that accepts no bytes holds up a write, for a second at most
            except PortLost as error:
                self._end(error)
                return

    def _put(self, piece: Piece) -> None:
        with self._arrived:
            if threading.current_thread() is not self._thread:
                return
            if piece.data:
                self._pieces.append(piece)
                self._kept += len(piece.data)
            while self._kept > KEPT_MAX:
                dropped = self._pieces.popleft().data
                self._kept -= len(dropped)
                self._dropped_lines += dropped.count(b"\n")
            self._arrived.notify_all()

    def _replaced(self) -> bool:
        with self._arrived:
            return threading.current_thread() is not self._thread

    def _end(self, error: PortLost) -> None:
        with self._arrived:
            if threading.current_thread() is self._thread:
                self._lost = error
                self._arrived.notify_all()
