"""Stop signals by the self-pipe trick: a signal only writes a byte; the main thread reads it and acts."""

import logging
import select
import signal
import socket
from types import FrameType, TracebackType
from typing import Self

log = logging.getLogger(__name__)

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopSignals:
    """While entered, SIGTERM and SIGINT ask for a stop instead of raising. Main thread only."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._before: dict[signal.Signals, object] = {}
        self._wakeup_before = -1

    def __enter__(self) -> Self:
        """Install the handlers."""
        self._wakeup_before = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            self._before[number] = signal.signal(number, _noted)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Restore the previous handlers."""
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        signal.set_wakeup_fd(self._wakeup_before)
        self._reader.close()
        self._writer.close()

    def wait(self, timeout_s: float) -> signal.Signals | None:
        """Wait for a stop signal; None on timeout (seconds)."""
        poller = select.poll()
        poller.register(self._reader, select.POLLIN)
        if not poller.poll(timeout_s * 1000):
            return None
        for number in self._reader.recv(64):
            if number in STOP_SIGNALS:
                return signal.Signals(number)
        return None


def _noted(number: int, frame: FrameType | None) -> None:
    """The byte in the pipe is enough."""
