"""`python -m tools.bench.listeners PORT COUNT`: listeners to the event stream, in a process of their own.

It says `open` when all of them listen, and when its input ends, how many bytes and events came.
"""

from __future__ import annotations

import selectors
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_OPEN_TIMEOUT_S = 60.0
_END_TIMEOUT_S = 30.0
_CHUNK = 1 << 16
_EVENT = b"\ndata:"


class Listeners:
    """That process, running while entered; `count` 0 starts none."""

    def __init__(self, port: int, count: int) -> None:
        """Starts nothing."""
        self.events = 0
        """How many events came to all of them together; known when it has ended."""
        self.closed = 0
        """How many streams the gateway has ended before."""
        self._words = [sys.executable, "-m", "tools.bench.listeners", str(port), str(count)]
        self._count = count
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        """Start it and return when all listen. Raises `RuntimeError` when they cannot."""
        if self._count:
            self._process = subprocess.Popen(
                self._words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=Path(__file__).resolve().parents[2],
            )
            assert self._process.stdout is not None
            if self._process.stdout.readline() != "open\n":
                self._process.kill()
                self._process.communicate()
                raise RuntimeError("the listeners could not open their streams")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it, and take what it says."""
        if self._process is not None:
            try:
                said, _ = self._process.communicate(timeout=_END_TIMEOUT_S)
            finally:
                self._process.kill()
                self._process.wait()
            self.events, self.closed = (int(word) for word in said.split())


def main(arguments: Sequence[str]) -> int:
    """Listen until the input ends."""
    port, count = (int(word) for word in arguments)
    with selectors.DefaultSelector() as selector:
        for _ in range(count):
            selector.register(_opened(port), selectors.EVENT_READ)
        print("open", flush=True)
        selector.register(sys.stdin, selectors.EVENT_READ)
        events, closed = _listen(selector)
    print(events, closed)
    return 0


def _opened(port: int) -> socket.socket:
    """A stream whose head has come. Raises `RuntimeError` when the gateway has none for us."""
    stream = socket.create_connection(("127.0.0.1", port), timeout=_OPEN_TIMEOUT_S)
    stream.sendall(
        b"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n"
    )
    head = stream.recv(_CHUNK)
    if b" 200 " not in head.partition(b"\r\n")[0]:
        raise RuntimeError(head.decode("latin-1"))
    stream.setblocking(False)
    return stream


def _listen(selector: selectors.BaseSelector) -> tuple[int, int]:
    """Read everything; how many events came, and how many streams were ended by the gateway."""
    events = closed = 0
    # What may be the beginning of an event's mark at the end of what came last.
    tails: dict[socket.socket, bytes] = {}
    while True:
        for key, _ in selector.select():
            stream = key.fileobj
            if not isinstance(stream, socket.socket):
                return events, closed
            data = stream.recv(_CHUNK)
            joined = tails.get(stream, b"") + data
            events += joined.count(_EVENT)
            tails[stream] = joined[1 - len(_EVENT) :]
            if not data:
                closed += 1
                tails.pop(stream)
                selector.unregister(stream)
                stream.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
