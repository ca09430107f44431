"""`python -m tools.soak --faults 100`: breaks a gateway that often, and prints a table.

Exit code 1 when a sample is missing that no board has overwritten, or is there twice, or when the ledger
does not say the same as the boards.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tools.soak.rig import Outcome, Rig


def main(arguments: Sequence[str] | None = None) -> int:
    """Run once and return the exit code."""
    options = _parser().parse_args(arguments)
    with (
        tempfile.TemporaryDirectory(prefix="gateway-soak-", dir=options.dir) as folder,
        Rig(
            Path(folder),
            options.seed,
            boards=options.boards,
            interval_s=options.interval,
            ring=options.ring,
        ) as rig,
    ):
        names = sorted(rig.faults())
        for number in range(options.faults):
            # The first ones in turn, so that a short run has each.
            name = names[number] if number < len(names) else rig.any_fault()
            rig.inject(name)
            print(f"{number + 1:4}  {name}", file=sys.stderr, flush=True)
        outcome = rig.settle()
    print(table(outcome))
    return 0 if outcome.sound else 1


def table(outcome: Outcome) -> str:
    """The result for people, in Markdown."""
    lines = ["| fault | times injected |", "|---|---|"]
    lines += [f"| {name} | {count} |" for name, count in sorted(outcome.injected.items())]
    lost = ", ".join(f"{count} {reason}" for reason, count in sorted(outcome.explained.items()))
    lines += [
        f"| **all** | {sum(outcome.injected.values())} |",
        "",
        "| samples made | stored | lost and explained | missing unexplained | duplicates |",
        "|---|---|---|---|---|",
        f"| {outcome.made} | {outcome.stored} | {lost or 0} "
        f"| {outcome.missing - sum(outcome.explained.values())} | {outcome.duplicates} |",
        "",
        f"overwritten by the boards' own count: {outcome.overwritten}; ledger: expected "
        f"{outcome.expected}, stored {outcome.booked}, hours that do not add up: "
        f"{outcome.unbalanced}; " + ("sound" if outcome.sound else "NOT SOUND"),
    ]
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.soak", description=__doc__)
    parser.add_argument("--faults", type=int, default=100, help="how many (100)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments and the faults (1)")
    parser.add_argument("--boards", type=int, default=4, help="how many (4)")
    parser.add_argument("--interval", type=float, default=0.05, help="s between samples (0.05)")
    parser.add_argument("--ring", type=int, default=64, help="samples a board holds (64)")
    parser.add_argument("--dir", type=Path, help="where everything is put for the run")
    return parser


if __name__ == "__main__":
    sys.exit(main())
