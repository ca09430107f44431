"""A board's sampling: by its own interval, into its ring, computed lazily."""

import math
from collections.abc import Mapping

from arduino_iface.sample import AGE_MS_MAX, pack_sample
from arduino_iface.schema import Schema
from dummy_hw.ring import HeldSample, SampleRing
from dummy_hw.signals import Constant, Signal

_AGE_SIZE = 3
# Sampling times are sums of floats; a sample that is due by less than this is due.
_ROUNDING_S = 1e-9


class Sampler:
    """Takes the samples that are due up to a given moment. Guarded by the board's lock.

    The first sample is taken at the start, the next ones an interval apart. After a change of the interval
    or a pause the next sample comes one interval later.
    A channel without a signal is missing in every sample.
    """

    def __init__(self, schema: Schema, signals: Mapping[str, Signal], ring_size: int) -> None:
        """`signals` by channel name; raises `ValueError` for a name the schema does not have."""
        self.ring = SampleRing(ring_size)
        self.samples_made = 0
        self.lost_at_reset = 0
        self._schema = schema
        self._signals: dict[str, Signal] = {
            channel.name: Constant(None) for channel in schema.channels
        }
        self._lasting = dict(self._signals)
        for name, signal in signals.items():
            self.set_signal(name, signal)
        self._interval_ms = schema.sample_ms
        self._started_at = 0.0
        self._counting_from: float | None = None
        self._counting_from_s = 0.0
        self._taken = 0

    @property
    def interval_ms(self) -> int:
        """Ms between samples."""
        return self._interval_ms

    def set_signal(self, channel: str, signal: Signal, *, until_reset: bool = False) -> None:
        """From now on `channel` measures `signal`. Raises `ValueError` for an unknown channel."""
        if channel not in self._signals:
            raise ValueError(f"{self._schema.name} has no channel {channel!r}")
        self._signals[channel] = signal
        if not until_reset:
            self._lasting[channel] = signal

    def start(self, at: float) -> None:
        """The board starts: the ring is empty, numbers begin at 1, the schema's interval holds."""
        self.lost_at_reset += self.ring.clear()
        self._signals = dict(self._lasting)
        self._interval_ms = self._schema.sample_ms
        self._started_at = at
        interval_s = self._interval_ms / 1000
        self.resume(at - interval_s)
        self._counting_from_s = -interval_s

    def set_interval(self, at: float, interval_ms: int) -> None:
        """The next sample comes one new interval after `at`."""
        self._interval_ms = interval_ms
        if self._counting_from is not None:
            self.resume(at)

    def resume(self, at: float) -> None:
        """Sample again; the next sample comes one interval after `at`."""
        self._counting_from = at
        self._counting_from_s = at - self._started_at
        self._taken = 0

    def pause(self) -> None:
        """Take no samples until `resume` or `start`."""
        self._counting_from = None

    def run(self, until: float) -> None:
        """Take every sample due by `until`; those that would be overwritten get only numbers."""
        if self._counting_from is None:
            return
        interval_s = self._interval_ms / 1000
        due = math.floor((until - self._counting_from + _ROUNDING_S) / interval_s)
        new = due - self._taken
        if new <= 0:
            return
        if new > self.ring.size:
            self.ring.pass_over(new - self.ring.size)
        for place in range(due - min(new, self.ring.size) + 1, due + 1):
            # Not derived from the clock's seconds, by which 1.0 would become 0.9999999.
            since_s = round(self._counting_from_s + place * interval_s, 6)
            self._take(self._counting_from + place * interval_s, since_s)
        self._taken = due
        self.samples_made += new

    def _take(self, at: float, since_s: float) -> None:
        values = [self._signals[channel.name](since_s) for channel in self._schema.channels]
        # Packed now; the age is added when the sample is sent.
        self.ring.append(HeldSample(at, pack_sample(self._schema, 0, values)[_AGE_SIZE:]))


def with_age(sample: HeldSample, at: float) -> bytes:
    """The wire form of a held sample in a reply made at `at`."""
    age_ms = min(max(round((at - sample.taken_at) * 1000), 0), AGE_MS_MAX)
    return age_ms.to_bytes(_AGE_SIZE, "little") + sample.packed
