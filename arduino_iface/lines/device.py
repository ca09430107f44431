"""A board whose sketch prints lines on its serial port, by itself or on request, and takes lines.

The time of a measurement is when its line was read: lines read at once have the same time. Its delay depends
on how often `collect` is called and on how long the sketch took to print the line.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from arduino_iface import arguments as argument_codec
from arduino_iface.bus import SerialBus
from arduino_iface.errors import BusBusy, DeviceSilent, OutcomeUnknown, PortLost
from arduino_iface.lines.format import LineSplitter
from arduino_iface.lines.reader import LineReader, LineSettings
from arduino_iface.lines.template import LineCommand
from arduino_iface.link import TURN_TIMEOUT_S, Claim, Endpoint, LinkCounters
from arduino_iface.lock import Priority
from arduino_iface.measurement import CommandOutcome, Measurement
from arduino_iface.messages import CommandStatus
from arduino_iface.schema import Command, Schema

BOOT_TIMEOUT_S = 2.0
"""After opening a port nothing is sent for this long or until a line comes: a boot loader listens first."""

REQUESTS_MAX = 2
"""A request for a reading is sent at most this often; a command once."""

PENDING_MAX = 256
"""Measurements kept until they are collected; the oldest are dropped first."""

_READS_MAX = 64
_DETAIL_MAX = 128


@dataclass(frozen=True, slots=True)
class LineCounts:
    """Lines since the device was made.

    `measured` held a reading, `skipped` none; `overlong` and `undecodable` were damaged; `cut` were received
    in part; `lost` are measurements that were dropped before they were collected.
    """

    measured: int = 0
    skipped: int = 0
    overlong: int = 0
    undecodable: int = 0
    cut: int = 0
    lost: int = 0


class LineDevice(Endpoint):
    """The sketch at the other end of a serial bus. Thread-safe: readings and commands take turns.

    `heard_mono` is when a line was last read, with a reading or not.
    """

    def __init__(self, bus: SerialBus, settings: LineSettings, name: str) -> None:
        """`name` is what the schema calls the device."""
        super().__init__(bus.transport.clock)
        self.settings = settings
        self._bus = bus
        self._reader = LineReader(settings, name)
        self._splitter = LineSplitter()
        self._pending: deque[Measurement] = deque()
        self._measured = self._skipped = self._lost = 0
        self._quiet_until: float | None = None

    @property
    def schema(self) -> Schema:
        """The channels, as far as they are known by now, and the commands."""
        return self._reader.schema

    @property
    def counters(self) -> LinkCounters:
        """Requests are those for readings, and commands; `crc_errors` are damaged lines."""
        splitter = self._splitter
        damaged = splitter.overlong + splitter.undecodable
        return replace(super().counters, crc_errors=damaged)

    @property
    def lines(self) -> LineCounts:
        """A snapshot of the counts of lines."""
        splitter = self._splitter
        return LineCounts(
            self._measured,
            self._skipped,
            splitter.overlong,
            splitter.undecodable,
            splitter.cut,
            self._lost,
        )

    def prepare(
        self, priority: Priority = Priority.POLL, timeout_s: float = TURN_TIMEOUT_S
    ) -> None:
        """Open the port if it is not open. Raises `PortLost` and `BusBusy`."""
        claim = Claim(priority, timeout_s)
        with self._turn(claim):
            self._open(claim)

    def collect(
        self, priority: Priority = Priority.POLL, timeout_s: float = TURN_TIMEOUT_S
    ) -> list[Measurement]:
        """What was printed since the last call, oldest first; with a `request`, the reply to it.

        Empty when a sketch that prints by itself has printed no reading; `heard_mono` tells since when it has
        been silent. Raises `DeviceSilent` when a request was not answered, `BusBusy` and `PortLost`.
        """
        claim = Claim(priority, timeout_s)
        with self._turn(claim):
            self._open(claim)
            if self.settings.request is None:
                self._receive(claim)
            else:
                self._ask(self.settings.request.encode("ascii"), claim)
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

        `timeout_s` bounds the wait for the device's turn; the timeout of the reply is in the command's own
        settings. Readings that arrive meanwhile are kept for `collect`.

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
        claim = Claim(priority, timeout_s)
        with self._turn(claim):
            self._open(claim)
            self._await_boot(claim)
            self._receive(claim)  # an old line must not pass for the reply
            if self._splitter.untouched:
                self._splitter.drop_rest()  # no line has begun: the reply begins one
            self._count(requests=1)
            began = self.clock.monotonic()
            try:
                self._bus.write(text, *claim)
                outcome = self._await_outcome(setting, claim)
            except PortLost as error:
                raise OutcomeUnknown(f"the port was lost during the command: {error}") from error
            if outcome.confirmed:
                self._answered(began)
            return outcome

    # With the turn held

    def _open(self, claim: Claim) -> None:
        if self._bus.is_open:
            return
        self._bus.open(*claim)
        self._splitter.reset()
        self._quiet_until = self.clock.monotonic() + BOOT_TIMEOUT_S

    def _await_boot(self, claim: Claim) -> None:
        """Send nothing while a boot loader may be listening."""
        if self._quiet_until is None:
            return
        for _ in self._bus.arrivals(self._quiet_until - self.clock.monotonic()):
            if self._receive(claim):
                break
        self._quiet_until = None

    def _ask(self, request: bytes, claim: Claim) -> None:
        self._await_boot(claim)
        self._receive(claim)
        self._count(requests=1)
        before = self._measured
        for _ in self._attempts(REQUESTS_MAX):
            self._splitter.drop_rest()  # half a line from before would spoil the reply
            began = self.clock.monotonic()
            self._bus.write(request, *claim)
            self._await_lines(
                self.settings.reply_timeout_s, lambda _: self._measured != before, claim
            )
            if self._measured != before:
                self._answered(began)
                return
        self._count(silent=1)
        raise DeviceSilent(f"no reading within {self.settings.reply_timeout_s:g} s of the request")

    def _await_outcome(self, setting: LineCommand, claim: Claim) -> CommandOutcome:
        sent = CommandOutcome(CommandStatus.DONE, confirmed=False)
        if setting.reply is None and setting.failure is None:
            return sent
        found: list[CommandOutcome] = []

        def is_outcome(line: str) -> bool:
            status = setting.status_of(line)
            if status is not None:
                found.append(CommandOutcome(status, confirmed=True, detail=line[:_DETAIL_MAX]))
            return status is not None

        try:
            self._await_lines(setting.timeout_s, is_outcome, claim)
        except BusBusy as error:
            # The command is out: this is not "nothing was sent".
            raise OutcomeUnknown(f"sent, but the reply could not be read: {error}") from error
        if found:
            return found[0]
        if setting.reply is None:
            return sent
        raise OutcomeUnknown(f"sent, but no reply came within {setting.timeout_s:g} s")

    def _await_lines(self, timeout_s: float, is_last: Callable[[str], bool], claim: Claim) -> None:
        """Receive until a line is the last one wanted, or the timeout expired."""
        for _ in self._bus.arrivals(timeout_s):
            if any(is_last(line) for line in self._receive(claim)):
                return

    def _receive(self, claim: Claim) -> list[str]:
        """The lines that have arrived; readings among them are kept for `collect`."""
        lines: list[str] = []
        # Bounded: a sketch that prints without a pause must not keep this thread here.
        for _ in range(_READS_MAX):
            data = self._bus.read(*claim)
            if not data:
                break
            lines += self._splitter.feed(data)
        if lines:
            self._quiet_until = None
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
