"""A board whose sketch offers registers on I2C: read as a whole, and written by commands.

A register is read by writing its number and then reading, in two transactions. Neither carries a
checksum, and a Raspberry Pi can lose the write (so that old data comes), repeat data or shift it. What is
accepted was therefore confirmed in one of these ways, as the map's `verify` says:

- TWICE: every channel was read alike in two passes over the registers, the second in reverse order, so
  that old data is that of another block; a third pass breaks the tie. A channel for which no two of the
  three agree, such as a counter that never stands still, is missing from this measurement and the others
  are not. One damaged read is never accepted; two are if both were damaged alike, which is as rare as the
  square of the rate of damage. Give a restless channel a `tolerance`: the later of two readings that close
  is taken, so a damaged one within it is not noticed either.
- ECHO: the sketch said which register it answered for, in the first byte or in a register of its own.
  This finds lost writes and old data. What is shifted after the echo it does not find.
- NONE: whatever is read is taken; for boards on wires without these faults.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from arduino_iface import arguments as argument_codec
from arduino_iface.bus import I2cBus
from arduino_iface.clock import Clock
from arduino_iface.device import OutcomeUnknown
from arduino_iface.errors import BadFrame, BusBusy, BusFault, DeviceSilent, PortLost
from arduino_iface.link import TURN_TIMEOUT_S, LinkCounters
from arduino_iface.lock import Priority, PriorityLock
from arduino_iface.measurement import CommandOutcome, Measurement, WireStats
from arduino_iface.messages import CommandStatus
from arduino_iface.registers.map import (
    FIRST_BYTE,
    Block,
    EchoRegister,
    RegisterChannel,
    RegisterCommand,
    RegisterMap,
    Verify,
)
from arduino_iface.schema import Command
from arduino_iface.values import Readable

ATTEMPTS_MAX = 3
"""How often one read is tried when the wire fails or the echo is not the right one."""

PASSES_MAX = 3

READ_BACK_S = 0.3
"""How long a sketch may take until a register shows what was written."""

_WAIT_S = 0.002
_WAIT_MAX_S = 0.032


@dataclass(frozen=True, slots=True)
class _Turn:
    """Proof that the device's turn is held, and how the bus is to be taken meanwhile."""

    priority: Priority
    timeout_s: float


class RegisterDevice:
    """The sketch at one address of an I2C bus. Thread-safe: reads and commands take turns."""

    def __init__(self, bus: I2cBus, address: int, registers: RegisterMap, name: str) -> None:
        """Touches nothing. `name` is what the schema calls the device; `address` has 7 bits."""
        self.address = address
        self.registers = registers
        self.schema = registers.schema(name)
        self.heard_mono: float | None = None  # when something was last read
        self._bus = bus
        self._blocks = registers.blocks()
        self._turn = PriorityLock(self.clock)  # nobody comes between a register number and its data
        self._stats = WireStats()

    @property
    def clock(self) -> Clock:
        """The clock by which the bus's time passes."""
        return self._bus.transport.clock

    @property
    def counters(self) -> LinkCounters:
        """Requests are measurements and commands; `crc_errors` are reads that were not confirmed."""
        return self._stats.counters

    def latency_quantiles_ms(self) -> tuple[float, float] | None:
        """Median and 99th percentile of the latest measurements, ms; None before the first."""
        return self._stats.latency_quantiles_ms()

    def prepare(self) -> None:
        """Open the adapter if it is not open. Raises `PortLost`."""
        self._bus.open(Priority.POLL, TURN_TIMEOUT_S)

    def measure(
        self, priority: Priority = Priority.POLL, timeout_s: float = TURN_TIMEOUT_S
    ) -> Measurement:
        """Read every channel once.

        Raises `DeviceSilent` when a read failed in spite of its retries, `BadFrame` when no echo was
        right, `BusBusy` and `PortLost`.
        """
        self.prepare()
        began = self.clock.monotonic()
        turn = _Turn(priority, timeout_s)
        with self._turn.hold(priority, timeout_s):
            self._stats.count(requests=1)
        twice = self.registers.verify is Verify.TWICE
        raw = self._read_in_passes(turn) if twice else self._read_once(turn)
        self._stats.answered(self.clock.monotonic() - began)
        values: dict[str, Readable] = {}
        out_of_range = False
        for channel in self.registers.channels:
            data = raw.get(channel.name)
            value = None if data is None else channel.value(data)
            values[channel.name] = value
            out_of_range |= not channel.fits(value)
        return Measurement(values, began, out_of_range)

    def command(
        self,
        command: Command,
        arguments: Mapping[str, object],
        *,
        priority: Priority = Priority.COMMAND,
        timeout_s: float = TURN_TIMEOUT_S,
    ) -> CommandOutcome:
        """Write the command's register, once, and read it back if the map says so.

        FAILED means that the register holds something else. A register that held the value before is
        confirmed by this as well: commands set states, they do not count.

        Raises `InvalidArguments`, `BusBusy` and `PortLost` when nothing was sent, and `OutcomeUnknown`
        when the write may or may not have arrived.
        """
        checked = argument_codec.check(command, arguments)
        setting = self.registers.commands[command.code]
        value = checked[setting.argument]
        assert not isinstance(value, str)
        data = setting.encode(value)
        self._bus.open(priority, timeout_s)
        turn = _Turn(priority, timeout_s)
        with self._turn.hold(priority, timeout_s):
            self._stats.count(requests=1)
            try:
                refused = self._write(setting, data, turn)
                return self._outcome(setting, data, refused, turn)
            except PortLost as error:
                raise OutcomeUnknown(f"the port was lost during the command: {error}") from error

    # Reading

    def _read_once(self, turn: _Turn) -> Mapping[str, bytes]:
        found: dict[str, bytes] = {}
        for block in self._blocks:
            data = self._read_with_turn(block, turn)
            if data is not None:
                found |= {one.name: block.part(one, data) for one in block.channels}
        if not found:
            raise BadFrame("the echo was never that of the register asked for")
        return found

    def _read_in_passes(self, turn: _Turn) -> Mapping[str, bytes]:
        """All blocks, then all in reverse: what a lost write or a repetition brings differs each time."""
        found: dict[str, bytes] = {}
        seen: dict[str, list[bytes]] = {}
        for number in range(PASSES_MAX):
            for block in self._blocks[:: -1 if number % 2 else 1]:
                unsettled = [one for one in block.channels if one.name not in found]
                if not unsettled:
                    continue
                if number == PASSES_MAX - 1:
                    self._stats.count(retries=1, crc_errors=1)
                data = self._read_with_turn(block, turn)
                assert data is not None  # only an echo is ever wrong
                for channel in unsettled:
                    _compare(channel, block.part(channel, data), seen, found)
        return found

    def _read_with_turn(self, block: Block, turn: _Turn) -> bytes | None:
        with self._turn.hold(turn.priority, turn.timeout_s):
            return self._read_block(block, turn)

    def _read_block(self, block: Block, turn: _Turn) -> bytes | None:
        """The block's bytes, None when the echo was never right. The turn is held."""
        failure: BusFault | None = None
        for attempt in range(ATTEMPTS_MAX):
            if attempt:
                self._stats.count(retries=1)
                self.clock.sleep(_WAIT_S)
            try:
                data = self._attempt(block, turn)
            except BusFault as error:
                self._stats.count(faults=1)
                failure = error
                continue
            failure = None
            self.heard_mono = self.clock.monotonic()
            if data is not None:
                return data
            self._stats.count(crc_errors=1)
        if failure is not None:
            self._stats.count(silent=1)
            raise DeviceSilent(f"register 0x{block.register:02X}: {failure}") from failure
        return None

    def _attempt(self, block: Block, turn: _Turn) -> bytes | None:
        echo = self.registers.echo if self.registers.verify is Verify.ECHO else None
        if self.registers.echo is FIRST_BYTE:
            answer = self._read_registers(block.register, block.length + 1, turn)
            wrong = echo is not None and answer[0] != block.register & 0xFF
            return None if wrong else answer[1:]
        data = self._read_registers(block.register, block.length, turn)
        if isinstance(echo, EchoRegister):
            pointer = self.registers.pointer(block.register)
            if self._read_registers(echo.register, len(pointer), turn) != pointer:
                return None
        return data

    def _read_registers(self, register: int, length: int, turn: _Turn) -> bytes:
        pointer = self.registers.pointer(register)
        self._bus.write(self.address, pointer, turn.priority, turn.timeout_s)
        return self._bus.read(self.address, length, turn.priority, turn.timeout_s)

    # Writing, with the turn held

    def _write(self, setting: RegisterCommand, data: bytes, turn: _Turn) -> BusFault | None:
        """Send the one write there is. Returns the fault, with which it may have arrived or not."""
        message = self.registers.pointer(setting.register) + data
        try:
            self._bus.write(self.address, message, turn.priority, turn.timeout_s)
        except BusFault as error:
            self._stats.count(faults=1)
            return error
        return None

    def _outcome(
        self, setting: RegisterCommand, data: bytes, fault: BusFault | None, turn: _Turn
    ) -> CommandOutcome:
        if not setting.verify:
            if fault is not None:
                raise OutcomeUnknown(f"written, and not acknowledged: {fault}") from fault
            return CommandOutcome(CommandStatus.DONE, confirmed=False)
        held = self._read_back(setting, data, turn)
        if held == data:
            return CommandOutcome(CommandStatus.DONE, confirmed=True)
        if held is None:
            said = "not acknowledged" if fault is not None else "acknowledged"
            raise OutcomeUnknown(f"written and {said}; the register could not be read back")
        shown = setting.type.decode(held)
        return CommandOutcome(
            CommandStatus.FAILED,
            confirmed=True,
            detail=f"register 0x{setting.register:02X} holds {shown}, not what was written",
        )

    def _read_back(self, setting: RegisterCommand, wanted: bytes, turn: _Turn) -> bytes | None:
        """What the register holds once it holds `wanted` or the time is over; None: not known."""
        block = Block(setting.register, len(wanted), ())
        deadline = self.clock.monotonic() + min(READ_BACK_S, turn.timeout_s)
        wait, held = _WAIT_S, None
        while held != wanted and self.clock.monotonic() < deadline:
            self.clock.sleep(wait)
            wait = min(2 * wait, _WAIT_MAX_S)
            try:
                held = self._confirmed(block, turn)
            except (DeviceSilent, BusBusy):
                held = None
        return held

    def _confirmed(self, block: Block, turn: _Turn) -> bytes | None:
        """The block's bytes if they were confirmed. An outcome is, even where readings are not."""
        data = self._read_block(block, turn)
        if self.registers.verify is Verify.ECHO:
            return data
        return data if self._read_block(block, turn) == data else None


def _compare(
    channel: RegisterChannel, data: bytes, seen: dict[str, list[bytes]], found: dict[str, bytes]
) -> None:
    earlier = seen.setdefault(channel.name, [])
    if any(channel.agree(one, data) for one in earlier):
        found[channel.name] = data
    earlier.append(data)
