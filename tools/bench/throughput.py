"""`python -m tools.bench throughput`: boards, commands and MongoDB all at once; prints a table.

Exit code 1 when a sample was lost or stored twice, or a command was not carried out.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tools.bench.machine import conditions
from tools.bench.measure import Plan, measure
from tools.bench.report import as_json, as_table, rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure once and return the exit code."""
    options = _parser().parse_args(arguments)
    plan = Plan(options.boards, options.rate, options.seconds, options.commands, options.i2c)
    with tempfile.TemporaryDirectory(prefix="gateway-bench-", dir=options.dir) as folder:
        machine = conditions(Path(folder))
        result = measure(Path(folder), plan)
    print(as_json(result, machine) if options.json else as_table(rows(result, machine)))
    return 0 if result.sound else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.bench throughput", description=__doc__)
    parser.add_argument("--boards", type=_whole, default=8, help="how many (8)")
    parser.add_argument("--rate", type=_positive, default=10.0, help="samples per second (10)")
    parser.add_argument("--seconds", type=_positive, default=60.0, help="how long (60)")
    parser.add_argument("--commands", type=_rate, default=5.0, help="per second (5); 0 for none")
    parser.add_argument(
        "--i2c", action="store_true", help="boards on one simulated I2C bus instead of serial ports"
    )
    parser.add_argument("--dir", type=Path, help="where journal and database are put for the run")
    parser.add_argument("--json", action="store_true", help="JSON instead of a table")
    return parser


def _whole(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 100:
        raise ValueError("not from 1 to 100")
    return number


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number <= 86_400:
        raise ValueError("not above 0, or too much")
    return number


def _rate(text: str) -> float:
    return _positive(text) if float(text) else 0.0
