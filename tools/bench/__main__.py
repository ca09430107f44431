"""`python -m tools.bench`: throughput, then size, each with its defaults.

With a name in front, one measurement with its own options: `python -m tools.bench drain --rounds 2`.
Exit code 1 when a measurement found something wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from tools.bench import drain, firmware, size, throughput

MEASUREMENTS: dict[str, Callable[[Sequence[str]], int]] = {
    "throughput": throughput.main,
    "size": size.main,
    "drain": drain.main,
    "firmware": firmware.main,
}
BY_DEFAULT = ("throughput", "size")


def main(arguments: Sequence[str]) -> int:
    """Measure and return the exit code."""
    if not arguments:
        worst = 0
        for name in BY_DEFAULT:
            print(f"{name}:", flush=True)
            worst = max(worst, MEASUREMENTS[name]([]))
        return worst
    name, *options = arguments
    if name not in MEASUREMENTS:
        print(f"{__doc__}\nMeasurements: {', '.join(MEASUREMENTS)}.", file=sys.stderr)
        return 2
    return MEASUREMENTS[name](options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
