"""The board's end of a serial line: bytes in and out, independent of what carries them."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

from arduino_iface.deframer import Deframer, delimited
from dummy_hw.board import DummyBoard
from dummy_hw.faults import LATE_REPLY_S, ON_SERIAL_REPLY, ON_SERIAL_REQUEST, Fault

REQUESTS_WAITING_MAX = 8
"""Requests that wait in the receive buffer while the loop is busy; further ones are lost."""


class Powered(Protocol):
    """A board with a power switch and a reset button."""

    def power_on(self) -> None:
        """Give it power."""
        ...

    def power_off(self) -> None:
        """Take its power."""
        ...

    def reset(self) -> None:
        """Press the reset button."""
        ...


class Uart(Protocol):
    """A board's end of a serial line, for any kind of board."""

    @property
    def board(self) -> Powered:
        """The board."""
        ...

    def feed(self, data: bytes) -> None:
        """Take bytes from the gateway."""
        ...

    def take(self) -> bytes:
        """Bytes that the board has sent by now; empty when there are none."""
        ...

    def next_event_at(self) -> float | None:
        """When the board may next send something, on its clock; None: not before a request."""
        ...


class FrameUart:
    """The UART of a board with frames. Thread-safe, never waits. Applies the board's `FaultPlan`."""

    def __init__(self, board: DummyBoard, disconnect: Callable[[], None]) -> None:
        """`disconnect` is called when the fault plan pulls the cable."""
        self.board = board
        self.overruns = 0
        self._disconnect = disconnect
        self._lock = threading.Lock()
        self._deframer = Deframer()
        self._waiting: deque[tuple[bytes, float]] = deque()
        self._boot = -1

    def feed(self, data: bytes) -> None:
        """Take bytes from the gateway."""
        pulled = False
        with self._lock:
            self._forget_after_reset()
            for message in self._deframer.feed(data):
                pulled |= self._receive(message.encode())
        if pulled:
            self._disconnect()

    def take(self) -> bytes:
        """Bytes that the board has sent by now; empty when there are none."""
        pulled = False
        out = bytearray()
        with self._lock:
            self._forget_after_reset()
            greeting = self.board.take_greeting()
            if greeting is not None:
                out += delimited(greeting)
            while (reply := self._next_reply()) is not None:
                fault = self.board.faults.next(ON_SERIAL_REPLY)
                pulled |= fault is Fault.DISCONNECT
                left = self.board.faults.damaged(delimited(reply), fault)
                out += left * (2 if fault is Fault.DUPLICATE else 1)
        if pulled:
            self._disconnect()
            return b""
        return bytes(out)

    def next_event_at(self) -> float | None:
        """When the board may next send something, on its clock; None: not before a request."""
        return self.board.next_event_at()

    def _receive(self, data: bytes) -> bool:
        """Take one request, after its fault; whether the cable was pulled instead."""
        faults = self.board.faults
        fault = faults.next(ON_SERIAL_REQUEST)
        if fault is Fault.SILENCE:
            self.board.mute()
        elif fault is Fault.REBOOT:
            self.board.reset()
        if fault in (Fault.SILENCE, Fault.REBOOT, Fault.DROP_REQUEST, Fault.DISCONNECT):
            return fault is Fault.DISCONNECT
        data = faults.damaged(data, fault)
        late_s = LATE_REPLY_S if fault is Fault.LATE_REPLY else 0.0
        for _ in range(2 if fault is Fault.DUPLICATE else 1):
            self._queue(data, late_s)
        return False

    def _queue(self, data: bytes, late_s: float) -> None:
        if len(self._waiting) < REQUESTS_WAITING_MAX:
            self._waiting.append((data, late_s))
            self._post_next()
        else:
            self.overruns += 1

    def _post_next(self) -> None:
        while self._waiting and not self.board.occupied:
            data, late_s = self._waiting.popleft()
            self.board.post(data, late_s=late_s)

    def _next_reply(self) -> bytes | None:
        reply = self.board.take_reply()
        self._post_next()
        return reply if reply is not None else self.board.take_reply()

    def _forget_after_reset(self) -> None:
        boot = self.board.boot
        if boot != self._boot:
            self._boot = boot
            self._waiting.clear()
            self._deframer.reset()


def uart_of(board: DummyBoard | Uart, disconnect: Callable[[], None]) -> Uart:
    """The board's UART; a `FrameUart` is made for a `DummyBoard`."""
    return FrameUart(board, disconnect) if isinstance(board, DummyBoard) else board
