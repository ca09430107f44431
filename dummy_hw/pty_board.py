"""Simulated boards behind real pseudo-terminals, which open like serial ports."""

import contextlib
import os
import selectors
import threading
import tty
from dataclasses import dataclass, field
from pathlib import Path

from arduino_iface.clock import SYSTEM_CLOCK, Clock
from dummy_hw.board import DummyBoard
from dummy_hw.uart import Uart, uart_of

WRITE_BUFFER_MAX = 4096
"""Bytes kept for a port that is not read; output that does not fit any more is dropped as a whole."""

REPLUG_AFTER_S = 1.0
"""A cable that a fault pulled is plugged in again after this long, seconds."""

_READ_MAX = 4096
# How long a change made on another thread (a reset, a fault) may take to be noticed.
_LOOK_EVERY_S = 0.05
_STEP_MIN_S = 0.001
_CLOSE_TIMEOUT_S = 5.0


@dataclass(slots=True)
class _Terminal:
    """One board's pseudo-terminal; without descriptors while unplugged. The serving lock guards it."""

    path: Path
    uart: Uart
    master: int | None = None
    slave: int | None = None
    unsent: bytearray = field(default_factory=bytearray)
    lost_frames: int = 0
    pulled: bool = False
    replug_at: float | None = None


class PtyBoards:
    """Serves any number of boards, each behind its own pseudo-terminal, on one thread.

    `add` gives the path of a symbolic link to open; it stays the same when the cable is pulled and
    plugged in again, though the terminal behind it is another one, as with USB. All methods may be
    called from any thread. Boards live by the clock they were made with, which must be a real one.
    """

    def __init__(self, folder: Path, *, clock: Clock = SYSTEM_CLOCK) -> None:
        """`folder` holds the links; it is made when the first board is added."""
        self._folder = folder
        self._clock = clock
        self._lock = threading.RLock()
        self._terminals: dict[str, _Terminal] = {}
        self._selector: selectors.BaseSelector | None = None
        self._wake_read = self._wake_write = -1
        self._thread: threading.Thread | None = None
        self._stopping = False

    def __enter__(self) -> "PtyBoards":
        """Start serving."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        self.stop()

    def add(self, name: str, board: DummyBoard | Uart) -> Path:
        """Plug in a board, which powers it. Raises `ValueError` for a name that is taken."""
        with self._lock:
            if name in self._terminals:
                raise ValueError(f"there is a board {name!r} already")
            self._folder.mkdir(parents=True, exist_ok=True)
            terminal = _Terminal(self._folder / name, uart_of(board, lambda: self._pull(name)))
            self._terminals[name] = terminal
            self._plug(terminal)
            return terminal.path

    def lost_frames(self, name: str) -> int:
        """Pieces of output that were dropped because the port was not read."""
        with self._lock:
            return self._terminals[name].lost_frames

    def unplug(self, name: str) -> None:
        """Pull the cable: an open port fails, the link is gone, the board is off."""
        with self._lock:
            terminal = self._terminals[name]
            terminal.pulled = False
            terminal.replug_at = None
            self._unplug(terminal)
            terminal.uart.board.power_off()

    def replug(self, name: str) -> None:
        """Plug the cable in again: a new terminal behind the same link, the board starts."""
        with self._lock:
            self._plug(self._terminals[name])

    def start(self) -> None:
        """Serve on a thread of its own; idempotent."""
        with self._lock:
            if self._thread is not None:
                return
            self._stopping = False
            self._selector = selectors.DefaultSelector()
            self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
            self._selector.register(self._wake_read, selectors.EVENT_READ)
            for terminal in self._terminals.values():
                self._watch(terminal)
            self._thread = threading.Thread(target=self._serve, name="pty-boards", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop serving, close every terminal, remove the links; boards keep their state and power.

        Raises `TimeoutError` when the thread does not end within 5 s.
        """
        with self._lock:
            thread, self._thread = self._thread, None
            self._stopping = True
            self._wake()
        if thread is not None:
            thread.join(_CLOSE_TIMEOUT_S)
            if thread.is_alive():
                raise TimeoutError("the thread that serves the terminals does not end")
        with self._lock:
            for terminal in self._terminals.values():
                self._unplug(terminal)
            self._terminals.clear()
            if self._selector is not None:
                self._selector.close()
                self._selector = None
                os.close(self._wake_read)
                os.close(self._wake_write)

    # Terminals, under the lock

    def _plug(self, terminal: _Terminal) -> None:
        if terminal.master is not None:
            return
        terminal.replug_at = None
        # The slave is kept open here as well: reads of the master fail after its last close.
        terminal.master, terminal.slave = os.openpty()
        tty.setraw(terminal.master)
        tty.setraw(terminal.slave)
        os.set_blocking(terminal.master, False)
        _link(terminal.path, os.ttyname(terminal.slave))
        terminal.uart.board.power_on()
        self._watch(terminal)
        self._wake()

    def _unplug(self, terminal: _Terminal) -> None:
        if terminal.master is None or terminal.slave is None:
            return
        with contextlib.suppress(FileNotFoundError):
            terminal.path.unlink()
        if self._selector is not None:
            self._selector.unregister(terminal.master)
        os.close(terminal.slave)
        os.close(terminal.master)
        terminal.master = terminal.slave = None
        terminal.unsent.clear()

    def _watch(self, terminal: _Terminal) -> None:
        if self._selector is not None and terminal.master is not None:
            self._selector.register(terminal.master, selectors.EVENT_READ, terminal)

    def _wake(self) -> None:
        if self._selector is not None:
            # A full pipe wakes the thread too.
            with contextlib.suppress(BlockingIOError):
                os.write(self._wake_write, b"\x00")

    def _pull(self, name: str) -> None:
        """The fault plan pulls the cable; the serving thread does it after the present call."""
        with self._lock:
            self._terminals[name].pulled = True

    # The serving thread

    def _serve(self) -> None:
        while True:
            with self._lock:
                selector = self._selector
                if self._stopping or selector is None:
                    return
                timeout_s = self._until_next_event()
            ready = selector.select(timeout_s)
            with self._lock:
                for key, _ in ready:
                    self._receive(key.data, key.fd)
                for terminal in self._terminals.values():
                    self._tend(terminal)

    def _until_next_event(self) -> float:
        now = self._clock.monotonic()
        times = [terminal.uart.next_event_at() for terminal in self._terminals.values()]
        next_at = min((time for time in times if time is not None), default=now + _LOOK_EVERY_S)
        return min(max(next_at - now, _STEP_MIN_S), _LOOK_EVERY_S)

    def _receive(self, terminal: _Terminal | None, descriptor: int) -> None:
        if terminal is None:
            _read(descriptor)
        elif terminal.master == descriptor:
            # False when the cable was pulled since the descriptor became readable.
            terminal.uart.feed(_read(descriptor))

    def _tend(self, terminal: _Terminal) -> None:
        """Send the board's output, and pull or plug the cable for the fault plan."""
        if terminal.master is not None and not terminal.pulled:
            output = terminal.uart.take()
            if len(terminal.unsent) + len(output) > WRITE_BUFFER_MAX:
                terminal.lost_frames += 1
            else:
                terminal.unsent += output
            sent = _write(terminal.master, bytes(terminal.unsent))
            del terminal.unsent[:sent]
        if terminal.pulled:
            terminal.pulled = False
            self._unplug(terminal)
            terminal.uart.board.power_off()
            terminal.replug_at = self._clock.monotonic() + REPLUG_AFTER_S
        elif terminal.replug_at is not None and self._clock.monotonic() >= terminal.replug_at:
            self._plug(terminal)


def _read(descriptor: int) -> bytes:
    """Bytes that have arrived on a non-blocking descriptor; empty when none have."""
    try:
        return os.read(descriptor, _READ_MAX)
    except BlockingIOError:
        return b""


def _write(descriptor: int, data: bytes) -> int:
    """Write as much as fits without waiting; the number of bytes written."""
    try:
        return os.write(descriptor, data) if data else 0
    except BlockingIOError:
        return 0


def _link(path: Path, target: str) -> None:
    """Point the link at `target`; an existing one is replaced atomically."""
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    beside.symlink_to(target)
    beside.replace(path)
