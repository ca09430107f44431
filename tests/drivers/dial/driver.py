"""Reads the position once each interval, in percent of the top."""

from collections.abc import Mapping

from arduino_iface.bus import I2cBus
from arduino_iface.link import LinkCounters
from arduino_iface.lock import Priority
from arduino_iface.measurement import CommandOutcome, Measurement
from arduino_iface.messages import CommandStatus
from arduino_iface.schema import Channel, Command, Schema
from arduino_iface.values import ValueType
from gateway.drivers.base import INTERVAL_DEFAULT_S, DriverContext, Known
from gateway.drivers.maker import ReadingMaker
from gateway.drivers.measured import MeasuredDriver
from tests.drivers.dial.config import DialSettings

TIMEOUT_S = 1.0


class Dial:
    counters = LinkCounters()

    def __init__(self, bus: I2cBus, address: int, top: int, name: str) -> None:
        self.schema = Schema(name, channels=(Channel("position", ValueType.F64, "%"),))
        self._bus, self._address, self._top = bus, address, top

    def latency_quantiles_ms(self) -> None:
        return None

    def measure(self) -> Measurement:
        self._bus.open(Priority.POLL, TIMEOUT_S)
        began = self._bus.transport.clock.monotonic()
        self._bus.write(self._address, b"\x00", Priority.POLL, TIMEOUT_S)
        (raw,) = self._bus.read(self._address, 1, Priority.POLL, TIMEOUT_S)
        return Measurement({"position": 100 * raw / self._top}, began)

    def command(
        self, command: Command, arguments: Mapping[str, object], *, timeout_s: float
    ) -> CommandOutcome:
        return CommandOutcome(CommandStatus.UNKNOWN_COMMAND, confirmed=False)


class DialDriver(MeasuredDriver[Dial]):
    def collect(self) -> Known | None:
        self.tally.polls += 1
        self.tally.lost += self._maker.give([self.device.measure()])
        return Known(self.schema)

    def forget(self) -> None:
        """There is no identity to forget."""


def build(context: DriverContext) -> DialDriver:
    settings = context.settings
    assert isinstance(context.bus, I2cBus)
    assert settings.address is not None
    assert isinstance(settings.options, DialSettings)
    dial = Dial(context.bus, settings.address, settings.options.top, settings.id)
    maker = ReadingMaker(context.source, context.store, context.clock)
    interval_s = settings.interval_s or INTERVAL_DEFAULT_S
    return DialDriver(dial, maker, context.clock, interval_s)
