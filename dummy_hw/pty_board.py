"""Simulated boards behind real pseudo-terminals: what opens a serial port can open them."""

import contextlib
import os
import selectors
import threading
import tty
from dataclasses import dataclass, field
from pathlib import Path

from arduino_iface.clock import SYSTEM_CLOCK, Clock
from dummy_hw.board import DummyBoard
from dummy_hw.serial_end import SerialSide, dummy_board, side_of

WRITE_BUFFER_MAX = 4096
"""Bytes kept for a port that nobody reads; a whole frame that does not fit any more is lost."""

REPLUG_AFTER_S = 1.0
"""After this long the cable that a fault pulled is plugged in again."""

_READ_MAX = 4096
# How long a change made on another thread (a reset, a fault) may take to be noticed.
_LOOK_EVERY_S = 0.05
_STEP_MIN_S = 0.001
_CLOSE_TIMEOUT_S = 5.0


@dataclass(slots=True)
class _Line:
    """One board's pseudo-terminal; without descriptors while unplugged. The serving lock guards it."""

    path: Path
    end: SerialSide
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
        self._lines: dict[str, _Line] = {}
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

    def add(self, name: str, board: DummyBoard | SerialSide) -> Path:
        """Plug in a board, which powers it. Raises `ValueError` for a name that is taken."""
        with self._lock:
            if name in self._lines:
                raise ValueError(f"there is a board {name!r} already")
            self._folder.mkdir(parents=True, exist_ok=True)
            line = _Line(self._folder / name, side_of(board, lambda: self._pull(name)))
            self._lines[name] = line
            self._plug(line)
            return line.path

    def path(self, name: str) -> Path:
        """The link to open for a board. Raises `KeyError` for an unknown name."""
        with self._lock:
            return self._lines[name].path

    def board(self, name: str) -> DummyBoard:
        """The board of that name. Raises `KeyError`, and `TypeError` if it does not speak in frames."""
        with self._lock:
            return dummy_board(self._lines[name].end)

    def lost_frames(self, name: str) -> int:
        """How much the board said that nobody read: pieces of output that did not fit any more."""
        with self._lock:
            return self._lines[name].lost_frames

    def unplug(self, name: str) -> None:
        """Pull the cable: the port fails for who has it open, the link is gone, the board is off."""
        with self._lock:
            line = self._lines[name]
            line.pulled = False
            line.replug_at = None
            self._unplug(line)
            line.end.board.power_off()

    def replug(self, name: str) -> None:
        """Plug the cable in again: a new terminal behind the same link, the board starts."""
        with self._lock:
            self._plug(self._lines[name])

    def start(self) -> None:
        """Serve on a thread of its own. Does nothing when it does already."""
        with self._lock:
            if self._thread is not None:
                return
            self._stopping = False
            self._selector = selectors.DefaultSelector()
            self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
            self._selector.register(self._wake_read, selectors.EVENT_READ)
            for line in self._lines.values():
                self._watch(line)
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
            for line in self._lines.values():
                self._unplug(line)
            self._lines.clear()
            if self._selector is not None:
                self._selector.close()
                self._selector = None
                os.close(self._wake_read)
                os.close(self._wake_write)

    # Lines, under the lock

    def _plug(self, line: _Line) -> None:
        if line.master is not None:
            return
        line.replug_at = None
        # We keep the slave open ourselves: the last close of a slave would fail our reads.
        line.master, line.slave = os.openpty()
        tty.setraw(line.master)
        tty.setraw(line.slave)
        os.set_blocking(line.master, False)
        _link(line.path, os.ttyname(line.slave))
        line.end.board.power_on()
        self._watch(line)
        self._wake()

    def _unplug(self, line: _Line) -> None:
        if line.master is None or line.slave is None:
            return
        with contextlib.suppress(FileNotFoundError):
            line.path.unlink()
        if self._selector is not None:
            self._selector.unregister(line.master)
        os.close(line.slave)
        os.close(line.master)
        line.master = line.slave = None
        line.unsent.clear()

    def _watch(self, line: _Line) -> None:
        if self._selector is not None and line.master is not None:
            self._selector.register(line.master, selectors.EVENT_READ, line)

    def _wake(self) -> None:
        if self._selector is not None:
            # A full pipe wakes as well.
            with contextlib.suppress(BlockingIOError):
                os.write(self._wake_write, b"\x00")

    def _pull(self, name: str) -> None:
        """The fault plan pulls the cable; done by the serving thread once it is out of the line."""
        with self._lock:
            self._lines[name].pulled = True

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
                for line in self._lines.values():
                    self._tend(line)

    def _until_next_event(self) -> float:
        now = self._clock.monotonic()
        times = [line.end.next_event_at() for line in self._lines.values()]
        next_at = min((time for time in times if time is not None), default=now + _LOOK_EVERY_S)
        return min(max(next_at - now, _STEP_MIN_S), _LOOK_EVERY_S)

    def _receive(self, line: _Line | None, descriptor: int) -> None:
        if line is None:
            _read(descriptor)
        elif line.master == descriptor:
            # Not so when the cable was pulled, or pulled and plugged in, since it became readable.
            line.end.feed(_read(descriptor))

    def _tend(self, line: _Line) -> None:
        """Send what the board has to say, and pull or plug the cable as the fault plan wants."""
        if line.master is not None and not line.pulled:
            said = line.end.take()
            if len(line.unsent) + len(said) > WRITE_BUFFER_MAX:
                line.lost_frames += 1
            else:
                line.unsent += said
            sent = _write(line.master, bytes(line.unsent))
            del line.unsent[:sent]
        if line.pulled:
            line.pulled = False
            self._unplug(line)
            line.end.board.power_off()
            line.replug_at = self._clock.monotonic() + REPLUG_AFTER_S
        elif line.replug_at is not None and self._clock.monotonic() >= line.replug_at:
            self._plug(line)


def _read(descriptor: int) -> bytes:
    """What has arrived on a non-blocking descriptor; empty when nothing has."""
    try:
        return os.read(descriptor, _READ_MAX)
    except BlockingIOError:
        return b""


def _write(descriptor: int, data: bytes) -> int:
    """Write what fits without waiting; how much that was."""
    try:
        return os.write(descriptor, data) if data else 0
    except BlockingIOError:
        return 0


def _link(path: Path, target: str) -> None:
    """Point the link at `target`, in one step where there is one already."""
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    beside.symlink_to(target)
    beside.replace(path)
