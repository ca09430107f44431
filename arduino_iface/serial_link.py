"""Requests to the board at the other end of a serial line, in COBS frames between zeros."""

from arduino_iface import frame, messages
from arduino_iface.bus import SerialBus
from arduino_iface.deframer import Deframer, enframe
from arduino_iface.errors import BusBusy
from arduino_iface.frame import Frame
from arduino_iface.link import REPLY_TIMEOUT_S, TURN_TIMEOUT_S, Claim, Link, Unanswered, is_reply
from arduino_iface.lock import Priority

GREETING_TIMEOUT_S = 2.0
"""After opening a port nothing is sent for so long or until the board greets: a boot loader listens."""

BITS_PER_BYTE = 10
"""8N1: a start bit, eight data bits, a stop bit."""

_HELLO_REPLY = messages.RequestType.HELLO | frame.REPLY


class SerialLink(Link):
    """The one board on a serial port."""

    def __init__(self, bus: SerialBus, first_seq: int = 0) -> None:
        super().__init__(bus.transport.clock, frame.SERIAL_ADDRESS, first_seq)
        self._bus = bus
        self._deframer = Deframer()
        self.greetings = 0
        """Unsolicited HELLO replies: how often the board has started."""

    @property
    def frame_max(self) -> int:
        """250 bytes; a board may state less in its HELLO."""
        return frame.SERIAL_FRAME_MAX

    def prepare(
        self, priority: Priority = Priority.POLL, timeout_s: float = TURN_TIMEOUT_S
    ) -> None:
        """Open the port if it is not open, then wait until the board greets, at most 2 s.

        Opening resets many boards. Raises `PortLost`, and `BusBusy` when another request holds the line.
        """
        claim = Claim(priority, timeout_s)
        with self._turn(claim):
            if self._bus.is_open:
                return
            self._bus.open(*claim)
            self._deframer.reset()
            self.heard_mono = None  # another board may be plugged in by now
            greetings = self.greetings
            for _ in self._bus.arrivals(GREETING_TIMEOUT_S):
                self._receive(claim)
                if self.greetings != greetings:
                    return

    def _attempt(self, request: Frame, claim: Claim) -> tuple[float, Frame]:
        greetings = self.greetings
        wire = enframe(request)
        self._bus.write(wire, *claim)
        sent = self.clock.monotonic()
        wire_s = (len(wire) + frame.SERIAL_FRAME_MAX) * BITS_PER_BYTE / self._bus.baud_rate
        for _ in self._bus.arrivals(REPLY_TIMEOUT_S + wire_s):
            try:
                frames = self._receive(claim)
            except BusBusy as error:
                # The request is out: this is not "nothing was sent".
                raise Unanswered(str(error), sent) from error
            for candidate in frames:
                if is_reply(candidate, request):
                    return sent, candidate
        if self.greetings != greetings:
            raise Unanswered("the board restarted meanwhile", sent)
        raise Unanswered("timeout", sent)

    def _receive(self, claim: Claim) -> list[Frame]:
        """The frames that have arrived; greetings are counted and left out."""
        before = self._deframer.bad_frames
        frames = self._deframer.feed(self._bus.read(*claim))
        self._count(crc_errors=self._deframer.bad_frames - before)
        greetings = [one for one in frames if one.type == _HELLO_REPLY and one.seq == 0]
        self.greetings += len(greetings)
        return [one for one in frames if one not in greetings]
