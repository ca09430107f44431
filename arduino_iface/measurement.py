"""What drivers for sketches that do not speak the protocol give: measurements and outcomes."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace

from arduino_iface.link import LinkCounters
from arduino_iface.messages import CommandStatus
from arduino_iface.values import Readable

_LATENCIES_KEPT = 256


@dataclass(frozen=True, slots=True)
class Measurement:
    """The values of one moment by channel, None for missing.

    `measured_mono` (monotonic seconds) is when they were read. `out_of_range`: a value, kept as it was
    said, is outside the limits that the configuration gives.
    """

    values: Mapping[str, Readable]
    measured_mono: float
    out_of_range: bool = False

    @property
    def complete(self) -> bool:
        """Whether no channel's value is missing."""
        return all(value is not None for value in self.values.values())


@dataclass(frozen=True, slots=True)
class CommandOutcome:
    """What became of a command that was sent.

    `confirmed`: the device itself said so, or what was written was read back; else it is only known that
    the command went out. `detail` in words, for the log and the record.
    """

    status: CommandStatus
    confirmed: bool
    detail: str | None = None


class WireStats:
    """The counters of one device. Only the holder of the device's turn adds to them."""

    def __init__(self) -> None:
        """All zero."""
        self.counters = LinkCounters()
        self._latencies_s: deque[float] = deque(maxlen=_LATENCIES_KEPT)

    def count(self, **more: int) -> None:
        """Add to counters, by their names."""
        changed = {name: getattr(self.counters, name) + number for name, number in more.items()}
        self.counters = replace(self.counters, **changed)

    def answered(self, latency_s: float) -> None:
        """Note a reply and how long it took."""
        self.count(replies=1)
        self._latencies_s.append(latency_s)

    def latency_quantiles_ms(self) -> tuple[float, float] | None:
        """Median and 99th percentile of the latest requests, ms; None before the first reply."""
        ordered = sorted(self._latencies_s.copy())
        if not ordered:
            return None
        last = len(ordered) - 1
        return ordered[last // 2] * 1000, ordered[round(last * 0.99)] * 1000
