"""The parts of a measurement: boards, a MongoDB server and a gateway, each a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.support.boards import BoardsProcess
from tests.support.mongod import Mongod

Database = Any
"""pymongo's Database, whose documents are dicts."""

_FIRST_ADDRESS = 0x10
_KEEPS_S = 30
"""How many seconds of samples a board can hold."""

Sample = tuple[str, int, int]
"""uid, boot and number of a sample."""


class Boards(Protocol):
    """The boards of a measurement."""

    names: list[str]

    def start(self) -> None:
        """Switch them on."""
        ...

    def config(self) -> str:
        """The part of gateway.toml that names them."""
        ...

    def arguments(self) -> list[str]:
        """What the gateway needs on its command line."""
        ...

    def finish(self, stored: Mapping[tuple[str, int], set[int]]) -> Made:
        """Stop sampling and say what was made; `stored` is what is in MongoDB by uid and boot."""
        ...

    def kill(self) -> None:
        """End them."""
        ...


@dataclass(frozen=True, slots=True)
class Made:
    """How many samples the boards took, lost because nobody fetched them in time, and which there are."""

    samples: int
    overwritten: int
    keys: set[Sample]


class SerialBoards:
    """Boards on pseudo-terminals, in a process of their own; the gateway opens them with pyserial."""

    def __init__(self, folder: Path, count: int, interval_s: float) -> None:
        """Starts nothing."""
        ring = max(64, round(_KEEPS_S / interval_s))
        self._process = BoardsProcess(folder, count, interval_s=interval_s, ring=ring)
        self.names = self._process.names

    def start(self) -> None:
        """Switch them on."""
        self._process.start()

    def config(self) -> str:
        """One bus for each."""
        return self._process.config()

    def arguments(self) -> list[str]:
        """The gateway takes them for real ones."""
        return []

    def finish(self, stored: Mapping[tuple[str, int], set[int]]) -> Made:  # noqa: ARG002
        """Freeze them; they know themselves what they have made."""
        self._process.freeze()
        counts = self._process.counts().values()
        keys = {(one.uid, one.boot, number) for one in counts for number in range(1, one.made + 1)}
        return Made(sum(one.made for one in counts), sum(one.overwritten for one in counts), keys)

    def kill(self) -> None:
        """Pull the cables."""
        self._process.kill()


class I2cBoards:
    """Boards on one simulated I2C bus of 100 kHz inside the gateway (`--no_i2c`).

    They end with the gateway and cannot be asked: what they have made is taken to be everything up to the
    highest number that was stored.
    """

    def __init__(self, count: int, interval_s: float) -> None:
        """Starts nothing."""
        self.names = [f"board{number}" for number in range(count)]
        self._interval_ms = round(interval_s * 1000)

    def start(self) -> None:
        """They start with the gateway."""

    def config(self) -> str:
        """One bus for all."""
        devices = (
            f'[[device]]\nid = "{name}"\nbus = "i2c1"\naddress = {_FIRST_ADDRESS + place}\n'
            f'interval = "{self._interval_ms}ms"\n'
            for place, name in enumerate(self.names)
        )
        bus = '[[bus]]\nname = "i2c1"\ntype = "i2c"\nport = "/dev/i2c-1"\ndiscover = []\n'
        return bus + "".join(devices)

    def arguments(self) -> list[str]:
        """Simulate what is configured."""
        return ["--no_i2c"]

    def finish(self, stored: Mapping[tuple[str, int], set[int]]) -> Made:
        """Everything up to the highest number of each."""
        keys = {
            (uid, boot, number)
            for (uid, boot), numbers in stored.items()
            for number in range(1, max(numbers) + 1)
        }
        return Made(len(keys), 0, keys)

    def kill(self) -> None:
        """They have ended with the gateway."""


def numbers_stored(server: Mongod) -> dict[tuple[str, int], set[int]]:
    """Numbers of the samples in MongoDB by uid and boot."""
    stored: dict[tuple[str, int], set[int]] = {}
    with server.client() as client:
        for one in client.gateway.readings.find({}, {"uid": 1, "boot": 1, "seq": 1}):
            stored.setdefault((one["uid"], one["boot"]), set()).add(one["seq"])
    return stored


def documents_stored(server: Mongod) -> int:
    """How many readings are in MongoDB."""
    with server.client() as client:
        return int(client.gateway.readings.count_documents({}))
