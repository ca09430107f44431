"""Driver for register maps on I2C: one reading each interval."""

import logging

from arduino_iface.bus import I2cBus
from arduino_iface.errors import BadFrame
from arduino_iface.registers.device import RegisterDevice
from arduino_iface.registers.map import RegisterMap
from gateway.drivers.base import INTERVAL_DEFAULT_S, DriverContext, Known
from gateway.drivers.maker import ReadingMaker
from gateway.drivers.measured import MeasuredDriver
from gateway.runtime.clock import WallClock

log = logging.getLogger(__name__)


class RegisterDriver(MeasuredDriver[RegisterDevice]):
    """A register map: what cannot be read in an interval is lost."""

    def __init__(
        self, device: RegisterDevice, maker: ReadingMaker, clock: WallClock, interval_s: float
    ) -> None:
        """Touches nothing."""
        super().__init__(device, maker, clock, interval_s)
        self._told: set[str] = set()

    def collect(self) -> Known | None:
        """Read every register once."""
        try:
            measured = self.device.measure()
        except (TimeoutError, OSError, BadFrame) as error:
            self._due.asked(error)
            self._maker.give_missing()
            raise
        self._due.asked(None)
        self._tell_doubt()
        self.tally.polls += 1
        self.tally.lost += self._maker.give([measured])
        return Known(self.device.schema)

    def _tell_doubt(self) -> None:
        """Log each reason once: where registers hold the same now and then, it would come and go."""
        device = self.device
        if device.doubt is not None:
            self._tell(f"readings are unverified: {device.doubt}")
        elif device.lateness:
            self._tell("the sketch answers late and is asked several times; set settle")

    def _tell(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            log.warning("%s", text, extra={"device": self._maker.device})

    def forget(self) -> None:
        """There is no identity to forget."""


def build(context: DriverContext) -> RegisterDriver:
    """The driver of a device of the configuration. Touches nothing."""
    settings = context.settings
    assert isinstance(context.bus, I2cBus)
    assert settings.address is not None
    assert isinstance(settings.options, RegisterMap)
    device = RegisterDevice(context.bus, settings.address, settings.options, settings.id)
    maker = ReadingMaker(context.source, context.store, context.clock)
    interval_s = settings.interval_s or INTERVAL_DEFAULT_S
    return RegisterDriver(device, maker, context.clock, interval_s)
