"""A board whose sketch offers registers on I2C: read as a whole, and written by commands.

A register is read by writing its number and then reading, in two transactions. Neither carries a checksum,
and a Raspberry Pi can lose the write (the board then sends old data), repeat data or shift it. Data is
therefore accepted only when it was confirmed, in one of these ways, which the map's `verify` chooses:

- TWICE: every channel was read alike in two passes over the registers, the second in reverse order, so
  that stale data is that of another block; a third pass breaks the tie. A channel for which no two of the
  three passes agree, such as a fast counter, is missing from this measurement; the other channels are kept.
  One damaged read is never accepted; two are if both were damaged alike, which is as rare as the square of
  the rate of damage. A noisy channel needs a `tolerance`: of two readings that close the later one is taken,
  so a damaged one within the tolerance is not noticed either.
- ECHO: the sketch states which register it answered for, in the first byte or in a register of its own.
  This finds lost writes and stale data. It does not find data that is shifted after the echo.
- NONE: every read is accepted; for boards on wires without these faults.
"""

from collections.abc import Mapping

from arduino_iface import arguments as argument_codec
from arduino_iface.bus import I2cBus
from arduino_iface.errors import BadFrame, BusBusy, BusFault, DeviceSilent, OutcomeUnknown, PortLost
from arduino_iface.link import ATTEMPTS_MAX, TURN_TIMEOUT_S, Claim, Endpoint
from arduino_iface.lock import Priority
from arduino_iface.measurement import CommandOutcome, Measurement
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

PASSES_MAX = 3
"""Passes over the registers: two that must agree, and one that breaks the tie."""

READ_BACK_S = 0.3
"""How long a sketch may take until a register shows what was written."""

_WAIT_S = 0.002
_WAIT_MAX_S = 0.032


class RegisterDevice(Endpoint):
    """The sketch at one address of an I2C bus. Thread-safe: reads and commands take turns.

    Of `counters`, requests are measurements and commands; `crc_errors` are reads that were not confirmed.
    """

    def __init__(self, bus: I2cBus, address: int, registers: RegisterMap, name: str) -> None:
        """`name` is what the schema calls the device; `address` has 7 bits."""
        super().__init__(bus.transport.clock)
        self.address = address
        self.registers = registers
        self.schema = registers.schema(name)
        self._bus = bus
        self._blocks = registers.blocks()

    def prepare(
        self, priority: Priority = Priority.POLL, timeout_s: float = TURN_TIMEOUT_S
    ) -> None:
        """Open the adapter if it is not open. Raises `PortLost`, `BusBusy`."""
        self._bus.open(priority, timeout_s)

    def measure(
        self, priority: Priority = Priority.POLL, timeout_s: float = TURN_TIMEOUT_S
    ) -> Measurement:
        """Read every channel once; the device's turn is given up between blocks.

        Raises `DeviceSilent` when a read failed in spite of its retries, `BadFrame` when no echo
        matched, `BusBusy` and `PortLost`.
        """
        self.prepare()
        claim = Claim(priority, timeout_s)
        began = self.clock.monotonic()
        self._count(requests=1)
        twice = self.registers.verify is Verify.TWICE
        raw = self._read_in_passes(claim) if twice else self._read_once(claim)
        self._answered(began)
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

        FAILED means that the register holds another value. A register that held the value already is
        confirmed too: commands set states, they do not count.

        Raises `InvalidArguments`, `BusBusy` and `PortLost` when nothing was sent, and `OutcomeUnknown`
        when the write may or may not have arrived.
        """
        checked = argument_codec.check(command, arguments)
        setting = self.registers.commands[command.code]
        value = checked[setting.argument]
        assert not isinstance(value, str)
        data = setting.encode(value)
        self.prepare(priority, timeout_s)
        claim = Claim(priority, timeout_s)
        with self._turn(claim):
            self._count(requests=1)
            try:
                fault = self._write(setting, data, claim)
                return self._outcome(setting, data, fault, claim)
            except PortLost as error:
                raise OutcomeUnknown(f"the port was lost during the command: {error}") from error

    # Reading

    def _read_once(self, claim: Claim) -> Mapping[str, bytes]:
        found: dict[str, bytes] = {}
        for block in self._blocks:
            data = self._read_with_turn(block, claim)
            if data is not None:
                found |= {one.name: block.part(one, data) for one in block.channels}
        if not found:
            raise BadFrame("the echo never matched the requested register")
        return found

    def _read_in_passes(self, claim: Claim) -> Mapping[str, bytes]:
        """All blocks, then all in reverse, so that stale or repeated data differs from pass to pass."""
        found: dict[str, bytes] = {}
        seen: dict[str, list[bytes]] = {}
        for number in range(PASSES_MAX):
            for block in self._blocks[:: -1 if number % 2 else 1]:
                unsettled = [one for one in block.channels if one.name not in found]
                if not unsettled:
                    continue
                if number == PASSES_MAX - 1:
                    self._count(retries=1, crc_errors=1)
                data = self._read_with_turn(block, claim)
                assert data is not None  # only with an echo it can be None
                for channel in unsettled:
                    _compare(channel, block.part(channel, data), seen, found)
        return found

    def _read_with_turn(self, block: Block, claim: Claim) -> bytes | None:
        with self._turn(claim):
            return self._read_block(block, claim)

    def _read_block(self, block: Block, claim: Claim) -> bytes | None:
        """The block's bytes, None when no echo matched. The turn is held."""
        failure: BusFault | None = None
        for attempt in self._attempts(ATTEMPTS_MAX):
            if attempt:
                self.clock.sleep(_WAIT_S)
            try:
                data = self._attempt(block, claim)
            except BusFault as error:
                self._count(faults=1)
                failure = error
                continue
            failure = None
            self.heard_mono = self.clock.monotonic()
            if data is not None:
                return data
            self._count(crc_errors=1)
        if failure is not None:
            self._count(silent=1)
            raise DeviceSilent(f"register 0x{block.register:02X}: {failure}") from failure
        return None

    def _attempt(self, block: Block, claim: Claim) -> bytes | None:
        echo = self.registers.echo if self.registers.verify is Verify.ECHO else None
        if self.registers.echo is FIRST_BYTE:
            answer = self._read_registers(block.register, block.length + 1, claim)
            wrong = echo is not None and answer[0] != block.register & 0xFF
            return None if wrong else answer[1:]
        data = self._read_registers(block.register, block.length, claim)
        if isinstance(echo, EchoRegister):
            pointer = self.registers.pointer(block.register)
            if self._read_registers(echo.register, len(pointer), claim) != pointer:
                return None
        return data

    def _read_registers(self, register: int, length: int, claim: Claim) -> bytes:
        pointer = self.registers.pointer(register)
        self._bus.write(self.address, pointer, *claim)
        return self._bus.read(self.address, length, *claim)

    # Writing, with the turn held

    def _write(self, setting: RegisterCommand, data: bytes, claim: Claim) -> BusFault | None:
        """Send the write, once. Returns its fault (it may have arrived or not), None when acknowledged."""
        message = self.registers.pointer(setting.register) + data
        try:
            self._bus.write(self.address, message, *claim)
        except BusFault as error:
            self._count(faults=1)
            return error
        return None

    def _outcome(
        self, setting: RegisterCommand, data: bytes, fault: BusFault | None, claim: Claim
    ) -> CommandOutcome:
        if not setting.verify:
            if fault is not None:
                raise OutcomeUnknown(f"written, not acknowledged: {fault}") from fault
            return CommandOutcome(CommandStatus.DONE, confirmed=False)
        held = self._read_back(setting, data, claim)
        if held == data:
            return CommandOutcome(CommandStatus.DONE, confirmed=True)
        if held is None:
            acknowledged = "acknowledged" if fault is None else "not acknowledged"
            raise OutcomeUnknown(f"written, {acknowledged}; the register could not be read back")
        shown = setting.type.decode(held)
        return CommandOutcome(
            CommandStatus.FAILED,
            confirmed=True,
            detail=f"register 0x{setting.register:02X} holds {shown}, not what was written",
        )

    def _read_back(self, setting: RegisterCommand, wanted: bytes, claim: Claim) -> bytes | None:
        """What the register holds once it holds `wanted` or the timeout expired; None: not known."""
        block = Block(setting.register, len(wanted), ())
        deadline = self.clock.monotonic() + min(READ_BACK_S, claim.timeout_s)
        wait, held = _WAIT_S, None
        while held != wanted and self.clock.monotonic() < deadline:
            self.clock.sleep(wait)
            wait = min(2 * wait, _WAIT_MAX_S)
            try:
                held = self._confirmed(block, claim)
            except (DeviceSilent, BusBusy):
                held = None
        return held

    def _confirmed(self, block: Block, claim: Claim) -> bytes | None:
        """The block's bytes, None if not confirmed. Outcomes are confirmed even where readings are not."""
        data = self._read_block(block, claim)
        if self.registers.verify is Verify.ECHO:
            return data
        return data if self._read_block(block, claim) == data else None


def _compare(
    channel: RegisterChannel, data: bytes, seen: dict[str, list[bytes]], found: dict[str, bytes]
) -> None:
    earlier = seen.setdefault(channel.name, [])
    if any(channel.agree(one, data) for one in earlier):
        found[channel.name] = data
    earlier.append(data)
