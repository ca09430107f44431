"""`python -m tools.bench.latency`: how long a command takes, alone and under each load; prints a table.

Eight boards on one simulated I2C bus of 100 kHz. The loads: 100 listeners to the event stream; the bus
polled flat out, each board anew as soon as it can be; both. Exit code 1 when a command was not carried out.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from tests.support.gateway import GatewayProcess
from tools.bench.listeners import Listeners
from tools.bench.load import CommandLoad, quantile
from tools.bench.machine import conditions
from tools.bench.report import as_table
from tools.bench.rig import I2cBoards
from tools.bench.usage import usage_of

_BOARDS = 8
_LISTENERS = 100
_CALM_S = 1.0
# The shortest interval that a configuration may have; a board's turn on the full bus comes later than that.
_FLAT_OUT_S = 0.01
_MARGIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Load:
    """What happens beside the commands: seconds between two polls of a board, and how many listen."""

    name: str
    interval_s: float
    listeners: int


LOADS = (
    Load("alone", _CALM_S, 0),
    Load("100 listeners", _CALM_S, _LISTENERS),
    Load("bus full", _FLAT_OUT_S, 0),
    Load("bus full, 100 listeners", _FLAT_OUT_S, _LISTENERS),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was measured under one load.

    `cpu`: share of one core that the gateway took; `bus`: share of the time that the bus was in use.
    """

    latencies_s: Sequence[float]
    outcomes: Mapping[str, int]
    polls_per_s: float
    events_per_s: float
    streams_ended: int
    cpu: float
    bus: float


def measure(folder: Path, load: Load, seconds: float, per_second: float) -> Outcome:
    """Run a gateway of its own in `folder` under one load, with so many commands per second."""
    boards = I2cBoards(_BOARDS, load.interval_s)
    with GatewayProcess(folder, *boards.arguments(), config=boards.config()) as gateway:
        gateway.until(lambda: set(gateway.states().values()) == {"online"}, "all are online")
        assert gateway.port is not None
        with Listeners(gateway.port, load.listeners) as listeners:
            polls, bus_s = _polls(gateway), _bus_s(gateway.port)
            cpu_s = usage_of(gateway.process.pid).cpu_s
            began = time.monotonic()
            with CommandLoad(gateway, boards.names, per_second) as commands:
                gateway.until(
                    lambda: time.monotonic() - began >= seconds, "the end", seconds + _MARGIN_S
                )
            took_s = time.monotonic() - began
            polls = _polls(gateway) - polls
            cpu_s = usage_of(gateway.process.pid).cpu_s - cpu_s
            bus_s = _bus_s(gateway.port) - bus_s
    return Outcome(
        latencies_s=commands.latencies_s,
        outcomes=commands.outcomes,
        polls_per_s=polls / took_s,
        events_per_s=listeners.events / took_s,
        streams_ended=listeners.closed,
        cpu=cpu_s / took_s,
        bus=bus_s / took_s,
    )


def _polls(gateway: GatewayProcess) -> int:
    return sum(int(one["health"]["polls"]) for one in gateway.get("/api/v1/devices")["devices"])


def _bus_s(port: int) -> float:
    """How long the bus has been in use so far, as the gateway measures it."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=_MARGIN_S) as reply:
        lines: list[str] = reply.read().decode().splitlines()
    (line,) = [one for one in lines if one.startswith("gateway_bus_transaction_seconds_sum")]
    return float(line.rpartition(" ")[2])


def _lines(load: Load, outcome: Outcome) -> Iterator[tuple[str, str]]:
    ms = [latency * 1000 for latency in outcome.latencies_s]
    outcomes = ", ".join(f"{number} {name}" for name, number in sorted(outcome.outcomes.items()))
    yield (
        f"{load.name}: command latency",
        f"p50 {quantile(ms, 0.5):.1f} ms, p99 {quantile(ms, 0.99):.1f} ms, max {max(ms):.1f} ms",
    )
    yield f"{load.name}: commands", outcomes
    yield f"{load.name}: polls", f"{outcome.polls_per_s:.0f} per second"
    yield f"{load.name}: bus", f"{100 * outcome.bus:.0f} % of the time in use"
    if load.listeners:
        ended = f", {outcome.streams_ended} streams ended early" if outcome.streams_ended else ""
        yield f"{load.name}: events", f"{outcome.events_per_s:.0f} per second to all{ended}"
    yield f"{load.name}: processor", f"{100 * outcome.cpu:.0f} % of one core"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure once under each load and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.latency", description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0, help="for each load (30)")
    parser.add_argument("--commands", type=float, default=20.0, help="per second (20)")
    options = parser.parse_args(arguments)
    sound = True
    lines: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="gateway-latency-") as folder:
        machine = conditions(Path(folder))
        for number, load in enumerate(LOADS):
            place = Path(folder) / str(number)
            outcome = measure(place, load, options.seconds, options.commands)
            lines.update(_lines(load, outcome))
            sound = sound and set(outcome.outcomes) == {"done"}
    print(as_table({**lines, **machine}))
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
