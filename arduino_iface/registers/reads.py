"""Reads of a sketch with registers: the number, the pause, the bytes, the echo, the retries."""

from arduino_iface.bus import I2cBus
from arduino_iface.errors import BadFrame, BusFault, DeviceSilent
from arduino_iface.link import ATTEMPTS_MAX, Claim, Endpoint
from arduino_iface.registers.map import (
    FIRST_BYTE,
    Block,
    EchoRegister,
    RegisterMap,
    Verify,
)
from arduino_iface.registers.passes import ROW

RETRY_WAIT_S = 0.002


class RegisterEndpoint(Endpoint):
    """The sketch at one address of an I2C bus, as far as it is read. Thread-safe: see `Endpoint`."""

    def __init__(self, bus: I2cBus, address: int, registers: RegisterMap) -> None:
        """`address` has 7 bits."""
        super().__init__(bus.transport.clock)
        self.address = address
        self.registers = registers
        self._bus = bus

    def _read_with_turn(self, block: Block, claim: Claim) -> bytes | None:
        with self._turn(claim):
            return self._read_block(block, claim)

    def _read_block(self, block: Block, claim: Claim) -> bytes | None:
        """The block's bytes, None when no echo matched. The turn is held."""
        # A value in pieces is mixed up by a sketch that answers late, unless each is read in a row.
        times = ROW if block.pieces and self.registers.verify is Verify.TWICE else 1
        found = b""
        for register, length in block.transactions:
            pieces = [self._read_piece(register, length, claim) for _ in range(times)]
            if pieces[-1] is None:
                return None
            found += pieces[-1]
        return found

    def _read_piece(self, register: int, length: int, claim: Claim) -> bytes | None:
        failure: BusFault | None = None
        for attempt in self._attempts(ATTEMPTS_MAX):
            if attempt:
                self.clock.sleep(RETRY_WAIT_S)
            try:
                data = self._attempt(register, length, claim)
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
            raise self._silent(register, failure) from failure
        return None

    def _silent(self, register: int, failure: BusFault) -> DeviceSilent:
        self._count(silent=1)
        return DeviceSilent(f"register 0x{register:02X}: {failure}")

    def _read_once_only(self, block: Block, claim: Claim) -> bytes:
        """The bytes of a block that is cleared by reading. The number may be repeated, the read never is.

        Raises `DeviceSilent` when the number could not be written, and then nothing was cleared; `BadFrame`
        when the read failed, so that what the sketch had may be lost.
        """
        found = b""
        with self._turn(claim):
            for register, length in block.transactions:
                self._select_with_retries(register, claim)
                try:
                    data = self._answer(register, length, claim)
                except BusFault as error:
                    self._count(faults=1)
                    reason = "it is cleared by reading, so it is not read again"
                    raise BadFrame(f"register 0x{register:02X}: {error}; {reason}") from error
                if data is None:
                    self._count(crc_errors=1)
                    raise BadFrame(f"register 0x{register:02X}: the echo did not match")
                self.heard_mono = self.clock.monotonic()
                found += data
        return found

    def _select_with_retries(self, register: int, claim: Claim) -> None:
        failure: BusFault | None = None
        for attempt in self._attempts(ATTEMPTS_MAX):
            if attempt:
                self.clock.sleep(RETRY_WAIT_S)
            try:
                self._select(register, claim)
            except BusFault as error:
                self._count(faults=1)
                failure = error
                continue
            return
        assert failure is not None
        raise self._silent(register, failure) from failure

    def _attempt(self, register: int, length: int, claim: Claim) -> bytes | None:
        self._select(register, claim)
        return self._answer(register, length, claim)

    def _select(self, register: int, claim: Claim) -> None:
        """Write the number, if there is one, and let the sketch prepare its answer."""
        number = self.registers.before(register)
        if number:
            self._bus.write(self.address, number, *claim)
            if self.registers.settle_s:
                self.clock.sleep(self.registers.settle_s)

    def _answer(self, register: int, length: int, claim: Claim) -> bytes | None:
        """What the selected register has; None when the echo does not match."""
        echo = self.registers.echo if self.registers.verify is Verify.ECHO else None
        if self.registers.echo is FIRST_BYTE:
            answer = self._bus.read(self.address, length + 1, *claim)
            wrong = echo is not None and answer[0] != register & 0xFF
            return None if wrong else answer[1:]
        data = self._bus.read(self.address, length, *claim)
        if isinstance(echo, EchoRegister):
            pointer = self.registers.pointer(register)
            self._select(echo.register, claim)
            if self._bus.read(self.address, len(pointer), *claim) != pointer:
                return None
        return data
