"""A simulated sketch that prints lines on its serial port, by itself or on request, and takes lines."""

import math
import re
from collections import deque
from collections.abc import Callable, Mapping

from arduino_iface.clock import Clock
from arduino_iface.lines.channel import LineChannel
from arduino_iface.lines.reader import LineSettings
from arduino_iface.lines.template import LineCommand
from arduino_iface.values import Readable, ValueType
from dummy_hw.faults import ON_SERIAL_REPLY, Fault, FaultPlan
from dummy_hw.line_text import printed_lines
from dummy_hw.signals import Constant, Signal
from dummy_hw.sketch_board import SketchBoard

LINES_MAX = 64
"""Lines that wait to be sent; the oldest are dropped when the port is not read."""

_RECEIVE_MAX = 512
_PLACE = re.compile(r"\\\{([a-z][a-z0-9_]*)\\\}")

Answer = Callable[[Mapping[str, str]], str | None]
"""From the words of a command's arguments to the line of the reply, None for no reply."""


class LineBoard(SketchBoard):
    """The board of a sketch that prints. Thread-safe; nothing here waits. Made without power.

    It is a `Uart` itself: give it to `PtyBoards`. Without a `request` in the settings it prints every
    `interval_s`. A command is answered with its line in `answers`.
    """

    def __init__(
        self,
        settings: LineSettings,
        *,
        clock: Clock,
        signals: Mapping[str, Signal] | None = None,
        texts: Mapping[str, str] | None = None,
        interval_s: float = 1.0,
        answers: Mapping[str, str] | None = None,
        banner: str = "sketch started",
        faults: FaultPlan | None = None,
    ) -> None:
        """`signals` and `texts` are by channel; `banner` is printed at the start, "" for none."""
        super().__init__(clock, faults)
        self.settings = settings
        self._interval_s = interval_s
        self._signals = dict(signals or {})
        self._texts = dict(texts or {})
        self._answers: dict[str, Answer] = {
            name: _always(answer) for name, answer in (answers or {}).items()
        }
        self._patterns = [(one, _taken_by(one)) for one in settings.commands]
        self._banner = banner
        self._out: deque[str] = deque(maxlen=LINES_MAX)
        self._received = bytearray()
        self._executed: list[tuple[str, Mapping[str, str]]] = []
        self._next_at = 0.0
        self._printed = 0

    @property
    def board(self) -> "LineBoard":
        """Itself, which has the power switch."""
        return self

    @property
    def executed(self) -> list[tuple[str, Mapping[str, str]]]:
        """The commands taken so far, with the words of their arguments."""
        with self._lock:
            return list(self._executed)

    @property
    def printed(self) -> int:
        """Readings printed so far."""
        with self._lock:
            return self._printed

    def on_command(self, name: str, answer: Answer) -> None:
        """Answer a command by a function, called under the board's lock."""
        with self._lock:
            self._answers[name] = answer

    def say(self, line: str) -> None:
        """Print a line beside its readings."""
        with self._lock:
            if self._powered:
                self._out.append(line)

    # The serial line

    def feed(self, data: bytes) -> None:
        """Take bytes from the gateway."""
        with self._lock:
            if not self._powered:
                return
            self._received += data
            del self._received[:-_RECEIVE_MAX]
            while b"\n" in self._received:
                line, _, rest = bytes(self._received).partition(b"\n")
                self._received[:] = rest
                self._obey(line.decode("ascii", errors="replace").rstrip("\r"))

    def take(self) -> bytes:
        """Bytes that the board has sent by now."""
        with self._lock:
            if not self._powered:
                return b""
            self._print_due()
            sent = bytearray()
            while self._out:
                line = (self._out.popleft() + "\r\n").encode(self.settings.encoding or "utf-8")
                fault = self.faults.next(ON_SERIAL_REPLY)
                sent += self.faults.damaged(line, fault) * (2 if fault is Fault.DUPLICATE else 1)
            return bytes(sent)

    def next_event_at(self) -> float | None:
        """When it prints next by itself, on its clock; None: not before it is asked."""
        with self._lock:
            if not self._powered:
                return None
            if self._out:
                return self.clock.monotonic()
            return self._next_at if self.settings.request is None else None

    # Under the lock

    def _clear(self) -> None:
        self._next_at = self._started_at + self._interval_s
        self._received.clear()
        self._out.clear()
        if self._banner:
            self._out.append(self._banner)

    def _print_due(self) -> None:
        if self.settings.request is not None:
            return
        now = self.clock.monotonic()
        # Lines that would be dropped unread are not made.
        behind = math.floor((now - self._next_at) / self._interval_s) - LINES_MAX
        self._next_at += max(behind, 0) * self._interval_s
        while self._next_at <= now:
            self._print(self._next_at)
            self._next_at += self._interval_s

    def _print(self, at: float) -> None:
        self._printed += 1
        self._out.extend(self._lines(at - self._started_at))

    def _obey(self, line: str) -> None:
        request = self.settings.request
        if request is not None and line == request.strip("\r\n"):
            self._print(self.clock.monotonic())
            return
        for command, pattern in self._patterns:
            match = pattern.fullmatch(line)
            if match is not None:
                words = match.groupdict()
                self._executed.append((command.name, words))
                answer = self._answers.get(command.name)
                reply = answer(words) if answer is not None else None
                if reply is not None:
                    self._out.append(reply)
                return
        self._out.append(f"unknown: {line}")

    def _lines(self, seconds: float) -> list[str]:
        lines: list[str] = []
        for kind in self.settings.kinds:
            channels = kind.channels or _UNDESCRIBED
            lines += printed_lines(kind, {one.field: self._field(one, seconds) for one in channels})
        return lines

    def _field(self, channel: LineChannel, seconds: float) -> Readable:
        """The raw value that the sketch prints for a channel."""
        if channel.type is ValueType.TEXT:
            return self._texts.get(channel.name, "ok")
        value = self._signals.get(channel.name, Constant(0))(seconds)
        if value is None:
            return None
        if channel.type is ValueType.BOOL:
            return bool(value)
        raw = channel.described.unscaled(value)
        return (
            int(raw.to_integral_value()) if channel.type is ValueType.I64 else round(float(raw), 3)
        )


_UNDESCRIBED = (
    LineChannel("temperature", "temperature", unit="Cel"),
    LineChannel("humidity", "humidity", unit="%RH"),
)
"""The channels of a sketch without described ones."""


def _always(answer: str) -> Answer:
    return lambda _: answer


def _taken_by(command: LineCommand) -> re.Pattern[str]:
    """The pattern of a command's line, with a group by argument."""
    template = re.escape(command.template.strip("\r\n"))
    return re.compile(_PLACE.sub(r"(?P<\1>\\S+)", template))
