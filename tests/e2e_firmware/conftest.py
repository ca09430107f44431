"""The real gateway against real firmware: both as processes, over both wires."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e_firmware.bench import WIRES, Bench
from tests.support.avr import build, firmware
from tests.support.mongod import Database, Mongod


@pytest.fixture(scope="session")
def node_elf() -> Path:
    """The firmware of most tests."""
    build("harness")
    return firmware("TestNode")


@pytest.fixture(params=WIRES)
def bench(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    node_elf: Path,
    shared_server: Mongod,
    database: Database,
) -> Iterator[Bench]:
    """The same test over both wires: one board and a gateway that has found it."""
    with Bench(request.param, tmp_path, node_elf, shared_server.uri, database) as one:
        yield one


@pytest.fixture
def serial(
    tmp_path: Path, node_elf: Path, shared_server: Mongod, database: Database
) -> Iterator[Bench]:
    """A board on a serial port, and a gateway that has found it."""
    with Bench("serial", tmp_path, node_elf, shared_server.uri, database) as one:
        yield one


@pytest.fixture
def i2c(
    tmp_path: Path, node_elf: Path, shared_server: Mongod, database: Database
) -> Iterator[Bench]:
    """A board on I2C, and a gateway that has found it."""
    with Bench("i2c", tmp_path, node_elf, shared_server.uri, database) as one:
        yield one
