"""Driver for printed lines on serial: as many readings as lines have come."""

from collections.abc import Sequence

from arduino_iface.bus import SerialBus
from arduino_iface.errors import DeviceSilent
from arduino_iface.lines.device import LineDevice
from arduino_iface.lines.reader import LineSettings
from arduino_iface.measurement import Measurement
from gateway.drivers.base import INTERVAL_DEFAULT_S, DriverContext, Known
from gateway.drivers.maker import ReadingMaker
from gateway.drivers.measured import MeasuredDriver
from gateway.model.reading import LossReason
from gateway.runtime.clock import WallClock

LINES_SILENT_INTERVALS = 3
"""A sketch that prints by itself counts as silent after so many intervals without a line."""


class LineDriver(MeasuredDriver[LineDevice]):
    """Printed lines: those that come while there is no room for them are lost."""

    def __init__(
        self, device: LineDevice, maker: ReadingMaker, clock: WallClock, interval_s: float
    ) -> None:
        """Touches nothing."""
        super().__init__(device, maker, clock, interval_s)
        self._clock = clock
        self._waiting_since: float | None = None
        # When the last reading arrived, or the wait for the first began.
        self._heard: float | None = None
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
        """Count lines that found no room between two rounds, and damaged ones."""
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
            raise DeviceSilent("no line with a reading arrived")


def build(context: DriverContext) -> LineDriver:
    """The driver of a device of the configuration. Touches nothing."""
    settings = context.settings
    assert isinstance(context.bus, SerialBus)
    assert isinstance(settings.options, LineSettings)
    device = LineDevice(context.bus, settings.options, settings.id)
    maker = ReadingMaker(context.source, context.store, context.clock)
    interval_s = settings.interval_s or INTERVAL_DEFAULT_S
    return LineDriver(device, maker, context.clock, interval_s)
