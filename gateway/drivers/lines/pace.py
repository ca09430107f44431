"""How often a sketch prints by itself, learned from the times of its readings. Pure."""

from collections import deque

from gateway.drivers.base import INTERVAL_DEFAULT_S

BURST_S = 0.5
"""Readings that come closer than this to the one before belong to the same burst."""

PATIENCE_S = 20.0
"""The interval that is assumed from the first reading until one is known: a slow sketch is not silent."""

_GAPS = 12


class Pace:
    """Learns the time from one burst of readings to the next. Not thread-safe."""

    def __init__(self) -> None:
        self._gaps: deque[float] = deque(maxlen=_GAPS)
        self._began: float | None = None  # the burst
        self._last = 0.0
        self._fast = False  # one burst went on for longer than the shortest interval that counts

    def take(self, at_mono: float) -> None:
        """A reading of that time (monotonic seconds), in order."""
        if self._began is None:
            self._began = self._last = at_mono
            return
        if at_mono - self._last < BURST_S:
            self._fast = self._fast or at_mono - self._began >= INTERVAL_DEFAULT_S
        else:
            self._gaps.append(at_mono - self._began)
            self._began = at_mono
        self._last = at_mono

    def pause(self) -> None:
        """The port was lost: the time until the next reading tells nothing."""
        self._began = None

    @property
    def interval_s(self) -> float | None:
        """Seconds between bursts as far as is known, 1 at least; None after fewer than two."""
        if not self._gaps:
            return INTERVAL_DEFAULT_S if self._fast else None
        longest = sorted(self._gaps)
        # One long silence among many gaps is a fault and not the pace.
        typical = longest[-2] if len(longest) > 2 else longest[-1]
        return max(INTERVAL_DEFAULT_S, float(f"{typical:.2g}"))

    @property
    def expected_s(self) -> float:
        """The interval by which a sketch is judged, also while it is not known yet."""
        known = self.interval_s
        if known is not None:
            return known
        return INTERVAL_DEFAULT_S if self._began is None else PATIENCE_S
