"""A board whose sketch prints lines on its serial port, by itself or on request, and takes lines.

The time of a measurement is when its line was complete. On a real port a thread takes the bytes as they come
and notes when; otherwise they are read when `collect` is called.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from arduino_iface import arguments as argument_codec
from arduino_iface.bus import SerialBus
from arduino_iface.clock import SYSTEM_CLOCK
from arduino_iface.errors import BusBusy, DeviceSilent, OutcomeUnknown, PortLost
from arduino_iface.lines.channel import LineChannel
from arduino_iface.lines.inlet import Inlet, Piece, PieceClock
from arduino_iface.lines.kind import LineValues
from arduino_iface.lines.reader import LineReader, LineSettings
from arduino_iface.lines.splitter import LineSplitter
from arduino_iface.lines.template import LineCommand
from arduino_iface.lines.unread import LineCounts, Unread, UnreadLine
from arduino_iface.lines.words import silence_words
from arduino_iface.link import TURN_TIMEOUT_S, Claim, Endpoint, LinkCounters
from arduino_iface.lock import Priority
from arduino_iface.measurement import CommandOutcome, Measurement
from arduino_iface.messages import CommandStatus
from arduino_iface.schema import Command, Schema

BOOT_TIMEOUT_S = 2.0
"""After opening a port nothing is sent for this long or until a line comes: a boot loader listens first."""

REQUESTS_MAX = 2
"""A request for a reading is sent at most this often; a command once."""

PENDING_MAX = 256 << 10
"""Characters of printed measurements that are kept until they are collected, 20 s at 115200 baud."""

_READS_MAX = 64
_DETAIL_MAX = 128


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
        self._splitter = LineSplitter(settings.encoding)
        # Only a clock of the machine itself runs on while a thread waits.
        self._inlet = Inlet(bus) if self.clock is SYSTEM_CLOCK else None
        self._times = PieceClock(bus.baud_rate)
        self._pending: deque[LineValues] = deque()
        self._pending_size = 0
        self._quiet_until: float | None = None

    @property
    def schema(self) -> Schema:
        """The channels, as far as they are known by now, and the commands."""
        return self._reader.schema

    @property
    def channels(self) -> tuple[tuple[LineChannel, ...], ...]:
        """The channels of each kind of line, with their fields, as far as they are known by now."""
        return self._reader.by_kind

    @property
    def counters(self) -> LinkCounters:
        """Requests are those for readings, and commands; `crc_errors` are damaged lines."""
        return replace(super().counters, crc_errors=self.lines.damaged)

    @property
    def lines(self) -> LineCounts:
        """A snapshot of the counts of lines."""
        return self._reader.account.counts

    def unread(self, since_mono: float = float("-inf")) -> tuple[UnreadLine, ...]:
        """The last lines without a reading that came since then (monotonic seconds), three at most."""
        return self._reader.account.last(since_mono)

    def silence(self, since_mono: float) -> str:
        """Why there has been no reading since then, in words."""
        return silence_words(
            self.settings, self._splitter, self.unread(since_mono), self._bus.baud_rate
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
            collected = [
                Measurement(one.values, one.at_mono, one.out_of_range) for one in self._pending
            ]
            self._pending.clear()
            self._pending_size = 0
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
                self._drop_rest()  # no line has begun: the reply begins one
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
        if self._inlet is not None:
            self._feed(self._inlet.rest())
        self._bus.open(*claim)
        now = self.clock.monotonic()
        if self._inlet is not None:
            self._inlet.start()
        self._splitter.reset()
        self._reader.restart(now)
        self._times = PieceClock(self._bus.baud_rate)
        self._quiet_until = now + BOOT_TIMEOUT_S

    def _await_boot(self, claim: Claim) -> None:
        """Send nothing while a boot loader may be listening."""
        if self._quiet_until is None:
            return
        for _ in self._arrivals(self._quiet_until - self.clock.monotonic()):
            if self._receive(claim):
                break
        self._quiet_until = None

    def _ask(self, request: bytes, claim: Claim) -> None:
        self._await_boot(claim)
        self._receive(claim)
        self._count(requests=1)
        before = self._reader.account.complete
        for _ in self._attempts(REQUESTS_MAX):
            self._drop_rest()  # half a line from before would spoil the reply
            began = self.clock.monotonic()
            self._bus.write(request, *claim)
            self._await_lines(
                self.settings.reply_timeout_s,
                lambda _: self._reader.account.complete != before,
                claim,
            )
            if self._reader.account.complete != before:
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
        for _ in self._arrivals(timeout_s):
            if any(is_last(line) for line in self._receive(claim)):
                return

    def _arrivals(self, timeout_s: float) -> Iterator[None]:
        """Wait; yields each time that something can be received, until `timeout_s` have passed."""
        if self._inlet is None:
            yield from self._bus.arrivals(timeout_s)
            return
        deadline = self.clock.monotonic() + timeout_s
        while (remaining := deadline - self.clock.monotonic()) > 0 and self._inlet.wait(remaining):
            yield

    def _receive(self, claim: Claim) -> list[str]:
        """The lines that have arrived; readings among them are kept for `collect`."""
        return self._feed(self._pieces(claim))

    def _feed(self, pieces: Iterable[Piece]) -> list[str]:
        texts: list[str] = []
        for piece in pieces:
            for line in self._splitter.feed(piece.data, piece.at_mono, piece.byte_s):
                self._quiet_until = None
                self.heard_mono = line.at_mono
                if line.problem is None and line.text.strip():
                    texts.append(line.text.strip(" \t"))
                self._keep(self._reader.read(line))
        return texts

    def _pieces(self, claim: Claim) -> Iterator[Piece]:
        if self._inlet is not None:
            pieces, dropped = self._inlet.take()
            if dropped:
                self._reader.account.shed += dropped
                self._splitter.reset()
            yield from pieces
            return
        # Bounded: a sketch that prints without a pause must not keep this thread here.
        for _ in range(_READS_MAX):
            data = self._bus.read(*claim)
            if not data:
                return
            yield self._times.piece(data, self.clock.monotonic())

    def _drop_rest(self) -> None:
        dropped = self._splitter.drop_rest()
        if dropped is not None:
            self._reader.account.note(dropped, Unread.DAMAGED, self.clock.monotonic())

    def _keep(self, found: list[LineValues]) -> None:
        for values in found:
            self._pending.append(values)
            self._pending_size += values.size
            while self._pending_size > PENDING_MAX:
                self._pending_size -= self._pending.popleft().size
                self._reader.account.shed += 1
