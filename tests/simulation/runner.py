"""Runs seeds, finds the events that matter in one that fails, and says how to run it again."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.simulation import schedule
from tests.simulation.schedule import Event
from tests.simulation.world import Result, simulate

LENGTH_S = 40.0
_FAST = Path("/dev/shm")
"""A disk in memory: fsync costs nothing there, and what is tested is not the disk."""


def run_seed(
    seed: int,
    length_s: float = LENGTH_S,
    events: Sequence[Event] | None = None,
    trace: Callable[[str], None] | None = None,
) -> Result:
    """One seed, with its own events unless others are given."""
    if events is None:
        events = schedule.make(seed, length_s)
    place = _FAST if _FAST.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="simulation-", dir=place) as folder:
        return simulate(seed, events, length_s, Path(folder), trace)


def shrink(seed: int, length_s: float) -> list[Event]:
    """The events of a failing seed without those that it fails without, too."""
    events = schedule.make(seed, length_s)
    size = max(1, len(events) // 2)
    while True:
        place = 0
        while place < len(events):
            fewer = events[:place] + events[place + size :]
            if run_seed(seed, length_s, fewer).violation is not None:
                events = fewer
            else:
                place += size
        if size == 1:
            return events
        size = max(1, size // 2)


def replay(seed: int, length_s: float = LENGTH_S) -> str:
    """The command that runs a seed again."""
    extra = "" if length_s == LENGTH_S else f" --length {length_s:g}"
    return f"python -m tests.simulation --seed {seed} --trace{extra}"
