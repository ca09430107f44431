"""The search leaves the place of a device in maintenance alone; its port may be used by others."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from arduino_iface.bus import SerialBus
from arduino_iface.device import ProtocolDevice
from arduino_iface.serial_link import SerialLink
from arduino_iface.serial_transport import PortTransport
from gateway.model.registry import DeviceState
from tests.arduino_iface.waiting import until
from tests.discovery.house import UID_A, UID_B, SearchingHouse
from tests.discovery.serial_house import board
from tests.discovery.test_serial import NAME_A, NAME_B, PORT_A, PORT_B, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.end_gateway()
    world.boards.stop()


def test_another_program_may_use_the_port_meanwhile(world: World) -> None:
    house = world.gateway()
    world.boards.add(PORT_A, board(UID_A))
    house.wait_online(NAME_A)
    polls = house.view(NAME_A).health.polls
    with house.devices.maintenance(NAME_A, "firmware"):
        assert house.open_ports() == []
        bus = SerialBus("other program", PortTransport(str(world.port(PORT_A))))
        device = ProtocolDevice(SerialLink(bus))
        assert device.identify().uid == UID_A
        bus.close()
        until(lambda: house.state(NAME_A) is DeviceState.OFFLINE)
        view = house.view(NAME_A)
        assert view.detail == "maintenance: firmware"
        assert view.health.polls == polls
        assert house.open_ports() == []
    house.wait_online(NAME_A)
    assert len(house.open_ports()) == 1


def test_no_port_is_opened_meanwhile(world: World) -> None:
    """A board may be on another port while its boot loader runs; opening that would disturb it."""
    house = world.gateway()
    world.boards.add(PORT_A, board(UID_A))
    house.wait_online(NAME_A)
    boot = house.boot(NAME_A)
    with house.devices.maintenance(NAME_A, "firmware"):
        world.boards.unplug(PORT_A)
        world.boards.add(PORT_B, board(UID_B))
        until(lambda: house.state(NAME_A) is DeviceState.OFFLINE)
        world.boards.replug(PORT_A)
        began = house.clock.monotonic()
        until(lambda: house.clock.monotonic() > began + 1.5)
        assert house.open_ports() == []
        assert house.state(NAME_B) is None
    house.wait_online(NAME_A, after=boot)
    house.wait_online(NAME_B)


def test_the_gateway_stops_during_maintenance(world: World) -> None:
    house = world.gateway()
    world.boards.add(PORT_A, board(UID_A))
    house.wait_online(NAME_A)
    with house.devices.maintenance(NAME_A, "firmware"):
        world.end_gateway()
        assert house.open_ports() == []
    again = world.gateway()
    again.wait_online(NAME_A)


def test_an_address_is_not_read_meanwhile(tmp_path: Path) -> None:
    house = SearchingHouse(tmp_path / "journal.db")
    house.board(UID_A, 0x20)
    house.live(10.0, lambda: house.is_online(name_of(UID_A)))
    read: list[int] = []
    original = house.transport.read

    def noted(address: int, length: int) -> bytes:
        read.append(address)
        return original(address, length)

    house.transport.read = noted  # type: ignore[method-assign]
    with house.devices.maintenance(name_of(UID_A), "firmware"):
        house.board(UID_B, 0x21)
        house.live(60.0, lambda: house.is_online(name_of(UID_B)))
        assert house.is_online(name_of(UID_B))
        assert 0x20 not in read
        assert 0x22 in read
    house.live(2.0, lambda: house.is_online(name_of(UID_A)))
    assert house.is_online(name_of(UID_A))
    house.close()


def test_a_board_that_appears_elsewhere_meanwhile_joins_afterwards(tmp_path: Path) -> None:
    house = SearchingHouse(tmp_path / "journal.db")
    moved = house.board(UID_A, 0x20)
    name = name_of(UID_A)
    house.live(10.0, lambda: house.is_online(name))
    with house.devices.maintenance(name, "firmware"):
        house.unplug(0x20)
        house.plug(0x21, moved)
        house.live(20.0)
        assert (house.view(name).address, house.state(name)) == (0x20, DeviceState.OFFLINE)
        assert house.quarantined() == []
    house.live(20.0, lambda: house.is_online(name))
    assert (house.view(name).address, house.is_online(name)) == (0x21, True)
    house.close()


def name_of(uid: str) -> str:
    return f"bench-{uid[-4:]}"
