"""Asking one board: requests take turns, are repeated when nothing comes back, and are counted.

`Endpoint` is the base of every way of asking, whatever the board speaks: `RegisterDevice`, `LineDevice`,
`Link`. A `Link` carries requests in frames of the device protocol; `I2cLink` and `SerialLink` are its wires.
The bus itself is locked for one transaction at a time, so other boards use it while this one works.
"""

import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import NamedTuple

from arduino_iface import frame, messages
from arduino_iface.clock import Clock
from arduino_iface.errors import DeviceRefused, DeviceSilent
from arduino_iface.frame import Frame
from arduino_iface.lock import Priority, PriorityLock
from arduino_iface.messages import RequestType

ATTEMPTS_MAX = 3
"""A request is sent at most this often (docs/protocol.md, "at most twice more")."""

REPLY_TIMEOUT_S = 0.25
"""How long one attempt waits for its reply, seconds; three cover a sketch whose loop takes 0.7 s."""

TURN_TIMEOUT_S = 3.0
"""Default timeout of a request for the board's lock and for the bus's, seconds each."""

_LATENCIES_KEPT = 256


class Claim(NamedTuple):
    """How a request waits for locks: its class in the queue, and at most `timeout_s` for each lock."""

    priority: Priority
    timeout_s: float


@dataclass(frozen=True, slots=True)
class LinkCounters:
    """Counts since the endpoint was made.

    `faults` are failed transactions (I2C), `crc_errors` damaged or unconfirmed replies, `silent` requests
    that got no valid reply in spite of their retries.
    """

    requests: int = 0
    replies: int = 0
    retries: int = 0
    crc_errors: int = 0
    faults: int = 0
    silent: int = 0


class Endpoint(ABC):
    """One board that several threads ask in turn. Thread-safe.

    `heard_mono` is when the latest valid data from the board was complete (monotonic seconds), None before.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.heard_mono: float | None = None
        self._lock = PriorityLock(clock)  # one request with its reply at a time
        self._counting = threading.Lock()  # guards the two below, for a few statements
        self._counters = LinkCounters()
        self._latencies_s: deque[float] = deque(maxlen=_LATENCIES_KEPT)

    @property
    def counters(self) -> LinkCounters:
        """A snapshot of the counts."""
        with self._counting:
            return self._counters

    def latency_quantiles_ms(self) -> tuple[float, float] | None:
        """Median and 99th percentile of the latest 256 answered requests, ms; None before the first."""
        with self._counting:
            ordered = sorted(self._latencies_s)
        if not ordered:
            return None
        last = len(ordered) - 1
        return ordered[last // 2] * 1000, ordered[round(last * 0.99)] * 1000

    @abstractmethod
    def prepare(
        self, priority: Priority = Priority.POLL, timeout_s: float = TURN_TIMEOUT_S
    ) -> None:
        """Open the wire if it is not open. Raises `PortLost`, `BusBusy`."""

    def _turn(self, claim: Claim) -> AbstractContextManager[None]:
        """Keeps other requests to this board out. Entering raises `BusBusy` when it was not free in time."""
        return self._lock.hold(*claim)

    def _attempts(self, count: int) -> Iterator[int]:
        """Numbers of the attempts at a request, from 0; all but the first are counted as retries."""
        for attempt in range(count):
            if attempt:
                self._count(retries=1)
            yield attempt

    def _answered(self, began_mono: float) -> None:
        """Count a reply, and how long it took since `began_mono`."""
        latency_s = self.clock.monotonic() - began_mono
        self._count(replies=1)
        with self._counting:
            self._latencies_s.append(latency_s)

    def _count(self, **more: int) -> None:
        """Add to counters, by their names."""
        with self._counting:
            known = self._counters
            changed = {name: getattr(known, name) + number for name, number in more.items()}
            self._counters = replace(known, **changed)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A reply's payload, and when its request was first on the wire (monotonic seconds).

    The board prepared the reply after that.
    """

    payload: bytes
    sent_mono: float


class Unanswered(DeviceSilent):
    """One attempt that got no reply.

    `sent_mono` is when the board may have got the request, None when it cannot have. `hopeless`: another
    attempt would not be answered either.
    """

    def __init__(self, reason: str, sent_mono: float | None, *, hopeless: bool = False) -> None:
        super().__init__(reason)
        self.sent_mono = sent_mono
        self.hopeless = hopeless


class Link(Endpoint):
    """Requests in frames to a board that speaks the device protocol."""

    def __init__(self, clock: Clock, address: int, first_seq: int = 0) -> None:
        """`address` is the byte in the checksum; `first_seq` precedes the number of the first request."""
        super().__init__(clock)
        self.address = address
        self._seq = first_seq & 0xFF

    @property
    @abstractmethod
    def frame_max(self) -> int:
        """Longest frame this wire carries, bytes."""

    @abstractmethod
    def _attempt(self, request: Frame, claim: Claim) -> tuple[float, Frame]:
        """Send `request` once: when it was sent (monotonic seconds), and the reply.

        Raises `Unanswered` when the attempt failed and may be repeated, `BusBusy` when nothing was sent.
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
        claim = Claim(priority, turn_timeout_s)
        with self._turn(claim):
            self._seq = self._seq % 0xFF + 1  # never 0, which an unsolicited HELLO carries
            request = Frame(kind, self._seq, payload)
            self._count(requests=1)
            return self._exchange(request, attempts, claim)

    def _exchange(self, request: Frame, attempts: int, claim: Claim) -> Exchange:
        began = self.clock.monotonic()
        first_sent: float | None = None
        failure: Unanswered | None = None
        for _ in self._attempts(attempts):
            try:
                sent, reply = self._attempt(request, claim)
            except Unanswered as error:
                first_sent = error.sent_mono if first_sent is None else first_sent
                failure = error
                if error.hopeless:
                    break
                continue
            self.heard_mono = self.clock.monotonic()
            self._answered(began)
            if reply.type == messages.ERROR_REPLY:
                raise DeviceRefused(messages.decode_error(reply.payload))
            return Exchange(reply.payload, sent if first_sent is None else first_sent)
        self._count(silent=1)
        raise DeviceSilent(f"no valid reply: {failure}") from failure


def is_reply(candidate: Frame, request: Frame) -> bool:
    """Whether a frame answers `request`: its number, and its type or that of the error reply."""
    wanted = (request.type | frame.REPLY, messages.ERROR_REPLY)
    return candidate.seq == request.seq and candidate.type in wanted
