"""Simulated adapters and ports that replace the machine's with `--no_i2c`."""

from pathlib import Path
from typing import Protocol

from arduino_iface.clock import SYSTEM_CLOCK, Clock
from arduino_iface.serial_transport import PortTransport
from dummy_hw.board import DummyBoard
from dummy_hw.i2c_bus import DummyI2cTransport
from dummy_hw.line_board import LineBoard
from dummy_hw.pty_board import PtyBoards
from dummy_hw.register_board import RegisterBoard

SimulatedBoard = DummyBoard | RegisterBoard | LineBoard
"""A board of any kind."""


class NamedBus(Protocol):
    """The settings of a bus that the simulation needs."""

    @property
    def name(self) -> str:
        """Its name, which serial boards are wired by."""
        ...

    @property
    def baud_rate(self) -> int:
        """Bits per second; serial only."""
        ...


class DummyHardware:
    """Boards on simulated buses. Serial ones are behind pseudo-terminals, which pyserial opens.

    Boards are added before `start` and have no power until then.
    """

    def __init__(self, folder: Path, *, clock: Clock = SYSTEM_CLOCK, i2c_hz: int = 100_000) -> None:
        """`folder` is for the names of the pseudo-terminals; it is made by `start`."""
        self.boards: dict[str, SimulatedBoard] = {}
        self._folder = folder
        self.clock = clock
        self._i2c_hz = i2c_hz
        self._i2c: dict[str, DummyI2cTransport] = {}
        self._serial: dict[str, DummyBoard | LineBoard] = {}
        self._terminals = PtyBoards(folder, clock=clock)

    def add_i2c(
        self, device: str, bus: str, address: int, board: DummyBoard | RegisterBoard
    ) -> None:
        """Wire a board to an I2C bus."""
        self._adapter(bus).attach(address, board)
        self.boards[device] = board

    def add_serial(self, device: str, bus: str, board: DummyBoard | LineBoard) -> None:
        """Put a board at the end of a serial line."""
        self._serial[bus] = board
        self.boards[device] = board

    def i2c(self, settings: NamedBus) -> DummyI2cTransport:
        """The adapter of an I2C bus; one that has no boards is an empty bus."""
        return self._adapter(settings.name)

    def serial(self, settings: NamedBus) -> PortTransport:
        """The port of a serial bus; opening one that has no board fails as for a missing port."""
        return PortTransport(str(self._folder / settings.name), settings.baud_rate)

    def start(self) -> None:
        """Power every board and serve the pseudo-terminals."""
        for board in self.boards.values():
            board.power_on()
        for name, board in self._serial.items():
            self._terminals.add(name, board)
        self._terminals.start()

    def stop(self) -> None:
        """Close the pseudo-terminals."""
        self._terminals.stop()

    def _adapter(self, bus: str) -> DummyI2cTransport:
        return self._i2c.setdefault(bus, DummyI2cTransport(self.clock, self._i2c_hz))
