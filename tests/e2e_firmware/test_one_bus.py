"""Several boards on one I2C bus, each with a sketch of its own."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e_firmware.bench import CONFIG, DEADLINE_S, FAN_PIN, I2C_BUS, LAMP_PIN
from tests.support.avr import Uno, firmware, i2c_environment
from tests.support.gateway import GatewayProcess
from tests.support.mongod import Database, Mongod

FIRST, CLIMATE, SECOND = 0x12, 0x13, 0x21


class Trio:
    """Three boards by address, and a gateway that has found them."""

    def __init__(self, boards: dict[int, Uno], gateway: GatewayProcess, database: Database) -> None:
        self.boards = boards
        self.gateway = gateway
        self._database = database
        self.ids: dict[int, str] = {}

    def until_online(self) -> None:
        """Wait until all three are, and learn their names."""

        def all_are() -> bool:
            return list(self.gateway.states().values()) == ["online"] * len(self.boards)

        self.gateway.until(all_are, "three boards", DEADLINE_S)
        devices = self.gateway.get("/api/v1/devices")["devices"]
        self.ids = {one["address"]: one["id"] for one in devices}

    def until_stored(self, address: int, channel: str, value: float) -> None:
        """Wait until MongoDB has such a reading of that board."""
        wanted = {"device": self.ids[address], f"values.{channel}": value}
        readings = self._database.readings
        self.gateway.until(
            lambda: readings.find_one(wanted) is not None, f"{wanted} in MongoDB", DEADLINE_S
        )

    def stored(self, address: int, channel: str) -> set[object]:
        """Every value of that channel in MongoDB."""
        found = self._database.readings.distinct(f"values.{channel}", {"device": self.ids[address]})
        return set(found)

    def command(self, address: int, name: str, **arguments: object) -> int:
        """Send a command; the HTTP status."""
        return self.gateway.command(self.ids[address], name, **arguments).status


@pytest.fixture
def trio(
    tmp_path: Path, node_elf: Path, shared_server: Mongod, database: Database
) -> Iterator[Trio]:
    sketches = {
        FIRST: node_elf,
        CLIMATE: firmware("ClimateNode"),
        SECOND: firmware("TestNode", I2C_ADDRESS=SECOND),
    }
    bus = tmp_path / "bus"
    gateway = GatewayProcess(
        tmp_path / "gateway",
        config=CONFIG + I2C_BUS,
        mongo_uri=shared_server.uri,
        environ=i2c_environment(1, bus),
    )
    with ExitStack() as stack:
        boards = {
            address: stack.enter_context(Uno(elf, directory=bus / f"{address:02x}"))
            for address, elf in sketches.items()
        }
        three = Trio(boards, stack.enter_context(gateway), database)
        three.until_online()
        yield three


def test_three_boards_share_one_bus(trio: Trio) -> None:
    assert sorted(trio.ids) == [FIRST, CLIMATE, SECOND]
    assert len(set(trio.ids.values())) == 3
    trio.boards[FIRST].ask("adc", 1, 1000)
    trio.boards[SECOND].ask("adc", 1, 4999)
    trio.boards[CLIMATE].ask("adc", 0, 250)
    trio.until_stored(FIRST, "raw", 204)
    trio.until_stored(SECOND, "raw", 1022)
    trio.until_stored(CLIMATE, "temperature", 24.9)
    assert trio.command(FIRST, "lamp", on=True) == 200
    assert trio.command(CLIMATE, "fan", speed=128) == 200
    assert trio.command(SECOND, "fan", speed=9) == 200
    assert trio.boards[FIRST].pin(LAMP_PIN)["level"] == 1
    assert trio.boards[SECOND].pin(LAMP_PIN)["level"] == 0
    assert trio.boards[CLIMATE].pin(FAN_PIN)["pwm"] == 128
    assert trio.boards[SECOND].pin(FAN_PIN)["pwm"] == 9
    assert trio.stored(FIRST, "raw") <= {0, 204}
    assert trio.stored(SECOND, "raw") <= {0, 1022}


def test_one_that_hangs_does_not_keep_the_others_from_being_read(trio: Trio) -> None:
    assert trio.command(FIRST, "hang", interrupts_off=False) == 504
    trio.gateway.until(
        lambda: trio.gateway.states()[trio.ids[FIRST]] == "offline", "it is offline", DEADLINE_S
    )
    trio.boards[SECOND].ask("adc", 1, 2000)
    trio.until_stored(SECOND, "raw", 409)
    assert trio.command(SECOND, "lamp", on=True) == 200
    assert trio.gateway.states()[trio.ids[SECOND]] == "online"
