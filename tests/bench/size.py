"""How small the gateway is: python -m tests.bench.size [--seconds N] [--devices N]

Twenty boards on pseudo-terminals at one sample a second, a real MongoDB server, the API asked once a second.
It prints one JSON line; `make size` runs it.
"""

import argparse
import json
import os
import platform
import re
import socket
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.support.boards import BoardsProcess
from tests.support.gateway import GatewayProcess
from tests.support.mongod import Mongod

_READY_DEADLINE_S = 60.0
_WARM_UP_S = 10.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser("size", description="how small the gateway is")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to measure (60)")
    parser.add_argument("--devices", type=int, default=20, help="how many boards (20)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="gateway-size-") as folder:
        print(json.dumps(measure(Path(folder), options.devices, options.seconds)))


def measure(folder: Path, devices: int, seconds: float) -> dict[str, object]:
    """Run everything for `seconds` and say what it took."""
    ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    ready.bind(str(folder / "notify"))
    ready.settimeout(_READY_DEADLINE_S)
    # As the unit file sets them.
    environ = {
        "NOTIFY_SOCKET": str(folder / "notify"),
        "MALLOC_ARENA_MAX": "2",
        "PYTHONNODEBUGRANGES": "1",
    }
    with (
        ready,
        Mongod(folder / "mongod") as server,
        BoardsProcess(folder / "boards", devices, interval_s=1.0) as boards,
    ):
        gateway = GatewayProcess(
            folder / "gateway", config=boards.config(), mongo_uri=server.uri, environ=environ
        )
        try:
            began = time.monotonic()
            gateway.process.start()
            _until_ready(ready)
            start_s = time.monotonic() - began
            _ask(gateway, _WARM_UP_S)
            before = _cpu_s(gateway.process.pid)
            began = time.monotonic()
            _ask(gateway, seconds)
            took = time.monotonic() - began
            used = _cpu_s(gateway.process.pid) - before
            sizes = _sizes(gateway.process.pid)
            status = gateway.get("/api/v1/status")
        finally:
            gateway.close()
    return {
        "devices": devices,
        "start_to_ready_s": round(start_s, 2),
        "cpu_percent_of_one_core": round(100 * used / took, 2),
        **sizes,
        "readings_stored": status["journal"]["last_row"],
        "mongo_lag_rows": status["sinks"][0]["lag_rows"],
        "seconds": round(took, 1),
        "python": platform.python_version(),
        "machine": f"{os.cpu_count()} x {_processor()}",
        "load_1min": round(os.getloadavg()[0], 1),
    }


def _until_ready(listener: socket.socket) -> None:
    while "READY=1" not in listener.recv(4096).decode().splitlines():
        pass


def _ask(gateway: GatewayProcess, seconds: float) -> None:
    """One request a second, as a page would."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        gateway.get("/api/v1/readings/latest")
        time.sleep(1.0)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _sizes(pid: int) -> dict[str, float]:
    status = Path(f"/proc/{pid}/status").read_text()
    found = dict(re.findall(r"^(VmRSS|VmHWM|Threads):\s+(\d+)", status, re.MULTILINE))
    return {
        "resident_mb": round(int(found["VmRSS"]) / 1024, 1),
        "resident_peak_mb": round(int(found["VmHWM"]) / 1024, 1),
        "threads": int(found["Threads"]),
    }


def _processor() -> str:
    found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


if __name__ == "__main__":
    main()
