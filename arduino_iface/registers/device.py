"""A board whose sketch offers registers on I2C: read as a whole, and written by commands.

A register is read by writing its number and then reading, in two transactions. Neither carries a checksum.
A Raspberry Pi can lose the write (the board then sends old data), repeat data or shift it, and sketches
answer late, ignore the number, or clear what was read. The map's `verify` chooses how data is confirmed:

- TWICE: two answers were alike, of which one cannot be the answer to an earlier request (`passes`), and the
  sketch is seen to heed the number (`evidence`). A channel that is never alike twice, such as a fast counter,
  is missing from this measurement; the others are kept. One damaged read is never accepted; two are if both
  were damaged alike, which is as rare as the square of the rate of damage. A noisy channel needs a
  `tolerance`: of two readings that close the later one is taken, so a damaged one within the tolerance is not
  noticed either.
- ECHO: the sketch states which register it answered for, in the first byte or in a register of its own.
  This finds lost writes and stale data. It does not find data that is shifted after the echo.
- NONE: every read is accepted; for boards on wires without these faults.

A channel that is cleared by reading is read once a sample, after all others, and never confirmed by TWICE.
Where TWICE cannot tell, the measurement is `unverified`.
"""

from collections.abc import Mapping

from arduino_iface import arguments as argument_codec
from arduino_iface.bus import I2cBus
from arduino_iface.errors import BadFrame, BusBusy, BusFault, DeviceSilent, OutcomeUnknown, PortLost
from arduino_iface.link import TURN_TIMEOUT_S, Claim
from arduino_iface.lock import Priority
from arduino_iface.measurement import CommandOutcome, Measurement
from arduino_iface.messages import CommandStatus
from arduino_iface.registers import evidence
from arduino_iface.registers.map import Block, RegisterCommand, RegisterMap, Verify
from arduino_iface.registers.passes import Passes
from arduino_iface.registers.reads import RETRY_WAIT_S, RegisterEndpoint
from arduino_iface.schema import Command
from arduino_iface.values import Readable

READ_BACK_S = 0.3
"""How long a sketch may take until a register shows what was written."""

_WAIT_MAX_S = 0.032


class RegisterDevice(RegisterEndpoint):
    """The sketch at one address of an I2C bus. Thread-safe: reads and commands take turns.

    One thread measures.

    Of `counters`, requests are measurements and commands; `crc_errors` are reads that were not confirmed.
    """

    def __init__(self, bus: I2cBus, address: int, registers: RegisterMap, name: str) -> None:
        """`name` is what the schema calls the device; `address` has 7 bits."""
        super().__init__(bus, address, registers)
        self.schema = registers.schema(name)
        blocks = registers.blocks()
        self._repeatable = [block for block in blocks if not block.once]
        self._cleared = [block for block in blocks if block.once]
        self._evidence = evidence.Evidence(registers)
        self.doubt: str | None = None
        """Why the latest measurement is not verified; None: it is, or there was none."""

    @property
    def lateness(self) -> int | None:
        """By how many requests the sketch was seen to answer late; None: not known."""
        return self._evidence.lateness

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
        matched or what is cleared by reading could not be read, `BusBusy` and `PortLost`.
        """
        self.prepare()
        claim = Claim(priority, timeout_s)
        began = self.clock.monotonic()
        self._count(requests=1)
        try:
            raw, self.doubt = self._read_all(claim)
        except (DeviceSilent, PortLost):
            self._evidence.forget()
            raise
        self._answered(began)
        values: dict[str, Readable] = {}
        out_of_range = False
        for channel in self.registers.channels:
            data = raw.get(channel.name)
            value = None if data is None else channel.value(data)
            values[channel.name] = value
            out_of_range |= not channel.fits(value)
        return Measurement(values, began, out_of_range, unverified=self.doubt is not None)

    def _read_all(self, claim: Claim) -> tuple[Mapping[str, bytes], str | None]:
        """The bytes by channel, and why they are not verified, None if they are."""
        if self.registers.verify is not Verify.TWICE:
            return {**self._read_once(claim), **self._read_cleared(claim)}, None
        found, doubt = self._read_twice(claim) if self._repeatable else ({}, None)
        found = {**found, **self._read_cleared(claim)}
        return found, doubt or (evidence.ONCE if self._cleared else None)

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
        for block in self._repeatable:
            data = self._read_with_turn(block, claim)
            if data is not None:
                found |= {one.name: block.part(one, data) for one in block.channels}
        if self._repeatable and not found:
            raise BadFrame("the echo never matched the requested register")
        return found

    def _read_twice(self, claim: Claim) -> tuple[Mapping[str, bytes], str | None]:
        """What was confirmed, and what speaks against it."""

        def ask(block: Block) -> bytes:
            data = self._read_with_turn(block, claim)
            assert data is not None  # only with an echo it can be None
            return data

        confirmed = Passes(self._repeatable, ask, self._doubted, self._evidence.lateness).run()
        try:
            doubt = self._evidence.doubt(confirmed, lambda request: ask(Block(*request, ())))
        except DeviceSilent:
            # The sketch may refuse a number in the middle of a block. What was confirmed stays.
            doubt = evidence.SILENT
        return confirmed.channels, doubt

    def _read_cleared(self, claim: Claim) -> Mapping[str, bytes]:
        """What reading clears: last, so that it is not lost because another read fails."""
        found: dict[str, bytes] = {}
        for block in self._cleared:
            data = self._read_once_only(block, claim)
            found |= {one.name: block.part(one, data) for one in block.channels}
        return found

    def _doubted(self) -> None:
        self._count(retries=1, crc_errors=1)

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
        block = self.registers.setting(setting)
        deadline = self.clock.monotonic() + min(READ_BACK_S, claim.timeout_s)
        wait, held = RETRY_WAIT_S, None
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
