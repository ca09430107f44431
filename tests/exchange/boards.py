"""Boards on simulated wires under a fake clock, and the gateway's side of them."""

from dataclasses import dataclass

from arduino_iface.bus import I2cBus, SerialBus
from arduino_iface.device import ProtocolDevice
from arduino_iface.i2c_link import I2cLink
from arduino_iface.serial_link import SerialLink
from dummy_hw.board import DummyBoard
from dummy_hw.eeprom import MemoryEeprom
from dummy_hw.faults import FaultPlan
from dummy_hw.i2c_bus import DummyI2cTransport
from dummy_hw.signals import Constant, PulseCounter
from tests.support.clock import FakeClock
from tests.support.serial_wire import DummySerialTransport

ADDRESS = 0x12
SCHEMA = """\
gw 1
name bench
firmware 1.0.0
sample 100
keepalive 5000
channel ticks u32 - 1 0
channel temperature i16 Cel 0.01 0
command fan speed:u8:0:200
command tare
"""


@dataclass
class Bench:
    """One board, the wire to it, and the device as the gateway sees it."""

    clock: FakeClock
    board: DummyBoard
    transport: DummyI2cTransport | DummySerialTransport
    device: ProtocolDevice


def make_board(clock: FakeClock, **options: object) -> DummyBoard:
    settings: dict[str, object] = {
        "eeprom": MemoryEeprom(),
        "clock": clock,
        "signals": {"ticks": PulseCounter(10.0), "temperature": Constant(21.5)},
        "loop_delay_s": 0.001,
        "boot_time_s": 0.05,
        "faults": FaultPlan(),
    }
    board = DummyBoard(SCHEMA, **(settings | options))  # type: ignore[arg-type]
    board.power_on()
    return board


def on_i2c(**options: object) -> Bench:
    clock = FakeClock()
    board = make_board(clock, **({"reply_max": 32, "request_max": 32} | options))
    transport = DummyI2cTransport(clock)
    transport.attach(ADDRESS, board)
    device = ProtocolDevice(I2cLink(I2cBus("i2c1", transport), ADDRESS))
    clock.advance(0.06)
    return Bench(clock, board, transport, device)


def on_serial(**options: object) -> Bench:
    clock = FakeClock()
    board = make_board(clock, **options)
    transport = DummySerialTransport(board, clock)
    device = ProtocolDevice(SerialLink(SerialBus("bench", transport)))
    return Bench(clock, board, transport, device)


WIRES = {"i2c": on_i2c, "serial": on_serial}
