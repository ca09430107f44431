"""What the drivers for sketches that exist already have in common.

Such boards keep no samples, so what cannot be read or queued is lost. Their readings get their identity from
the journal.
"""

from collections.abc import Mapping
from typing import Generic, Protocol, TypeVar

from arduino_iface import arguments as argument_codec
from arduino_iface.link import LinkCounters
from arduino_iface.measurement import CommandOutcome
from arduino_iface.schema import Command, Schema
from gateway.drivers.base import Tally
from gateway.drivers.maker import DuePolls, ReadingMaker
from gateway.runtime.clock import WallClock


class MeasuredDevice(Protocol):
    """A board that the configuration describes, on its bus."""

    @property
    def schema(self) -> Schema:
        """Its description, as a board that speaks the protocol would give it itself."""
        ...

    @property
    def counters(self) -> LinkCounters:
        """Retries and damaged replies so far."""
        ...

    def latency_quantiles_ms(self) -> tuple[float, float] | None:
        """Median and 99th percentile of the latest requests, ms; None before the first."""
        ...

    def command(
        self, command: Command, arguments: Mapping[str, object], *, timeout_s: float
    ) -> CommandOutcome:
        """Have it act at most once. Raises `InvalidArguments` and the errors of the wire."""
        ...


_Device = TypeVar("_Device", bound=MeasuredDevice)


class MeasuredDriver(Generic[_Device]):
    """The device knows its schema and its counts, and takes commands without tokens."""

    def __init__(
        self, device: _Device, maker: ReadingMaker, clock: WallClock, interval_s: float
    ) -> None:
        """Touches nothing."""
        self.device = device
        self.interval_s = self.round_s = interval_s
        self.tally = Tally()
        self._maker = maker
        self._due = DuePolls(maker, clock, interval_s)

    @property
    def board(self) -> None:
        """These boards know no tokens."""

    @property
    def schema(self) -> Schema:
        """As the configuration describes it, and as the lines of a sketch have shown."""
        return self.device.schema

    @property
    def counters(self) -> LinkCounters:
        """Of the device."""
        return self.device.counters

    def latency_quantiles_ms(self) -> tuple[float, float] | None:
        """Of the device."""
        return self.device.latency_quantiles_ms()

    def check(self, command: Command, arguments: Mapping[str, object]) -> None:
        """Raises `InvalidArguments`."""
        argument_codec.check(command, arguments)

    def execute(
        self,
        token: int,  # noqa: ARG002 - these sketches know no tokens
        command: Command,
        arguments: Mapping[str, object],
        timeout_s: float,
    ) -> CommandOutcome:
        """Write the register or send the line, once."""
        return self.device.command(command, arguments, timeout_s=timeout_s)
