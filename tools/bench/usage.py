"""What a process has used, as the kernel counts it (Linux)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_KIB = 1024


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU time in seconds since the process started; its memory, now and at most; its threads."""

    cpu_s: float
    rss_bytes: int
    peak_rss_bytes: int
    threads: int


def usage_of(pid: int) -> Usage:
    """What the process has used so far. Raises `OSError` when it is gone."""
    folder = Path("/proc") / str(pid)
    # The program's name, in parentheses, may hold anything; the numbers begin behind it.
    numbers = (folder / "stat").read_text().rpartition(")")[2].split()
    ticks = int(numbers[11]) + int(numbers[12])  # utime and stime, fields 14 and 15 of proc(5)
    facts = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
    return Usage(
        cpu_s=ticks / os.sysconf("SC_CLK_TCK"),
        rss_bytes=int(facts["VmRSS"].split()[0]) * _KIB,
        peak_rss_bytes=int(facts["VmHWM"].split()[0]) * _KIB,
        threads=int(facts["Threads"]),
    )
