"""What the poller and the commander need of a driver, and what a driver is made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from arduino_iface.bus import I2cBus, SerialBus
from arduino_iface.device import Identity, ProtocolDevice
from arduino_iface.link import Link, LinkCounters
from arduino_iface.measurement import CommandOutcome
from arduino_iface.schema import Command, Schema
from gateway.config.settings import DeviceSettings
from gateway.drivers.intake import ReadingStore, Source
from gateway.model.learned import Learned
from gateway.runtime.clock import WallClock

INTERVAL_DEFAULT_S = 1.0
"""Time between two rounds where neither the configuration nor the board says how long it is, seconds."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a board after a round; `uid` and `boot` are None where it has none.

    `detail`: what its owner should know although it is online. `learned`: None for boards that describe
    themselves or are described.
    """

    schema: Schema
    uid: str | None = None
    boot: int | None = None
    detail: str | None = None
    learned: Learned | None = None


@dataclass(slots=True)
class Tally:
    """What a driver has counted since the gateway started. Written by the poller's thread only."""

    polls: int = 0
    resets: int = 0
    lost: int = 0


class Driver(Protocol):
    """One board, as its driver knows it.

    `collect` and `forget` are called by the poller, one thread at a time; the rest from any thread.
    """

    tally: Tally

    @property
    def board(self) -> ProtocolDevice | None:
        """What can be asked later what became of a command; None for boards that know no tokens."""
        ...

    @property
    def schema(self) -> Schema | None:
        """What the board says of itself, None while it is not known."""
        ...

    @property
    def interval_s(self) -> float:
        """Time between two readings, seconds; may change when more is known of the board."""
        ...

    @property
    def round_s(self) -> float:
        """Time between two rounds, seconds; shorter than the interval where the board does not keep to it."""
        ...

    @property
    def counters(self) -> LinkCounters:
        """Retries and damaged replies so far."""
        ...

    def latency_quantiles_ms(self) -> tuple[float, float] | None:
        """Median and 99th percentile of the latest requests, ms."""
        ...

    def collect(self) -> Known | None:
        """Fetch what there is and give it to the journal.

        None: the board had no reason to say anything. Raises the errors of `arduino_iface` and
        `JournalFull`.
        """
        ...

    def forget(self) -> None:
        """The board was silent: what answers next may be another one."""
        ...

    def check(self, command: Command, arguments: Mapping[str, object]) -> None:
        """Raise `InvalidArguments` for what the board would not take, before anything is sent."""
        ...

    def execute(
        self, token: int, command: Command, arguments: Mapping[str, object], timeout_s: float
    ) -> CommandOutcome:
        """Have the board act at most once. Raises as `ProtocolDevice.command` does."""
        ...


@dataclass(frozen=True, slots=True)
class DriverContext:
    """What a driver of one configured device can be made of.

    `link` makes a link to the board for the device protocol. `claim` is called with the identity of a board
    that has one; it raises `ProtocolMismatch` when the board is not this device.
    """

    settings: DeviceSettings
    bus: I2cBus | SerialBus
    link: Callable[[], Link]
    source: Source
    store: ReadingStore
    clock: WallClock
    claim: Callable[[Identity], None]
