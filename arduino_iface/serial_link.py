"""Requests to the board at the other end of a serial line, in COBS frames between zeros."""

from arduino_iface import frame, messages
from arduino_iface.bus import SerialBus
from arduino_iface.deframer import Deframer, enframe
from arduino_iface.errors import BusBusy
from arduino_iface.frame import Frame
from arduino_iface.link import REPLY_TIMEOUT_S, TURN_TIMEOUT_S, Link, Unanswered
from arduino_iface.lock import Priority

GREETING_TIMEOUT_S = 2.0
"""After opening a port: silence until the board greets, since a boot loader is listening first."""

BITS_PER_BYTE = 10
"""8N1: a start bit, eight data bits, a stop bit."""

_HELLO_REPLY = messages.RequestType.HELLO | frame.REPLY


class SerialLink(Link):
    """The one board on a serial port."""

    def __init__(self, bus: SerialBus, first_seq: int = 0) -> None:
        """Touches nothing."""
        super().__init__(bus.transport.clock, frame.SERIAL_ADDRESS, first_seq)
        self._bus = bus
        self._deframer = Deframer()
        self.greetings = 0
        """How often the board has said HELLO unasked, that is, has started."""

    @property
    def frame_max(self) -> int:
        """250 bytes; a board may say less in its HELLO."""
        return frame.SERIAL_FRAME_MAX

    @property
    def skipped_bytes(self) -> int:
        """Bytes that were no part of a valid frame: a sketch's prints, a boot loader, noise."""
        return self._deframer.skipped_bytes

    def prepare(
        self, priority: Priority = Priority.POLL, timeout_s: float = TURN_TIMEOUT_S
    ) -> None:
        """Open the port if it is not open, then keep silent until the board greets or 2 s have passed.

        Opening resets many boards. Raises `PortLost`, and `BusBusy` when another request holds the line.
        """
        with self._turn.hold(priority, timeout_s):
            if self._bus.is_open:
                return
            self._bus.open(priority, timeout_s)
            self._deframer.reset()
            self.heard_mono = None  # another board may be plugged in by now
            deadline = self.clock.monotonic() + GREETING_TIMEOUT_S
            greetings = self.greetings
            while self.greetings == greetings:
                remaining = deadline - self.clock.monotonic()
                if remaining <= 0 or not self._bus.wait(remaining):
                    return
                self._receive(priority, timeout_s)

    def _attempt(self, request: Frame, priority: Priority, timeout_s: float) -> tuple[float, Frame]:
        greetings = self.greetings
        wire = enframe(request)
        self._bus.write(wire, priority, timeout_s)
        sent = self.clock.monotonic()
        wire_s = (
            (len(wire) + frame.SERIAL_FRAME_MAX) * BITS_PER_BYTE / self._bus.transport.baud_rate
        )
        deadline = sent + REPLY_TIMEOUT_S + wire_s
        while (remaining := deadline - self.clock.monotonic()) > 0:
            if not self._bus.wait(remaining):
                break
            try:
                replies = self._receive(priority, timeout_s)
            except BusBusy as error:
                # The request is out: this is not "nothing was sent".
                raise Unanswered(str(error), sent) from error
            for reply in replies:
                if self._is_reply(reply, request):
                    return sent, reply
        if self.greetings != greetings:
            raise Unanswered("the board started again meanwhile", sent)
        raise Unanswered("silence", sent)

    def _receive(self, priority: Priority, timeout_s: float) -> list[Frame]:
        """The frames that have arrived; greetings are noted and left out."""
        before = self._deframer.bad_frames
        frames = self._deframer.feed(self._bus.read(priority, timeout_s))
        self._count(crc_errors=self._deframer.bad_frames - before)
        greetings = [one for one in frames if one.type == _HELLO_REPLY and one.seq == 0]
        self.greetings += len(greetings)
        return [one for one in frames if one not in greetings]
