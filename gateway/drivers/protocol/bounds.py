"""Which numbers of a board are possible: bounds by its uptime and its sampling interval. Pure.

A checksum says that a frame arrived as it was sent, not that its numbers are true. A sample number that is
too high would be counted as a loss, and the gateway would ask past all samples that the board holds. So a
frame with a number that cannot be is refused, and the board is asked again.

All times are ms of CLOCK_BOOTTIME: the board goes on while the gateway's machine is suspended.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from arduino_iface.device import Identity, Polled
from arduino_iface.errors import BadFrame
from arduino_iface.sample import Sample

INTERVAL_MIN_MS = 10
"""Shortest sampling interval that a board can be set to (docs/protocol.md), ms."""

INTERVAL_MAX_MS = 86_400_000
"""Longest one, a day, ms."""

UPTIME_MODULUS_MS = 1 << 32
"""The uptime in HELLO begins anew after 49.7 days, ms."""

REFUSALS_MAX = 3
"""After so many refused frames in a row a board may have sampled as fast as any board can."""

UPTIME_UNKNOWN_MS = 400 * INTERVAL_MAX_MS
"""A board whose uptime is not known is taken to have been up for no longer, ms."""

CLOCK_DOUBT_MS = 60_000
"""How far the times of samples may be off, which come from a board's own clock, ms."""

_UPTIME_WRAPS_MAX = 8
_WRAP_TOLERANCE = 10  # a tenth: resonators of cheap boards, and times between the first samples
_SPARE_SAMPLES = 16
_SPARE_MS = 2000


@dataclass(frozen=True, slots=True)
class Mark:
    """At `at_ms`, `number` was the next sample to come, or was taken already."""

    number: int
    at_ms: int


class Bounds:
    """What is possible in one boot of one board. Owned by its intake.

    `mark` is what the journal knows of this boot, None for nothing. `interval_ms` is what was agreed on.
    `uptime_max_ms`: the board was in another boot so long ago, None when that is not known.
    """

    def __init__(
        self,
        identity: Identity,
        identified_ms: int,
        mark: Mark | None,
        uptime_max_ms: int | None = None,
    ) -> None:
        self.interval_ms = identity.schema.sample_ms
        self._boot = identity.boot
        self._sample_ms = identity.schema.sample_ms
        self._identified_ms = identified_ms
        # A board that says 0 does not count its uptime.
        self._uptime_ms = identity.uptime_ms or None
        if self._uptime_ms is not None and uptime_max_ms is not None:
            self._uptime_ms = min(self._uptime_ms, uptime_max_ms)
        self._mark = mark
        self._from_journal = mark is not None
        self._settled: Mark | None = None
        self._refused = 0
        self._says_more = True  # whether the board sets the flag "more" when there are more samples

    def check(self, polled: Polled, now_ms: int) -> None:
        """Raise `BadFrame` for a reply with a sample number or an age that cannot be."""
        try:
            self._check_number(polled, now_ms)
            self._check_ages(polled, now_ms)
        except BadFrame:
            self._refused += 1
            if self._refused >= REFUSALS_MAX:
                self._says_more = False
            raise

    def accept(self, polled: Polled, sent_ms: int) -> None:
        """The reply was taken: later ones are measured by it. `sent_ms`: when it was asked for."""
        self._refused = 0
        self._from_journal = False
        mark = self._mark
        if mark is None or polled.following >= mark.number:
            self._mark = Mark(polled.following, sent_ms)
        if self._says_more and not polled.more:
            self._settled = Mark(polled.following, sent_ms)

    def _check_number(self, polled: Polled, now_ms: int) -> None:
        if polled.first < 1:
            raise BadFrame("the reply begins with sample 0; the first sample of a boot is 1")
        fastest_ms = self._fastest_ms(polled.samples)
        possible = self._possible(fastest_ms, now_ms)
        if polled.first > possible and not self._wrapped(polled, now_ms):
            raise BadFrame(
                f"the reply begins with sample {polled.first} of boot {self._boot}; at most {possible} are "
                f"possible at one each {fastest_ms} ms. If it goes on: restart the board"
            )

    def _possible(self, fastest_ms: int, now_ms: int) -> int:
        """The highest number that the board can have reached: twice what its interval gives."""
        uptime_ms = self._uptime_at(now_ms)
        by_uptime = 1 + 2 * (uptime_ms or UPTIME_UNKNOWN_MS) // fastest_ms
        mark = self._mark
        if mark is None:
            return by_uptime + _SPARE_SAMPLES
        since_ms = min(max(0, now_ms - mark.at_ms), UPTIME_UNKNOWN_MS)
        by_mark = mark.number + 2 * since_ms // fastest_ms
        # Of what an earlier run has stored, the time may be wrong; what this one has seen is certain.
        known = uptime_ms is not None and self._from_journal
        return (max(by_mark, by_uptime) if known else by_mark) + _SPARE_SAMPLES

    def _fastest_ms(self, samples: Sequence[Sample]) -> int:
        """The shortest interval that the board can have sampled at since it was last heard, ms."""
        spacing_ms = _spacing_ms(samples)
        known = [self._sample_ms, self.interval_ms]
        if spacing_ms is not None:
            known.append(spacing_ms)
        elif self._from_journal:
            known.append(INTERVAL_MIN_MS)  # an earlier run may have set any
        if self._refused >= REFUSALS_MAX:
            known.append(INTERVAL_MIN_MS)
        return max(1, min(known))

    def _wrapped(self, polled: Polled, now_ms: int) -> bool:
        """Whether the number fits an uptime that has begun anew, of a board that was never heard before."""
        uptime_ms = self._uptime_at(now_ms)
        if uptime_ms is None or self._mark is not None:
            return False
        spacing_ms = _spacing_ms(polled.samples)
        intervals = {self._sample_ms, self.interval_ms, spacing_ms or self._sample_ms}
        totals = [
            uptime_ms + wraps * UPTIME_MODULUS_MS for wraps in range(1, _UPTIME_WRAPS_MAX + 1)
        ]
        return any(
            abs(polled.first * interval_ms - total) <= total // _WRAP_TOLERANCE
            for interval_ms in intervals
            for total in totals
        )

    def _check_ages(self, polled: Polled, now_ms: int) -> None:
        uptime_ms = self._uptime_at(now_ms)
        if self._may_have_wrapped(polled):
            uptime_ms = None
        for sample in polled.samples:
            limits = [] if uptime_ms is None else [uptime_ms]
            settled = self._settled if self._says_more else None
            if settled is not None and sample.seq >= settled.number:
                limits.append(max(0, now_ms - settled.at_ms))
            for limit_ms in limits:
                possible_ms = limit_ms + limit_ms // 8 + _SPARE_MS
                if sample.age_ms > possible_ms:
                    raise BadFrame(
                        f"sample {sample.seq} of boot {self._boot} claims to be {sample.age_ms} ms old; "
                        f"at most {possible_ms} ms are possible"
                    )

    def _may_have_wrapped(self, polled: Polled) -> bool:
        slowest_ms = max(self._sample_ms, self.interval_ms)
        return polled.following * slowest_ms >= UPTIME_MODULUS_MS - UPTIME_MODULUS_MS // 5

    def _uptime_at(self, now_ms: int) -> int | None:
        if self._uptime_ms is None:
            return None
        return self._uptime_ms + max(0, now_ms - self._identified_ms)


def usable_interval_ms(interval_ms: int) -> int:
    """The interval that a board states, at most a day: it is asked at least that often."""
    return min(interval_ms, INTERVAL_MAX_MS)


def _spacing_ms(samples: Sequence[Sample]) -> int | None:
    """How far apart the samples of a reply were taken, ms; None when there are too few to tell."""
    if len(samples) < 2:
        return None
    return max(1, (samples[0].age_ms - samples[-1].age_ms) // (len(samples) - 1))
