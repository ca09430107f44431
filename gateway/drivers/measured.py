"""Drivers for sketches that exist already: register maps on I2C and printed lines on serial.

Such boards keep no samples, so what cannot be read or queued is gone. Their readings get their identity
from the journal.
"""

from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

from arduino_iface import arguments as argument_codec
from arduino_iface.errors import BadFrame, DeviceSilent
from arduino_iface.lines.device import LineDevice
from arduino_iface.link import LinkCounters
from arduino_iface.measurement import CommandOutcome, Measurement
from arduino_iface.registers.device import RegisterDevice
from arduino_iface.schema import Command, Schema
from gateway.drivers.base import Known, Tally
from gateway.drivers.maker import DuePolls, ReadingMaker
from gateway.model.reading import LossReason
from gateway.runtime.clock import WallClock

LINES_SILENT_INTERVALS = 3
"""A sketch that prints by itself counts as silent after so many intervals without a line."""


_Device = TypeVar("_Device", bound=RegisterDevice | LineDevice)


class _MeasuredDriver(Generic[_Device]):
    """What both have in common: the device knows its schema and counts, and takes commands without tokens."""

    def __init__(
        self, device: _Device, maker: ReadingMaker, clock: WallClock, interval_s: float
    ) -> None:
        """Touches nothing."""
        self.device = device
        self.interval_s = interval_s
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


class RegisterDriver(_MeasuredDriver[RegisterDevice]):
    """A register map on I2C: one reading each interval."""

    def collect(self) -> Known | None:
        """Read every register once."""
        try:
            measured = self.device.measure()
        except (TimeoutError, OSError, BadFrame) as error:
            self._due.asked(error)
            self._maker.give_missing()
            raise
        self._due.asked(None)
        self.tally.polls += 1
        self.tally.lost += self._maker.give([measured])
        return Known(self.device.schema)

    def forget(self) -> None:
        """There is no identity to forget."""


class LineDriver(_MeasuredDriver[LineDevice]):
    """Printed lines on serial: as many readings as lines have come."""

    def __init__(
        self, device: LineDevice, maker: ReadingMaker, clock: WallClock, interval_s: float
    ) -> None:
        """Touches nothing."""
        super().__init__(device, maker, clock, interval_s)
        self._clock = clock
        self._waiting_since: float | None = None
        self._heard: float | None = (
            None  # when the last reading came, or the wait for the first began
        )
        self._absent = 0  # intervals since then that are counted as lost
        self._lines = device.lines

    def collect(self) -> Known | None:
        """Take what was printed since the last round.

        Raises `DeviceSilent` when nothing was printed for so long that the sketch must have stopped.
        """
        try:
            measurements = self.device.collect()
            self._require_sign_of_life(measurements)
        except (TimeoutError, OSError) as error:
            self._count_missing(error)
            raise
        self.tally.polls += 1
        self._count_lost()
        if measurements and self.device.settings.request is not None:
            self._due.asked(None)
        self.tally.lost += self._maker.give(measurements)
        return Known(self.device.schema) if measurements else None

    def forget(self) -> None:
        """A silent sketch is waited for anew."""
        self._waiting_since = None

    def _count_lost(self) -> None:
        """Lines that came while nobody collected and for which there was no room, and damaged ones."""
        lines, now = self.device.lines, self._clock.monotonic()
        lost, damaged = lines.lost - self._lines.lost, lines.undecodable - self._lines.undecodable
        self._lines = lines
        self._maker.miss(LossReason.SHED_BY_BOUND, lost, now, 0)
        self._maker.miss(LossReason.BUS_ERROR, damaged, now, 0)

    def _count_missing(self, error: Exception) -> None:
        """A request that was not answered; of a sketch that prints by itself, each interval of silence."""
        if self.device.settings.request is not None:
            self._due.asked(error)
        elif self._heard is not None:
            due = int((self._clock.monotonic() - self._heard) / self.interval_s)
            newest = self._heard + due * self.interval_s
            count = max(0, due - self._absent)
            self._maker.miss(LossReason.DEVICE_ABSENT, count, newest, self.interval_s)
            self._absent += count
        self._maker.give_missing()

    def _require_sign_of_life(self, measurements: Sequence[Measurement]) -> None:
        now = self._clock.monotonic()
        if measurements or self._heard is None:
            self._heard, self._absent = now, 0
        if measurements or self._waiting_since is None:
            self._waiting_since = None if measurements else now
        elif now - self._waiting_since > LINES_SILENT_INTERVALS * self.interval_s:
            raise DeviceSilent("no line with a reading has come")
