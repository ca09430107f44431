"""Requests to a board on I2C: one write, then reads until the prepared reply is there.

The bus is free between the write and each read. A reply stays readable until the next request, so a
damaged read is repeated without sending anything again.
"""

from arduino_iface import frame
from arduino_iface.bus import I2cBus
from arduino_iface.errors import BadFrame, BusBusy, BusFault
from arduino_iface.frame import Beacon, Frame
from arduino_iface.link import REPLY_TIMEOUT_S, TURN_TIMEOUT_S, Claim, Link, Unanswered, is_reply
from arduino_iface.lock import Priority

FIRST_WAIT_S = 0.002
"""Before the first read, seconds: time for the sketch's loop to handle the request."""

WAIT_MAX_S = 0.032
"""The waits between reads double from `FIRST_WAIT_S` up to this, seconds."""

BUSY_TIMEOUT_S = 3 * REPLY_TIMEOUT_S
"""How long a board may show the busy beacon before it counts as hung, seconds."""

_DAMAGED_READS_MAX = 4


class I2cLink(Link):
    """A board at one address of an I2C bus."""

    def __init__(self, bus: I2cBus, address: int, first_seq: int = 0) -> None:
        """`address` is the 7-bit address."""
        super().__init__(bus.transport.clock, address, first_seq)
        self._bus = bus

    @property
    def frame_max(self) -> int:
        """32 bytes, from the buffers of the AVR `Wire` library."""
        return frame.I2C_FRAME_MAX

    def prepare(
        self, priority: Priority = Priority.POLL, timeout_s: float = TURN_TIMEOUT_S
    ) -> None:
        """Open the adapter if it is not open. Raises `PortLost`, `BusBusy`."""
        self._bus.open(priority, timeout_s)

    def _attempt(self, request: Frame, claim: Claim) -> tuple[float, Frame]:
        try:
            self._bus.write(self.address, request.encode(self.address), *claim)
        except BusFault as error:
            self._count(faults=1)
            self.clock.sleep(FIRST_WAIT_S)
            raise Unanswered(str(error), None) from error
        sent = self.clock.monotonic()
        return sent, self._await_reply(request, claim, sent)

    def _await_reply(self, request: Frame, claim: Claim, sent: float) -> Frame:
        wait, damaged, seen = FIRST_WAIT_S, 0, "timeout"
        deadline = sent + REPLY_TIMEOUT_S
        while self.clock.monotonic() < deadline:
            self.clock.sleep(wait)
            wait = min(2 * wait, WAIT_MAX_S)
            try:
                data = self._bus.read(self.address, frame.I2C_FRAME_MAX, *claim)
            except (BusFault, BusBusy) as error:
                self._count(faults=1)
                seen = str(error)
                continue
            shown = frame.beacon(data)
            if shown is Beacon.BUSY:
                seen, deadline = "busy past the timeout", sent + BUSY_TIMEOUT_S
                continue
            reply = self._decoded(data)
            if reply is not None and is_reply(reply, request):
                return reply
            if reply is not None or shown is Beacon.IDLE:
                raise Unanswered("the request did not reach the board", sent)
            self._count(crc_errors=1)
            damaged, seen = damaged + 1, "damaged replies"
            if damaged >= _DAMAGED_READS_MAX:
                break
        raise Unanswered(seen, sent, hopeless=deadline > sent + REPLY_TIMEOUT_S)

    def _decoded(self, data: bytes) -> Frame | None:
        """The frame in a read of fixed length, None when it is damaged."""
        try:
            return frame.decode(data, self.address, padded=True)
        except BadFrame:
            return None
