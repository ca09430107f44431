"""A measurement as a table for people, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tools.bench.load import quantile
from tools.bench.measure import Result

_MIB = 1 << 20


def rows(result: Result, machine: Mapping[str, str]) -> dict[str, str]:
    """Every line of the table."""
    plan = result.plan
    wire = "one simulated I2C bus, 100 kHz" if plan.i2c else "pseudo-terminals, another process"
    cpu_s = result.after.cpu_s - result.before.cpu_s
    milliseconds = [latency * 1000 for latency in result.latencies_s]
    outcomes = ", ".join(f"{number} {name}" for name, number in sorted(result.outcomes.items()))
    return {
        "boards": f"{plan.boards} at {plan.rate:g} Hz for {result.seconds:.1f} s; {wire}",
        "samples made": str(result.made.samples),
        "documents in MongoDB": str(result.documents),
        "duplicates": str(result.documents - result.distinct),
        "missing": str(result.missing),
        "overwritten on the boards": str(result.made.overwritten),
        "delivered again": str(result.redelivered),
        "polls missed, retries": f"{result.polls_missed}, {result.retries}",
        "commands": outcomes or "none",
        "command latency p50": f"{quantile(milliseconds, 0.50):.1f} ms",
        "command latency p99": f"{quantile(milliseconds, 0.99):.1f} ms",
        "command latency max": f"{max(milliseconds, default=float('nan')):.1f} ms",
        "CPU while measured": f"{cpu_s:.2f} s ({100 * cpu_s / result.seconds:.1f} % of one core)",
        "CPU at the end": f"{result.after.cpu_s:.2f} s",
        "peak memory": f"{result.after.peak_rss_bytes / _MIB:.1f} MiB",
        "threads": str(result.after.threads),
        "start to ready": f"{result.to_ready_s:.2f} s",
        "start to first document": f"{result.to_first_stored_s:.2f} s",
        "stop": f"{result.stop_s:.2f} s, exit code {result.exit_code}",
        "commits": f"{result.commits / result.seconds:.2f} per second",
        **machine,
    }


def as_table(lines: Mapping[str, str]) -> str:
    """Two columns."""
    width = max(len(name) for name in lines)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in lines.items())


def as_json(result: Result, machine: Mapping[str, str]) -> str:
    """Everything with its numbers, for a program that compares."""
    return json.dumps(
        {
            "table": rows(result, machine),
            "latencies_ms": [round(latency * 1000, 3) for latency in result.latencies_s],
            "sound": result.sound,
        },
        indent=1,
    )
