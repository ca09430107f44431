"""`python -m tests.simulation`: many seeds at once, or one of them in detail."""

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.simulation import schedule
from tests.simulation.runner import LENGTH_S, replay, run_seed, shrink
from tests.simulation.world import Result


def main() -> int:
    """Exit code 1 when a seed has failed."""
    options = _options()
    if options.seed is not None:
        return _one(options)
    began = time.monotonic()
    seeds = range(options.first, options.first + options.seeds)
    total: Counter[str] = Counter()
    failed: list[Result] = []
    with ProcessPoolExecutor(options.jobs) as pool:
        work = partial(run_seed, length_s=options.length)
        for result in pool.map(work, seeds, chunksize=4):
            for name in _COUNTED:
                total[name] += getattr(result, name)
            if result.violation is not None:
                failed.append(result)
                print(f"seed {result.seed} FAILED {result.violation}")
                print(f"  {replay(result.seed, options.length)}", flush=True)
    print(f"{len(seeds)} seeds in {time.monotonic() - began:.0f} s, {len(failed)} failed")
    print("  " + ", ".join(f"{total[name]} {name.replace('_', ' ')}" for name in _COUNTED))
    return 1 if failed else 0


_COUNTED = (
    "made", "stored", "overwritten", "lost_at_reset", "deaths", "commands", "duplicates",
    "dead_letters", "steps",
)  # fmt: skip


def _one(options: argparse.Namespace) -> int:
    seed, length_s = options.seed, options.length
    events = schedule.make(seed, length_s)
    if options.shrink:
        events = shrink(seed, length_s)
    print("\n".join(map(str, events)))
    result = run_seed(seed, length_s, events, print if options.trace else None)
    print(result)
    return 1 if result.violation is not None else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many seeds (1000)")
    parser.add_argument("--first", type=int, default=1, help="the first of them (1)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes at once")
    parser.add_argument("--length", type=float, default=LENGTH_S, help="seconds with faults")
    parser.add_argument("--seed", type=int, help="run this one alone and show its events")
    parser.add_argument("--trace", action="store_true", help="show all that happens")
    parser.add_argument("--shrink", action="store_true", help="leave out events that do not matter")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
