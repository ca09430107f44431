"""Faults between the gateway and a simulated board: by script, by chance, or by hand."""

import random
import threading
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from enum import Enum

SCRIPT_MAX = 10_000
"""Most faults that wait for their transaction."""

LATE_REPLY_S = 0.5
"""Additional delay of a late reply, seconds."""

SILENCE_S = 1.0
"""How long a board with a loose contact is off the air, seconds."""


class Fault(Enum):
    """One fault of one transaction (I2C) or one frame (serial)."""

    NACK = "nack"
    """I2C: the address is not acknowledged, the board hears nothing."""
    SILENCE = "silence"
    """The board is off the air for `SILENCE_S`; its program runs on."""
    DROP_REQUEST = "drop_request"
    """The request is lost silently."""
    DROP_REPLY = "drop_reply"
    """The request is executed, this reply is lost (I2C: reads as FF)."""
    DUPLICATE = "duplicate"
    """The frame arrives twice."""
    CORRUPT = "corrupt"
    """One bit is wrong."""
    TRUNCATE = "truncate"
    """The end is missing."""
    REBOOT = "reboot"
    """The board resets, what it was about to receive or send is lost."""
    STUCK_BUS = "stuck_bus"
    """I2C: a device holds the clock until the adapter gives up."""
    LATE_REPLY = "late_reply"
    """The board takes `LATE_REPLY_S` longer."""
    STALE = "stale"
    """I2C: a read returns the data of the previous read from this address, as on a Pi."""
    SHIFT = "shift"
    """I2C: all data is read one bit late, as on a Pi whose clock was stretched."""
    DISCONNECT = "disconnect"
    """The port or adapter is gone; opening it again works."""


ON_I2C_WRITE = frozenset(
    {
        Fault.NACK,
        Fault.SILENCE,
        Fault.DROP_REQUEST,
        Fault.DUPLICATE,
        Fault.CORRUPT,
        Fault.TRUNCATE,
        Fault.REBOOT,
        Fault.STUCK_BUS,
        Fault.LATE_REPLY,
        Fault.DISCONNECT,
    }
)
"""Faults of a write transaction."""

ON_I2C_READ = frozenset(
    {
        Fault.NACK,
        Fault.SILENCE,
        Fault.DROP_REPLY,
        Fault.CORRUPT,
        Fault.TRUNCATE,
        Fault.REBOOT,
        Fault.STUCK_BUS,
        Fault.STALE,
        Fault.SHIFT,
        Fault.DISCONNECT,
    }
)
"""Faults of a read transaction."""

ON_SERIAL_REQUEST = frozenset(
    {
        Fault.SILENCE,
        Fault.DROP_REQUEST,
        Fault.DUPLICATE,
        Fault.CORRUPT,
        Fault.TRUNCATE,
        Fault.REBOOT,
        Fault.LATE_REPLY,
        Fault.DISCONNECT,
    }
)
"""Faults of a frame to the board."""

ON_SERIAL_REPLY = frozenset(
    {Fault.DROP_REPLY, Fault.DUPLICATE, Fault.CORRUPT, Fault.TRUNCATE, Fault.DISCONNECT}
)
"""Faults of a frame or line from the board."""


class FaultPlan:
    """Decides the fault of each transaction. Thread-safe.

    First the script, in order: None lets one transaction pass, a fault waits for the first
    transaction it can happen to. When the script is used up, chance: `rates` gives each fault's
    probability per transaction. The same seed and the same transactions give the same faults.
    `counts` has the faults that happened so far.
    """

    def __init__(
        self,
        script: Sequence[Fault | None] = (),
        *,
        rates: Mapping[Fault, float] | None = None,
        seed: int = 0,
    ) -> None:
        """Rates are from 0 to 1, together at most 1; `ValueError` otherwise."""
        self.counts: Counter[Fault] = Counter()
        self._lock = threading.Lock()
        self._random = random.Random(seed)
        self._script: deque[Fault | None] = deque()
        self._rates: dict[Fault, float] = {}
        self.set_rates(rates or {})
        self.inject(*script)

    def inject(self, *faults: Fault | None) -> None:
        """Add to the script. Raises `ValueError` when too many wait already."""
        with self._lock:
            if len(self._script) + len(faults) > SCRIPT_MAX:
                raise ValueError(f"at most {SCRIPT_MAX} faults can wait")
            self._script.extend(faults)

    def set_rates(self, rates: Mapping[Fault, float]) -> None:
        """Probabilities from now on. Raises `ValueError` outside 0 to 1 or together above 1."""
        if any(not 0 <= rate <= 1 for rate in rates.values()) or sum(rates.values()) > 1:
            raise ValueError("rates are probabilities and together at most 1")
        with self._lock:
            self._rates = dict(rates)

    def clear(self) -> None:
        """No faults from now on."""
        with self._lock:
            self._script.clear()
            self._rates = {}

    @property
    def waiting(self) -> int:
        """Entries of the script not used yet."""
        with self._lock:
            return len(self._script)

    def next(self, possible: frozenset[Fault]) -> Fault | None:
        """The fault of the transaction that begins now; only one of `possible`."""
        with self._lock:
            fault = self._scripted(possible) if self._script else self._by_chance(possible)
            if fault is not None:
                self.counts[fault] += 1
            return fault

    def damaged(self, data: bytes, fault: Fault | None) -> bytes:
        """`data` after CORRUPT, TRUNCATE or DROP_REPLY; unchanged for every other fault and None."""
        match fault:
            case Fault.CORRUPT:
                return self._corrupt(data)
            case Fault.TRUNCATE:
                return self._truncate(data)
            case Fault.DROP_REPLY:
                return b""
        return data

    def _corrupt(self, data: bytes) -> bytes:
        """`data` with one bit flipped; empty data stays empty."""
        if not data:
            return data
        with self._lock:
            place = self._random.randrange(len(data) * 8)
        changed = bytearray(data)
        changed[place // 8] ^= 1 << (place % 8)
        return bytes(changed)

    def _truncate(self, data: bytes) -> bytes:
        """The beginning of `data`, at least one byte shorter; empty data stays empty."""
        with self._lock:
            return data[: self._random.randrange(len(data))] if data else data

    def _scripted(self, possible: frozenset[Fault]) -> Fault | None:
        head = self._script[0]
        if head is not None and head not in possible:
            return None
        return self._script.popleft()

    def _by_chance(self, possible: frozenset[Fault]) -> Fault | None:
        if not self._rates:
            return None
        chance = self._random.random()
        for fault, rate in self._rates.items():
            chance -= rate
            if chance < 0:
                return fault if fault in possible else None
        return None
