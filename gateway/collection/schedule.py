"""When a device is due: at its interval, on phase, missed ticks skipped and counted."""

import math

RETRY_TICK_S = 0.5
"""Longest period of a timer, so that a slow device is retried sooner than it is polled."""


def tick_s(interval_s: float) -> float:
    """Period of a device's timer: the interval, or a whole fraction of it up to half a second."""
    return interval_s / math.ceil(interval_s / RETRY_TICK_S)


class Schedule:
    """Due times of one device, `interval_s` apart from the first. Pure: the time comes from outside."""

    def __init__(self, interval_s: float, first_due: float) -> None:
        """`first_due` and all times: monotonic seconds."""
        self.interval_s = interval_s
        self.due = first_due

    def is_due(self, now: float) -> bool:
        """Whether it is due, or so nearly that this tick is nearer to the due time than the next one."""
        return now >= self.due - 0.25 * tick_s(self.interval_s)

    def advance(self, now: float) -> int:
        """Go to the next due time after `now`; return how many were missed in between."""
        missed = max(0, math.floor((now - self.due) / self.interval_s))
        following = self.due + (missed + 1) * self.interval_s
        if following <= now:  # a quotient that was rounded down
            missed, following = missed + 1, following + self.interval_s
        self.due = following
        return missed

    def change(self, interval_s: float, now: float) -> None:
        """Take another interval, counted from `now`; a no-op when it is the same."""
        if interval_s != self.interval_s:
            self.interval_s = interval_s
            self.due = now + interval_s

    def postpone(self, until: float) -> None:
        """Be due at `until` next; the phase starts there."""
        self.due = until
