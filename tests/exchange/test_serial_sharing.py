"""A serial line that is not free in the middle of an exchange, and a board exchanged behind a port."""

import pytest

from arduino_iface.bus import SerialBus
from arduino_iface.device import ProtocolDevice
from arduino_iface.errors import BusBusy, DeviceRestarted, OutcomeUnknown
from arduino_iface.lines.device import LineDevice
from arduino_iface.lines.format import FormatKind, LineFormat
from arduino_iface.lines.match import LinePattern
from arduino_iface.lines.reader import LineSettings
from arduino_iface.lines.template import LineCommand
from arduino_iface.lock import Priority
from arduino_iface.messages import CommandStatus
from arduino_iface.serial_link import SerialLink
from dummy_hw.line_board import LineBoard
from tests.exchange.boards import make_board
from tests.support.clock import FakeClock
from tests.support.serial_wire import DummySerialTransport


class BusyBus(SerialBus):
    """Not free for as many reads as told."""

    busy_reads = 0

    def read(self, priority: Priority, timeout_s: float = 1.0) -> bytes:
        if self.busy_reads:
            self.busy_reads -= 1
            raise BusBusy("not free")
        return super().read(priority, timeout_s)


@pytest.mark.parametrize("busy_reads", [1, 100])
def test_a_sent_command_is_never_reported_as_not_sent(busy_reads: int) -> None:
    clock = FakeClock()
    board = make_board(clock)
    bus = BusyBus("bench", DummySerialTransport(board, clock))
    device = ProtocolDevice(SerialLink(bus))
    device.identify()
    bus.busy_reads = busy_reads
    if busy_reads == 1:
        assert device.command(7, 1, b"") is CommandStatus.DONE
    else:
        with pytest.raises(OutcomeUnknown):
            device.command(7, 1, b"")
    assert board.executed["tare"] == 1


def test_a_sent_line_is_never_reported_as_not_sent() -> None:
    clock = FakeClock()
    fan = LineCommand("fan", "FAN\n", reply=LinePattern.of("OK"))
    settings = LineSettings(LineFormat(FormatKind.JSON), commands=(fan,))
    board = LineBoard(settings, clock=clock)
    board.power_on()
    bus = BusyBus("bench", DummySerialTransport(board, clock))

    def answer_on_a_busy_bus(_: object) -> str:
        bus.busy_reads = 100
        return "OK"

    board.on_command("fan", answer_on_a_busy_bus)
    with pytest.raises(OutcomeUnknown, match="could not be read: not free"):
        LineDevice(bus, settings, "scale").command(fan.described(0), {})
    assert len(board.executed) == 1


def test_no_command_goes_to_another_board_behind_a_port_that_was_reopened() -> None:
    clock = FakeClock()
    board, other = make_board(clock), make_board(clock)
    bus = SerialBus("bench", DummySerialTransport(board, clock))
    device = ProtocolDevice(SerialLink(bus))
    device.identify()
    bus.close()
    bus.transport = DummySerialTransport(other, clock)
    with pytest.raises(DeviceRestarted):
        device.command(7, 1, b"")
    assert not other.executed
