"""Driver for printed lines on serial: as many readings as lines have come."""

from collections.abc import Sequence

from arduino_iface.bus import SerialBus
from arduino_iface.errors import DeviceSilent, PortLost
from arduino_iface.lines.device import LineDevice
from arduino_iface.lines.reader import LineSettings
from arduino_iface.lines.unread import Unread
from arduino_iface.lines.words import shown
from arduino_iface.measurement import Measurement
from gateway.drivers.base import INTERVAL_DEFAULT_S, DriverContext, Known
from gateway.drivers.lines.pace import Pace
from gateway.drivers.maker import ReadingMaker
from gateway.drivers.measured import MeasuredDriver
from gateway.model.learned import Learned, LearnedChannel
from gateway.model.reading import LossReason
from gateway.runtime.clock import WallClock

LINES_SILENT_INTERVALS = 3
"""A sketch that prints by itself counts as silent after so many intervals without a line."""

UNREAD_SHOWN_S = 600.0
"""Lines without a reading are shown for so long while others are read."""


class LineDriver(MeasuredDriver[LineDevice]):
    """Printed lines: those that come while there is no room for them are lost."""

    def __init__(
        self, device: LineDevice, maker: ReadingMaker, clock: WallClock, interval_s: float | None
    ) -> None:
        """Touches nothing. `interval_s`: None learns it from the lines."""
        asked = device.settings.request is not None
        learned = interval_s is None and not asked
        self._pace = Pace() if learned else None
        super().__init__(device, maker, clock, interval_s or INTERVAL_DEFAULT_S)
        # Lines are taken at least as often as they would be stored anyway.
        self.round_s = self.interval_s if asked else min(self.interval_s, INTERVAL_DEFAULT_S)
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
            self._learn_pace(measurements)
            self._require_sign_of_life(measurements)
        except (TimeoutError, OSError) as error:
            if self._pace is not None and isinstance(error, PortLost):
                self._pace.pause()
                self.interval_s = self._pace.expected_s
            self._count_lost()
            self._count_missing(error)
            raise
        self.tally.polls += 1
        self._count_lost()
        if self.device.settings.request is not None:
            self._due.asked(None)
        self.tally.lost += self._maker.give(measurements)
        return self._known() if measurements else None

    def forget(self) -> None:
        """A silent sketch is waited for anew."""
        self._waiting_since = None

    def _known(self) -> Known:
        device, lines = self.device, self.device.lines
        unread = device.unread(self._clock.monotonic() - UNREAD_SHOWN_S)
        shown_now = [one for one in unread if one.reason is not Unread.BANNER]
        return Known(
            device.schema,
            detail=shown(shown_now) if shown_now else None,
            learned=Learned(
                channels=tuple(
                    LearnedChannel(one.name, one.field, one.type.word, one.unit, number)
                    for number, kind in enumerate(device.channels)
                    for one in kind
                ),
                by_lines=any(not kind.channels for kind in device.settings.kinds),
                interval_s=None if self._pace is None else self._pace.interval_s,
                ignored=lines.ignored,
                damaged=lines.damaged + lines.shed,
                unread=tuple((one.text, one.reason.words) for one in device.unread()),
            ),
        )

    def _learn_pace(self, measurements: Sequence[Measurement]) -> None:
        if self._pace is None:
            return
        for one in measurements:
            self._pace.take(one.measured_mono)
        self.interval_s = self._pace.expected_s

    def _count_lost(self) -> None:
        """Count lines that found no room between two rounds, and damaged ones."""
        lines, now = self.device.lines, self._clock.monotonic()
        shed, damaged = lines.shed - self._lines.shed, lines.damaged - self._lines.damaged
        self._lines = lines
        self._maker.miss(LossReason.SHED_BY_BOUND, shed, now, 0)
        self._maker.miss(LossReason.BUS_ERROR, damaged, now, 0)

    def _count_missing(self, error: Exception) -> None:
        """A request that was not answered; of a sketch that prints by itself, each interval of silence."""
        if self.device.settings.request is not None:
            self._due.asked(error)
        elif self._heard is not None and (self._pace is None or self._pace.interval_s is not None):
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
            raise DeviceSilent(self.device.silence(self._waiting_since))


def build(context: DriverContext) -> LineDriver:
    """The driver of a device of the configuration. Touches nothing."""
    settings = context.settings
    assert isinstance(context.bus, SerialBus)
    assert isinstance(settings.options, LineSettings)
    device = LineDevice(context.bus, settings.options, settings.id)
    maker = ReadingMaker(context.source, context.store, context.clock)
    return LineDriver(device, maker, context.clock, settings.interval_s)
