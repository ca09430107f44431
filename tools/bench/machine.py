"""The conditions of a measurement: without them its numbers mean nothing."""

from __future__ import annotations

import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

_SYNCS = 20


def conditions(folder: Path) -> dict[str, str]:
    """This machine in a few words; `folder` is where the journal will be."""
    load = ", ".join(f"{one:.2f}" for one in os.getloadavg())
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "load before (1, 5, 15 min)": load,
        "memory": f"{_memory_bytes() / 2**30:.1f} GiB",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "fsync of the journal's disk": f"{_sync_ms(folder):.2f} ms (median of {_SYNCS})",
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Model"):
            return value.strip()
    return platform.machine()


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _sync_ms(folder: Path) -> float:
    took = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(_SYNCS):
            file.write(b"x" * 4096)
            began = time.perf_counter()
            file.flush()
            os.fsync(file.fileno())
            took.append(time.perf_counter() - began)
    return statistics.median(took) * 1000
