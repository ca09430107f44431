"""A link to one board: a request goes out, its reply comes back or an error says what to do next.

`I2cLink` and `SerialLink` share what is here: the numbering of requests, the turn that keeps a second
request to the same board from overtaking the first, the retries and the counters. The bus itself is
taken for one transaction at a time only, so it is free for other boards while this one thinks.
"""

from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass, replace

from arduino_iface import frame, messages
from arduino_iface.clock import Clock
from arduino_iface.errors import BadFrame, DeviceRefused, DeviceSilent, WireError
from arduino_iface.frame import Frame
from arduino_iface.lock import Priority, PriorityLock
from arduino_iface.messages import RequestType

ATTEMPTS_MAX = 3
"""A request is sent at most this often (protocol page, "at most twice more")."""

REPLY_TIMEOUT_S = 0.25
"""How long one attempt waits for its reply; three together cover a sketch's loop of 0.7 s."""

TURN_TIMEOUT_S = 3.0
"""How long a request waits for the board's or the bus's turn unless its caller says otherwise."""

_LATENCIES_KEPT = 256


@dataclass(frozen=True, slots=True)
class Exchange:
    """A reply's payload, and when its request was first on the wire and the reply was complete.

    Times are monotonic seconds. The board prepared the reply between the two.
    """

    payload: bytes
    sent_mono: float
    answered_mono: float


@dataclass(frozen=True, slots=True)
class LinkCounters:
    """What a link has seen since it was made."""

    requests: int = 0
    replies: int = 0
    retries: int = 0
    crc_errors: int = 0
    faults: int = 0
    silent: int = 0


class Unanswered(DeviceSilent):
    """One attempt that got no reply.

    `sent_mono` is when the board may have got the request, None when it cannot have. `hopeless`: another
    attempt would not be answered either.
    """

    def __init__(self, reason: str, sent_mono: float | None, *, hopeless: bool = False) -> None:
        """`reason` in words, for the log."""
        super().__init__(reason)
        self.sent_mono = sent_mono
        self.hopeless = hopeless


class Link(ABC):
    """Requests to one board. Thread-safe: requests of several threads take turns by priority."""

    def __init__(self, clock: Clock, address: int, first_seq: int = 0) -> None:
        """`address` is the byte in the checksum; `first_seq` precedes the number of the first request."""
        self.address = address
        self.counters = LinkCounters()
        self.heard_mono: float | None = None  # when the latest reply was complete
        self.clock = clock
        self._seq = first_seq & 0xFF
        self._turn = PriorityLock(clock)  # one request with its reply at a time
        self._latencies_s: deque[float] = deque(maxlen=_LATENCIES_KEPT)

    @property
    @abstractmethod
    def frame_max(self) -> int:
        """Longest frame this wire carries, bytes."""

    @abstractmethod
    def prepare(
        self, priority: Priority = Priority.POLL, timeout_s: float = TURN_TIMEOUT_S
    ) -> None:
        """Make the wire usable before a board is asked anything. Raises `PortLost`, `BusBusy`."""

    @abstractmethod
    def _attempt(self, request: Frame, priority: Priority, timeout_s: float) -> tuple[float, Frame]:
        """Send `request` once and wait for its reply.

        Returns when the request was sent and the reply; raises `DeviceSilent` when the attempt failed,
        which the caller may repeat.
        """

    def request(
        self,
        kind: RequestType,
        payload: bytes,
        *,
        priority: Priority = Priority.POLL,
        attempts: int = ATTEMPTS_MAX,
        turn_timeout_s: float = TURN_TIMEOUT_S,
    ) -> Exchange:
        """Send a request and return its reply.

        Raises `BusBusy` when nothing was sent because the board or bus was not free in time,
        `DeviceSilent` when no attempt was answered, `DeviceRefused` for an error reply, `PortLost`.
        """
        with self._turn.hold(priority, turn_timeout_s):
            self._seq = self._seq % 0xFF + 1  # never 0, which an unasked HELLO carries
            request = Frame(kind, self._seq, payload)
            self._count(requests=1)
            return self._exchange(request, priority, attempts, turn_timeout_s)

    def latency_quantiles_ms(self) -> tuple[float, float] | None:
        """Median and 99th percentile of the latest requests, ms; None before the first reply."""
        ordered = sorted(self._latencies_s.copy())
        if not ordered:
            return None
        last = len(ordered) - 1
        return ordered[last // 2] * 1000, ordered[round(last * 0.99)] * 1000

    def _exchange(
        self, request: Frame, priority: Priority, attempts: int, timeout_s: float
    ) -> Exchange:
        started = self.clock.monotonic()
        first_sent: float | None = None
        failure: WireError | None = None
        for attempt in range(attempts):
            if attempt:
                self._count(retries=1)
            try:
                sent, reply = self._attempt(request, priority, timeout_s)
            except Unanswered as error:
                first_sent = error.sent_mono if first_sent is None else first_sent
                failure = error
                if error.hopeless:
                    break
                continue
            answered = self.clock.monotonic()
            self.heard_mono = answered
            self._count(replies=1)
            self._latencies_s.append(answered - started)
            if reply.type == messages.ERROR_REPLY:
                raise DeviceRefused(messages.decode_error(reply.payload))
            return Exchange(reply.payload, sent if first_sent is None else first_sent, answered)
        self._count(silent=1)
        raise DeviceSilent(f"no valid reply: {failure}") from failure

    def _is_reply(self, candidate: Frame, request: Frame) -> bool:
        wanted = (request.type | frame.REPLY, messages.ERROR_REPLY)
        return candidate.seq == request.seq and candidate.type in wanted

    def _count(self, **more: int) -> None:
        """Add to counters; only the holder of the turn does so."""
        changed = {name: getattr(self.counters, name) + number for name, number in more.items()}
        self.counters = replace(self.counters, **changed)


def expect_frame(data: bytes, address: int) -> Frame | None:
    """The frame in an I2C read, or None when it is damaged."""
    try:
        return frame.decode(data, address, padded=True)
    except BadFrame:
        return None
