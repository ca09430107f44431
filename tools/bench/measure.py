"""One measurement from start to end."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.gateway import GatewayProcess
from tests.support.mongod import Mongod
from tools.bench.load import CommandLoad
from tools.bench.rig import Boards, I2cBoards, Made, SerialBoards, documents_stored, numbers_stored
from tools.bench.usage import Usage, usage_of

_DRAIN_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure. `rate`: samples per second of each board; `commands`: per second, all together."""

    boards: int = 8
    rate: float = 10.0
    seconds: float = 60.0
    commands: float = 5.0
    i2c: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured. Times in seconds; `before` and `after` frame the measured `seconds`."""

    plan: Plan
    made: Made
    documents: int
    distinct: int
    missing: int
    latencies_s: list[float]
    outcomes: Mapping[str, int]
    before: Usage
    after: Usage
    seconds: float
    commits: int
    redelivered: int
    polls_missed: int
    retries: int
    to_ready_s: float
    to_first_stored_s: float
    stop_s: float
    exit_code: int

    @property
    def sound(self) -> bool:
        """Whether every sample made is stored once and every command was carried out."""
        lost = self.missing or self.made.overwritten or self.documents != self.distinct
        return not lost and self.exit_code == 0 and set(self.outcomes) <= {"done"}


def measure(folder: Path, plan: Plan) -> Result:
    """Run everything in `folder`, which must be empty, and leave no process behind."""
    interval_s = 1 / plan.rate
    boards: Boards = (
        I2cBoards(plan.boards, interval_s)
        if plan.i2c
        else SerialBoards(folder / "boards", plan.boards, interval_s)
    )
    with Mongod(folder / "mongod") as server:
        try:
            boards.start()
            gateway = GatewayProcess(
                folder / "gateway",
                *boards.arguments(),
                config=boards.config(),
                mongo_uri=server.uri,
            )
            try:
                return _run(plan, boards, server, gateway)
            finally:
                gateway.close()
        finally:
            boards.kill()


def _run(plan: Plan, boards: Boards, server: Mongod, gateway: GatewayProcess) -> Result:
    began = time.monotonic()
    gateway.start()
    to_ready_s = time.monotonic() - began
    gateway.until(lambda: documents_stored(server) > 0, "a first reading in MongoDB")
    to_first_stored_s = time.monotonic() - began
    gateway.until(lambda: set(gateway.states().values()) == {"online"}, "all boards online")
    before, commits_before = usage_of(gateway.process.pid), _journal(gateway)["commits"]
    measured_from = time.monotonic()
    with CommandLoad(gateway, boards.names, plan.commands) as load:
        gateway.until(
            lambda: time.monotonic() - measured_from >= plan.seconds,
            "the end of the measurement",
            plan.seconds + _DRAIN_TIMEOUT_S,
        )
    after, seconds = usage_of(gateway.process.pid), time.monotonic() - measured_from
    commits = _journal(gateway)["commits"] - commits_before
    made = _settled(plan, boards, server, gateway)
    health = [one["health"] for one in gateway.get("/api/v1/devices")["devices"]]
    (sink,) = gateway.get("/api/v1/status")["sinks"]
    stopping = time.monotonic()
    exit_code = gateway.terminate()
    stop_s = time.monotonic() - stopping
    stored = numbers_stored(server)
    if plan.i2c:
        made = boards.finish(stored)  # they went on until the stop
    keys = {(uid, boot, number) for (uid, boot), numbers in stored.items() for number in numbers}
    return Result(
        plan=plan,
        made=made,
        documents=documents_stored(server),
        distinct=len(keys),
        missing=len(made.keys - keys),
        latencies_s=load.latencies_s,
        outcomes=load.outcomes,
        before=before,
        after=after,
        seconds=seconds,
        commits=commits,
        redelivered=int(sink["duplicates"]),
        polls_missed=sum(one["missed"] for one in health),
        retries=sum(one["retries"] for one in health),
        to_ready_s=to_ready_s,
        to_first_stored_s=to_first_stored_s,
        stop_s=stop_s,
        exit_code=exit_code,
    )


def _settled(plan: Plan, boards: Boards, server: Mongod, gateway: GatewayProcess) -> Made:
    """Let what the boards have made arrive; those on I2C cannot be stopped and are counted later."""
    made = boards.finish(numbers_stored(server))
    if not plan.i2c:
        wanted = made.samples - made.overwritten
        gateway.until(
            lambda: documents_stored(server) >= wanted, "all samples in MongoDB", _DRAIN_TIMEOUT_S
        )
    return made


def _journal(gateway: GatewayProcess) -> dict[str, Any]:
    shown: dict[str, Any] = gateway.get("/api/v1/status")["journal"]
    return shown
