"""Boards for the tests of the firmware: real code in the simulator, asked over both wires."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import serial

from tests.support.avr import Uno, build, firmware
from tests.support.reference import Client, I2cWire, SerialWire, wait_for_board

ADDRESS = 0x12
SAMPLE_LENGTH = 10  # of TestNode: i16, u16, i32, u8, bool

OpenPort = Callable[[Uno], serial.Serial]


@pytest.fixture(scope="session", autouse=True)
def simulator() -> None:
    build("harness")


@pytest.fixture(scope="session")
def node_elf(simulator: None) -> Path:
    return firmware("TestNode")


@pytest.fixture
def uno(node_elf: Path) -> Iterator[Uno]:
    """A board that runs TestNode and has started."""
    with Uno(node_elf) as board:
        wait_for_board(board, ADDRESS)
        yield board


@pytest.fixture
def open_port() -> Iterator[OpenPort]:
    """Opens a board's serial port; closed after the test."""
    with ExitStack() as stack:

        def open_one(board: Uno) -> serial.Serial:
            return stack.enter_context(serial.Serial(str(board.tty), 115200))

        yield open_one


@dataclass
class Bench:
    """One board and a client on one of its wires."""

    uno: Uno
    client: Client
    wire: str


@pytest.fixture(params=["serial", "i2c"])
def bench(request: pytest.FixtureRequest, uno: Uno, open_port: OpenPort) -> Bench:
    """The same test over both wires."""
    if request.param == "i2c":
        return Bench(uno, Client(I2cWire.of(uno, ADDRESS)), "i2c")
    return Bench(uno, Client(SerialWire(open_port(uno))), "serial")


@pytest.fixture
def i2c(uno: Uno) -> Client:
    return Client(I2cWire.of(uno, ADDRESS))
