"""`python -m tools.bench size`: what the gateway needs of a machine while it does what it is for.

Twenty boards on pseudo-terminals at one sample a second, a real MongoDB server, the API asked once a second.
"""

from __future__ import annotations

import argparse
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.boards import BoardsProcess
from tests.support.gateway import GatewayProcess
from tests.support.mongod import Mongod
from tools.bench.machine import conditions
from tools.bench.report import as_table
from tools.bench.usage import Usage, usage_of

_READY_DEADLINE_S = 60.0
_WARM_UP_S = 10.0
_MB = 1_000_000
# As the unit file sets them.
_ENVIRONMENT = {"MALLOC_ARENA_MAX": "2", "PYTHONNODEBUGRANGES": "1"}


@dataclass(frozen=True, slots=True)
class Size:
    """What was measured; `before` and `after` frame `seconds`. `lag_rows`: not in MongoDB at the end."""

    devices: int
    to_ready_s: float
    before: Usage
    after: Usage
    seconds: float
    stored: int
    lag_rows: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure once, print a table with the bounds of this version, and return 0."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench size", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to measure (60)")
    parser.add_argument("--devices", type=int, default=20, help="how many boards (20)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="gateway-size-") as folder:
        machine = conditions(Path(folder))
        size = measure(Path(folder), options.devices, options.seconds)
    print(as_table(rows(size) | machine))
    return 0


def measure(folder: Path, devices: int, seconds: float, warm_up_s: float = _WARM_UP_S) -> Size:
    """Run everything in `folder`, which must be empty, and leave no process behind."""
    ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    ready.bind(str(folder / "notify"))
    ready.settimeout(_READY_DEADLINE_S)
    with (
        ready,
        Mongod(folder / "mongod") as server,
        BoardsProcess(folder / "boards", devices, interval_s=1.0) as boards,
    ):
        gateway = GatewayProcess(
            folder / "gateway",
            config=boards.config(),
            mongo_uri=server.uri,
            environ={**_ENVIRONMENT, "NOTIFY_SOCKET": str(folder / "notify")},
        )
        try:
            return _run(gateway, ready, devices, seconds, warm_up_s)
        finally:
            gateway.close()


def rows(size: Size) -> dict[str, str]:
    """Every line of the table but the conditions."""
    cpu = 100 * (size.after.cpu_s - size.before.cpu_s) / size.seconds
    return {
        "boards": f"{size.devices} at 1 Hz for {size.seconds:.1f} s, MongoDB, API asked at 1 Hz",
        "resident memory": f"{size.after.rss_bytes / _MB:.1f} MB (at most 64)",
        "peak memory": f"{size.after.peak_rss_bytes / _MB:.1f} MB",
        "CPU while measured": f"{cpu:.1f} % of one core (at most 3)",
        "start to READY": f"{size.to_ready_s:.2f} s (under 1.5)",
        "threads": str(size.after.threads),
        "readings stored": f"{size.stored}, of which {size.lag_rows} not in MongoDB yet",
    }


def _run(
    gateway: GatewayProcess,
    ready: socket.socket,
    devices: int,
    seconds: float,
    warm_up_s: float,
) -> Size:
    began = time.monotonic()
    gateway.process.start()
    while "READY=1" not in ready.recv(4096).decode().splitlines():
        pass
    to_ready_s = time.monotonic() - began
    _ask(gateway, warm_up_s)
    before, began = usage_of(gateway.process.pid), time.monotonic()
    _ask(gateway, seconds)
    after, took = usage_of(gateway.process.pid), time.monotonic() - began
    status = gateway.get("/api/v1/status")
    (sink,) = status["sinks"]
    return Size(
        devices, to_ready_s, before, after, took, status["journal"]["last_row"], sink["lag_rows"]
    )


def _ask(gateway: GatewayProcess, seconds: float) -> None:
    """One request a second, as a page would."""
    due, end = time.monotonic(), time.monotonic() + seconds
    while due < end:
        gateway.get("/api/v1/readings/latest")
        due += 1.0
        gateway.until(lambda: time.monotonic() >= due, "the next request is due")  # noqa: B023


if __name__ == "__main__":
    sys.exit(main())
