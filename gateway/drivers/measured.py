"""Drivers for sketches that exist already: register maps on I2C and printed lines on serial.

Such boards keep no samples, so what cannot be read or queued is gone. Their readings get their identity
from the journal.
"""

import logging
from collections.abc import Mapping, Sequence

from arduino_iface import arguments as argument_codec
from arduino_iface.errors import DeviceSilent
from arduino_iface.line_device import LineDevice
from arduino_iface.link import LinkCounters
from arduino_iface.measurement import CommandOutcome, Measurement
from arduino_iface.register_device import RegisterDevice
from arduino_iface.schema import Command, Schema
from gateway.clock import WallClock
from gateway.collection.intake import ReadingStore, Source
from gateway.drivers.base import Known, Tally
from gateway.journal.errors import JournalFull
from gateway.reading import Loss, LossReason, Quality, Reading

LINES_SILENT_INTERVALS = 3
"""A sketch that prints by itself counts as silent after so many intervals without a line."""

log = logging.getLogger(__name__)


class ReadingMaker:
    """From measurements to readings in the journal."""

    def __init__(self, source: Source, store: ReadingStore, clock: WallClock) -> None:
        """`source` is stamped on every reading."""
        self._source = source
        self._store = store
        self._clock = clock
        self._unqueued = 0

    def give(self, measurements: Sequence[Measurement]) -> int:
        """Queue what was measured; returns how many measurements found no room and are lost.

        They are counted in the journal with the next ones that find room. Raises `JournalFull` to let the
        poller say so.
        """
        if not measurements:
            return 0
        device, now_ms = self._source.device, self._clock.wall_ms()
        losses = []
        if self._unqueued:
            losses.append(Loss(device, LossReason.SHED_BY_BOUND, self._unqueued, now_ms))
        try:
            self._store.append([self._reading(one) for one in measurements], losses)
        except JournalFull:
            self._unqueued += len(measurements)
            raise
        lost, self._unqueued = self._unqueued, 0
        return lost

    def _reading(self, measured: Measurement) -> Reading:
        ago_ms = round((self._clock.monotonic() - measured.measured_mono) * 1000)
        return Reading(
            device=self._source.device,
            time_ms=self._clock.wall_ms() - ago_ms,
            values=measured.values,
            quality=_quality(measured),
            metadata=self._source.metadata_now(),
            simulated=self._source.simulated,
            boot_id=self._clock.boot_id(),
            boottime_ms=self._clock.boottime_ms() - ago_ms,
        )


def _quality(measured: Measurement) -> Quality:
    if measured.out_of_range:
        return Quality.OUT_OF_RANGE
    return Quality.GOOD if measured.complete else Quality.PARTIAL


class RegisterDriver:
    """A register map on I2C: one reading each interval."""

    def __init__(self, device: RegisterDevice, maker: ReadingMaker, interval_s: float) -> None:
        """Touches nothing."""
        self.device = device
        self.interval_s = interval_s
        self.tally = Tally()
        self._maker = maker

    @property
    def board(self) -> None:
        """These boards know no tokens."""

    @property
    def schema(self) -> Schema:
        """As the configuration describes it."""
        return self.device.schema

    @property
    def counters(self) -> LinkCounters:
        """Of the device."""
        return self.device.counters

    def latency_quantiles_ms(self) -> tuple[float, float] | None:
        """Of the device."""
        return self.device.latency_quantiles_ms()

    def collect(self) -> Known | None:
        """Read every register once."""
        measured = self.device.measure()
        self.tally.polls += 1
        self.tally.lost += self._maker.give([measured])
        return Known(self.device.schema)

    def forget(self) -> None:
        """There is no identity to forget."""

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
        """Write the register, once."""
        return self.device.command(command, arguments, timeout_s=timeout_s)


class LineDriver:
    """Printed lines on serial: as many readings as lines have come."""

    def __init__(
        self, device: LineDevice, maker: ReadingMaker, clock: WallClock, interval_s: float
    ) -> None:
        """Touches nothing."""
        self.device = device
        self.interval_s = interval_s
        self.tally = Tally()
        self._maker = maker
        self._clock = clock
        self._waiting_since: float | None = None
        self._lost_before = 0

    @property
    def board(self) -> None:
        """These boards know no tokens."""

    @property
    def schema(self) -> Schema:
        """As the configuration describes it, and as its lines have shown."""
        return self.device.schema

    @property
    def counters(self) -> LinkCounters:
        """Of the device."""
        return self.device.counters

    def latency_quantiles_ms(self) -> tuple[float, float] | None:
        """Of the device."""
        return self.device.latency_quantiles_ms()

    def collect(self) -> Known | None:
        """Take what was printed since the last round.

        Raises `DeviceSilent` when nothing was printed for so long that the sketch must have stopped.
        """
        measurements = self.device.collect()
        self.tally.polls += 1
        self._count_lost()
        self.tally.lost += self._maker.give(measurements)
        if measurements:
            self._waiting_since = None
            return Known(self.device.schema)
        self._require_sign_of_life()
        return None

    def forget(self) -> None:
        """A silent sketch is waited for anew."""
        self._waiting_since = None

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
        """Send the line, once."""
        return self.device.command(command, arguments, timeout_s=timeout_s)

    def _count_lost(self) -> None:
        """Lines that came while nobody collected, and for which there was no room."""
        lost = self.device.lines.lost
        self.tally.lost += lost - self._lost_before
        self._lost_before = lost

    def _require_sign_of_life(self) -> None:
        now = self._clock.monotonic()
        if self._waiting_since is None:
            self._waiting_since = now
        elif now - self._waiting_since > LINES_SILENT_INTERVALS * self.interval_s:
            raise DeviceSilent("no line with a reading has come")
