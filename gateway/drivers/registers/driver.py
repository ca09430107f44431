"""Driver for register maps on I2C: one reading each interval."""

from arduino_iface.bus import I2cBus
from arduino_iface.errors import BadFrame
from arduino_iface.registers.device import RegisterDevice
from arduino_iface.registers.map import RegisterMap
from gateway.drivers.base import INTERVAL_DEFAULT_S, DriverContext, Known
from gateway.drivers.maker import ReadingMaker
from gateway.drivers.measured import MeasuredDriver


class RegisterDriver(MeasuredDriver[RegisterDevice]):
    """A register map: what cannot be read in an interval is lost."""

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
