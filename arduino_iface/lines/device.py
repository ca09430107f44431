"""A board whose sketch prints lines on its serial port, by itself or on request, and takes lines.

A line counts as measured when it was read: several that were read at once have the same time. How late
that is depends on how often `collect` is called and on how long the sketch took to print it.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from arduino_iface import arguments as argument_codec
from arduino_iface.bus import SerialBus
from arduino_iface.clock import Clock
from arduino_iface.device import OutcomeUnknown
from arduino_iface.errors import DeviceSilent, PortLost
from arduino_iface.lines.format import LineSplitter
from arduino_iface.lines.reader import LineReader, LineSettings
from arduino_iface.lines.template import LineCommand
from arduino_iface.link import TURN_TIMEOUT_S, LinkCounters
from arduino_iface.lock import Priority, PriorityLock
from arduino_iface.measurement import CommandOutcome, Measurement, WireStats
from arduino_iface.messages import CommandStatus
from arduino_iface.schema import Command, Schema

BOOT_TIMEOUT_S = 2.0
"""After opening a port nothing is sent for so long or until a line comes: a boot loader listens first."""

REQUESTS_MAX = 2
"""A request for a reading is sent at most this often; a command once."""

PENDING_MAX = 256
"""Measurements kept until they are collected; the oldest go first."""

_READS_MAX = 64


@dataclass(frozen=True, slots=True)
class LineCounts:
    """Lines so far. `skipped` had no reading in them, `lost` were measurements nobody collected."""

    measured: int = 0
    skipped: int = 0
    overlong: int = 0
    undecodable: int = 0
    cut: int = 0
    lost: int = 0


class LineDevice:
    """The sketch at the other end of a serial bus. Thread-safe: readings and commands take turns."""

    def __init__(self, bus: SerialBus, settings: LineSettings, name: str) -> None:
        """Touches nothing. `name` is what the schema calls the device."""
        self.settings = settings
        self.heard_mono: float | None = None  # when a line was last read, a reading or not
        self._bus = bus
        self._reader = LineReader(settings, name)
        self._splitter = LineSplitter()
        self._pending: deque[Measurement] = deque()
        self._measured = self._skipped = self._lost = 0
        self._silent_until: float | None = None
        self._turn = PriorityLock(self.clock)  # one request or command with its reply at a time
        self._stats = WireStats()

    @property
    def clock(self) -> Clock:
        """The clock by which the line's time passes."""
        return self._bus.transport.clock

    @property
    def schema(self) -> Schema:
        """The channels, as far as they are known by now, and the commands."""
        return self._reader.schema

    @property
    def counters(self) -> LinkCounters:
        """Requests are those for readings, and commands; `crc_errors` are damaged lines."""
        splitter = self._splitter
        damaged = splitter.overlong + splitter.undecodable
        return replace(self._stats.counters, crc_errors=damaged)

    @property
    def lines(self) -> LineCounts:
        """What became of the lines so far."""
        splitter = self._splitter
        return LineCounts(
            self._measured,
            self._skipped,
            splitter.overlong,
            splitter.undecodable,
            splitter.cut,
            self._lost,
        )

    def latency_quantiles_ms(self) -> tuple[float, float] | None:
        """Median and 99th percentile from request to reply, ms; None where nothing was asked."""
        return self._stats.latency_quantiles_ms()

    def prepare(self) -> None:
        """Open the port if it is not open. Raises `PortLost` and `BusBusy`."""
        with self._turn.hold(Priority.POLL, TURN_TIMEOUT_S):
            self._open(Priority.POLL, TURN_TIMEOUT_S)

    def collect(
        self, priority: Priority = Priority.POLL, timeout_s: float = TURN_TIMEOUT_S
    ) -> list[Measurement]:
        """What was printed since the last call, oldest first; with a `request`, the answer to it.

        A sketch that prints by itself may have printed nothing; `heard_mono` tells how long it has been
        silent. Raises `DeviceSilent` when a request was not answered, `BusBusy` and `PortLost`.
        """
        with self._turn.hold(priority, timeout_s):
            self._open(priority, timeout_s)
            if self.settings.request is None:
                self._receive(priority, timeout_s)
            else:
                self._ask(self.settings.request, priority, timeout_s)
            collected = list(self._pending)
            self._pending.clear()
            return collected

    def command(
        self,
        command: Command,
        arguments: Mapping[str, object],
        *,
        priority: Priority = Priority.COMMAND,
        timeout_s: float = TURN_TIMEOUT_S,
    ) -> CommandOutcome:
        """Send the command's line, once, and wait for its reply if it has one.

        `timeout_s` bounds the wait for the device's turn; the reply has the time that its own settings
        give. Readings that come meanwhile are kept for `collect`.

        Raises `InvalidArguments`, `BusBusy` and `PortLost` when nothing was sent, and `OutcomeUnknown`
        when the reply did not come.
        """
        checked = argument_codec.check(command, arguments)
        setting = self.settings.commands[command.code]
        try:
            text = setting.text(checked).encode("ascii")
        except ValueError as error:
            problems = dict.fromkeys(checked, f"the command {error}")
            raise argument_codec.InvalidArguments(problems) from error
        with self._turn.hold(priority, timeout_s):
            self._open(priority, timeout_s)
            self._await_boot(priority, timeout_s)
            self._receive(priority, timeout_s)  # an old line must not pass for the reply
            if self._splitter.untouched:
                self._splitter.drop_rest()  # nobody is in the middle of a line: the reply begins one
            self._stats.count(requests=1)
            began = self.clock.monotonic()
            try:
                self._bus.write(text, priority, timeout_s)
                outcome = self._await_outcome(setting, priority, timeout_s)
            except PortLost as error:
                raise OutcomeUnknown(f"the port was lost during the command: {error}") from error
            if outcome.confirmed:
                self._stats.answered(self.clock.monotonic() - began)
            return outcome

    # With the turn held

    def _open(self, priority: Priority, timeout_s: float) -> None:
        if self._bus.is_open:
            return
        self._bus.open(priority, timeout_s)
        self._splitter.reset()
        self._silent_until = self.clock.monotonic() + BOOT_TIMEOUT_S

    def _await_boot(self, priority: Priority, timeout_s: float) -> None:
        """Keep silent while a boot loader may be listening."""
        while self._silent_until is not None:
            remaining = self._silent_until - self.clock.monotonic()
            if remaining <= 0 or not self._bus.wait(remaining):
                self._silent_until = None
            else:
                self._receive(priority, timeout_s)

    def _ask(self, request: str, priority: Priority, timeout_s: float) -> None:
        self._await_boot(priority, timeout_s)
        self._receive(priority, timeout_s)
        self._stats.count(requests=1)
        for attempt in range(REQUESTS_MAX):
            if attempt:
                self._stats.count(retries=1)
            self._splitter.drop_rest()  # half a line from before would spoil the answer
            before = self._measured
            began = self.clock.monotonic()
            self._bus.write(request.encode("ascii"), priority, timeout_s)
            self._wait_for_lines(
                self.settings.reply_timeout_s,
                lambda _: self._measured != before,  # noqa: B023 - called before the next turn
                priority,
                timeout_s,
            )
            if self._measured != before:
                self._stats.answered(self.clock.monotonic() - began)
                return
        self._stats.count(silent=1)
        raise DeviceSilent(
            f"no reading came within {self.settings.reply_timeout_s:g} s of the request"
        )

    def _await_outcome(
        self, setting: LineCommand, priority: Priority, timeout_s: float
    ) -> CommandOutcome:
        sent = CommandOutcome(CommandStatus.DONE, confirmed=False)
        if setting.reply is None and setting.failure is None:
            return sent
        found: list[CommandOutcome] = []

        def is_reply(line: str) -> bool:
            if setting.failure is not None and setting.failure.fits(line):
                found.append(
                    CommandOutcome(CommandStatus.FAILED, confirmed=True, detail=line[:128])
                )
            elif setting.reply is not None and setting.reply.fits(line):
                found.append(CommandOutcome(CommandStatus.DONE, confirmed=True, detail=line[:128]))
            return bool(found)

        self._wait_for_lines(setting.timeout_s, is_reply, priority, timeout_s)
        if found:
            return found[0]
        if setting.reply is None:
            return sent
        raise OutcomeUnknown(f"sent, and no reply came within {setting.timeout_s:g} s")

    def _wait_for_lines(
        self,
        wait_s: float,
        is_last: Callable[[str], bool],
        priority: Priority,
        timeout_s: float,
    ) -> None:
        """Receive until a line is the last one wanted, or the time is over."""
        deadline = self.clock.monotonic() + wait_s
        while (remaining := deadline - self.clock.monotonic()) > 0:
            if not self._bus.wait(remaining):
                return
            lines = self._receive(priority, timeout_s)
            if any(is_last(line) for line in lines):
                return

    def _receive(self, priority: Priority, timeout_s: float) -> list[str]:
        """The lines that have arrived; readings among them are kept for `collect`."""
        lines: list[str] = []
        # A sketch that prints without a pause must not keep this thread for ever.
        for _ in range(_READS_MAX):
            data = self._bus.read(priority, timeout_s)
            if not data:
                break
            lines += self._splitter.feed(data)
        if lines:
            self._silent_until = None
            self.heard_mono = self.clock.monotonic()
        for line in lines:
            self._take(line)
        return lines

    def _take(self, line: str) -> None:
        found = self._reader.read(line)
        if found is None:
            self._skipped += 1
            return
        assert self.heard_mono is not None
        self._measured += 1
        if len(self._pending) >= PENDING_MAX:
            self._pending.popleft()
            self._lost += 1
        self._pending.append(Measurement(found.values, self.heard_mono, found.out_of_range))
