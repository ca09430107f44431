"""A driver with a simulated sketch at the other end of its wire, by a clock moved by hand."""

from arduino_iface.bus import I2cBus, SerialBus
from arduino_iface.lines.device import LineDevice
from arduino_iface.lines.reader import LineSettings
from arduino_iface.lock import Priority
from arduino_iface.registers.device import RegisterDevice
from arduino_iface.registers.map import RegisterMap
from dummy_hw.faults import FaultPlan
from dummy_hw.i2c_bus import DummyI2cTransport
from dummy_hw.line_board import LineBoard
from dummy_hw.register_board import RegisterBoard
from dummy_hw.signals import Signal
from tests.support.clock import FakeClock
from tests.support.serial_wire import DummySerialTransport

ADDRESS = 0x30


class RegisterBench:
    def __init__(
        self,
        registers: RegisterMap,
        signals: dict[str, Signal] | None = None,
        faults: FaultPlan | None = None,
    ) -> None:
        self.clock = FakeClock()
        self.board = RegisterBoard(registers, clock=self.clock, signals=signals, faults=faults)
        self.board.power_on()
        self.wire = DummyI2cTransport(self.clock)
        self.wire.attach(ADDRESS, self.board)
        self.bus = I2cBus("i2c1", self.wire)
        self.device = RegisterDevice(self.bus, ADDRESS, registers, "tank")


class LineBench:
    def __init__(
        self,
        settings: LineSettings,
        signals: dict[str, Signal] | None = None,
        *,
        answers: dict[str, str] | None = None,
        interval_s: float = 1.0,
        banner: str = "sketch started",
        faults: FaultPlan | None = None,
        board_settings: LineSettings | None = None,
    ) -> None:
        self.clock = FakeClock()
        self.board = LineBoard(
            board_settings or settings,
            clock=self.clock,
            signals=signals,
            answers=answers,
            interval_s=interval_s,
            banner=banner,
            faults=faults,
        )
        self.board.power_on()
        self.wire = DummySerialTransport(self.board, self.clock)
        self.bus = SerialBus("bench", self.wire)
        self.device = LineDevice(self.bus, settings, "scale")

    def pass_time(self, seconds: float) -> None:
        """Let lines arrive: bytes are on the wire once somebody looks."""
        self.clock.sleep(seconds)
        if self.wire.is_open:
            self.wire.wait(0)
        self.clock.sleep(0.1)

    def settle(self) -> None:
        """Open the port and let the boot time pass."""
        self.device.prepare()
        self.pass_time(3.0)
        self.device.collect(Priority.POLL)
