"""What is broken: boards on pseudo-terminals, a MongoDB server and a gateway, each a process of its own."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.boards import BoardCounts, BoardsProcess
from tests.support.gateway import GatewayProcess
from tests.support.mongod import Mongod

DRAIN_TIMEOUT_S = 180.0
_STEADY_MAX_S = 1.0
_FROZEN_MAX_S = 3.0
_CONFIG = '[journal]\ncommit_interval = "200ms"\n'


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of everything the boards have made.

    `missing` were made and are not in MongoDB, `overwritten` is what the boards say, `explained` what the
    ledger says. `unbalanced` hours are those in which expected is not stored and lost together.
    """

    injected: Mapping[str, int]
    made: int
    stored: int
    missing: int
    overwritten: int
    explained: Mapping[str, int]
    expected: int
    booked: int
    duplicates: int
    foreign: int
    unbalanced: int

    @property
    def sound(self) -> bool:
        """Whether made = stored + overwritten, all of it in the ledger, and nothing is there twice.

        A board also counts as overwritten what it had sent before and whose receipt it had not heard of.
        """
        return (
            self.made == self.stored + self.missing
            and self.missing == self.explained.get("overwritten", 0) <= self.overwritten
            and self.expected == self.made
            and self.booked == self.stored
            and (self.duplicates, self.foreign, self.unbalanced) == (0, 0, 0)
        )


class Rig:
    """Everything that runs, and every way to hurt it. One thread uses it."""

    def __init__(
        self, folder: Path, seed: int, *, boards: int, interval_s: float, ring: int
    ) -> None:
        """Starts nothing. `seed` chooses the moments."""
        self.injected: Counter[str] = Counter()
        self._random = random.Random(seed)
        self._boards = BoardsProcess(folder, boards, interval_s=interval_s, ring=ring)
        self._server = Mongod(folder / "mongod")
        self._folder = folder
        self._gateway: GatewayProcess | None = None
        self._time = threading.Event()  # never set: what waits for it lets time pass

    def __enter__(self) -> Self:
        """Start all three."""
        try:
            self._server.start()
            self._boards.start()
            self._gateway = GatewayProcess(
                self._folder / "gateway",
                config=_CONFIG + self._boards.config(),
                mongo_uri=self._server.uri,
            )
            self._gateway.start()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave no process behind."""
        self._close()

    @property
    def gateway(self) -> GatewayProcess:
        """The gateway, whether it runs or not."""
        assert self._gateway is not None
        return self._gateway

    def faults(self) -> Mapping[str, Callable[[], None]]:
        """Every fault by its name; each leaves all processes running."""
        return {
            "gateway killed": self._kill_gateway,
            "gateway killed while starting": self._kill_starting_gateway,
            "gateway stopped and started": self._restart_gateway,
            "mongod killed": self._kill_server,
            "mongod frozen": self._freeze_server,
            "mongod killed, then the gateway": self._kill_both,
            "boards silent": self._silence_boards,
        }

    def inject(self, name: str) -> None:
        """Wait for a random moment, and hurt."""
        self._pass(self._random.uniform(0.0, _STEADY_MAX_S))
        self.faults()[name]()
        self.injected[name] += 1

    def any_fault(self) -> str:
        """The name of a random one."""
        return self._random.choice(sorted(self.faults()))

    def settle(self) -> Outcome:
        """Let everything arrive, and count."""
        gateway, boards = self.gateway, self._boards
        boards.freeze()
        gateway.until(
            lambda: all(one.held == 0 for one in boards.counts().values()),
            "the boards hold nothing",
            DRAIN_TIMEOUT_S,
        )
        gateway.until(self._is_delivered, "everything is delivered", DRAIN_TIMEOUT_S)
        ledger = gateway.get("/api/v1/ledger?limit=10000")["ledger"]
        return _outcome(self.injected, boards.counts(), self._keys(), ledger)

    def _is_delivered(self) -> bool:
        status = self.gateway.get("/api/v1/status")
        (sink,) = status["sinks"]
        return bool(sink["lag_rows"] == 0 and status["journal"]["queued"] == 0)

    def _keys(self) -> list[str]:
        with self._server.client() as client:
            found = client.gateway.readings.find({}, {"uid": 1, "boot": 1, "seq": 1})
            return [f"{one['uid']}-{one['boot']}-{one['seq']}" for one in found]

    def _kill_gateway(self) -> None:
        self.gateway.kill()
        self.gateway.start()

    def _kill_starting_gateway(self) -> None:
        self.gateway.kill()
        self.gateway.process.start()
        self._pass(self._random.uniform(0.0, 2.0))
        self.gateway.kill()
        self.gateway.start()

    def _restart_gateway(self) -> None:
        self.gateway.terminate()
        self.gateway.start()

    def _kill_server(self) -> None:
        self._server.kill()
        self._pass(self._random.uniform(0.0, _FROZEN_MAX_S))
        self._server.start()

    def _freeze_server(self) -> None:
        self._server.freeze()
        self._pass(self._random.uniform(0.1, _FROZEN_MAX_S))
        self._server.thaw()

    def _kill_both(self) -> None:
        self._server.kill()
        self._pass(self._random.uniform(0.0, 0.5))
        self.gateway.kill()
        self.gateway.start()
        self._server.start()

    def _silence_boards(self) -> None:
        self._boards.suspend()
        self._pass(self._random.uniform(0.1, _FROZEN_MAX_S))
        self._boards.resume()

    def _pass(self, seconds: float) -> None:
        self._time.wait(seconds)

    def _close(self) -> None:
        if self._gateway is not None:
            self._gateway.close()
        self._boards.kill()
        self._server.kill()


def _outcome(
    injected: Mapping[str, int],
    counts: Mapping[str, BoardCounts],
    stored: list[str],
    ledger: list[dict[str, Any]],
) -> Outcome:
    made: set[str] = set().union(*(one.keys() for one in counts.values()))
    explained: Counter[str] = Counter()
    for hour in ledger:
        explained.update(hour["lost"])
    return Outcome(
        injected=dict(injected),
        made=len(made),
        stored=len(stored),
        missing=len(made.difference(stored)),
        overwritten=sum(one.overwritten for one in counts.values()),
        explained={reason: count for reason, count in explained.items() if count},
        expected=sum(hour["expected"] for hour in ledger),
        booked=sum(hour["stored"] for hour in ledger),
        duplicates=len(stored) - len(set(stored)),
        foreign=len(set(stored) - made),
        unbalanced=sum(
            hour["expected"] != hour["stored"] + sum(hour["lost"].values()) for hour in ledger
        ),
    )
