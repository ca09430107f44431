"""A board's sample memory: bounded, numbered from 1 after each boot, oldest overwritten first."""

from collections import deque
from dataclasses import dataclass
from itertools import islice


@dataclass(frozen=True, slots=True)
class HeldSample:
    """One sample: when it was taken (seconds on the board's clock) and its packed values."""

    taken_at: float
    packed: bytes


class SampleRing:
    """The samples numbered `oldest` to `next_seq - 1`. Not thread-safe: the board's lock guards it.

    `overwritten` counts samples lost unread, `acknowledged` those that the gateway has stored.
    """

    def __init__(self, size: int) -> None:
        """`size`: samples held at most, at least 1."""
        if size < 1:
            raise ValueError("a ring holds at least one sample")
        self.size = size
        self.next_seq = 1
        self.overwritten = 0
        self.acknowledged = 0
        self._held: deque[HeldSample] = deque()

    def __len__(self) -> int:
        return len(self._held)

    @property
    def oldest(self) -> int:
        """Number of the oldest sample held; `next_seq` when none is."""
        return self.next_seq - len(self._held)

    def append(self, sample: HeldSample) -> None:
        """Take the next sample; the oldest goes when there is no room."""
        if len(self._held) == self.size:
            self._held.popleft()
            self.overwritten += 1
        self._held.append(sample)
        self.next_seq += 1

    def pass_over(self, count: int) -> None:
        """Number `count` samples that would all be overwritten before they can be read."""
        self.overwritten += len(self._held) + count
        self._held.clear()
        self.next_seq += count

    def forget_below(self, seq: int) -> None:
        """Forget every sample numbered below `seq`."""
        while self._held and self.oldest < seq:
            self._held.popleft()
            self.acknowledged += 1

    def window(self, first: int, count: int) -> tuple[int, list[HeldSample], bool]:
        """At most `count` samples from `first` on: number of the first, the samples, whether more follow."""
        start = min(max(first, self.oldest), self.next_seq)
        skipped = start - self.oldest
        samples = list(islice(self._held, skipped, skipped + count))
        return start, samples, skipped + len(samples) < len(self._held)

    def clear(self) -> int:
        """Lose everything, as at a reset; numbers start at 1 again. Returns how many were held."""
        held = len(self._held)
        self._held.clear()
        self.next_seq = 1
        return held
