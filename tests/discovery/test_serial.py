"""Serial boards on pseudo-terminals: found, gone, back in every state; on real threads."""

import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from arduino_iface.clock import SYSTEM_CLOCK
from arduino_iface.errors import WireError
from arduino_iface.lines.format import FormatKind, LineFormat
from arduino_iface.lines.reader import LineSettings
from dummy_hw.board import DummyBoard
from dummy_hw.pty_board import PtyBoards
from gateway.config.settings import DeviceSettings
from gateway.drivers.lines.simulation import make_board
from gateway.model.registry import DeviceState
from tests.arduino_iface.waiting import until
from tests.discovery.house import UID_A, UID_B
from tests.discovery.serial_house import SerialHouse, board, bus, watch

NAME_A, NAME_B = "bench-66aa", "bench-66bb"
PORT_A, PORT_B = "usb-Arduino_Uno_A-if00", "usb-Arduino_Uno_B-if00"
SLACK_S = 6.0
"""Two seconds are promised; the rest is for machines that have other things to do."""


class World:
    """The boards, and gateways one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.boards = PtyBoards(folder / "by-id")
        self.boards.start()
        self._house: SerialHouse | None = None

    def gateway(self, *args: object, **options: object) -> SerialHouse:
        self.end_gateway()
        self._house = SerialHouse(self.folder, self.boards, *args, **options)  # type: ignore[arg-type]
        self._house.start()
        return self._house

    def end_gateway(self) -> None:
        house, self._house = self._house, None
        if house is not None:
            house.stop()

    def port(self, name: str) -> Path:
        return self.folder / "by-id" / name


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.end_gateway()
    world.boards.stop()


def test_boards_are_found_go_and_come_back(world: World) -> None:
    house = world.gateway()
    world.boards.add(PORT_A, board(UID_A))
    assert house.wait_online(NAME_A) < SLACK_S
    view = house.view(NAME_A)
    boot = house.boot(NAME_A)
    assert (view.bus, view.address, view.uid) == ("Arduino_Uno_A-if00", None, UID_A)
    world.boards.add(PORT_B, board(UID_B))
    assert house.wait_online(NAME_B) < SLACK_S
    world.boards.unplug(PORT_A)
    assert house.wait_for(NAME_A, DeviceState.OFFLINE) < SLACK_S
    assert house.state(NAME_B) is DeviceState.ONLINE
    world.boards.replug(PORT_A)
    assert house.wait_online(NAME_A, after=boot) < SLACK_S
    assert len(house.registry.all()) == 2
    assert len(house.open_ports()) == 2


def test_an_unplugged_board_is_offline_long_before_it_is_due(world: World) -> None:
    world.boards.add(PORT_A, board(UID_A))
    settings = DeviceSettings("slow", "bench", None, interval_s=3600.0)
    house = world.gateway([bus("bench", world.port(PORT_A))], [settings])
    house.wait_online("slow")
    boot = house.boot("slow")
    world.boards.unplug(PORT_A)
    until(lambda: house.state("slow") is not DeviceState.ONLINE)
    world.boards.replug(PORT_A)
    assert house.wait_online("slow", after=boot) < SLACK_S


def test_a_board_is_back_at_once_though_its_back_off_has_grown(world: World) -> None:
    world.boards.add(PORT_A, board(UID_A))
    house = world.gateway()
    house.wait_online(NAME_A)
    boot = house.boot(NAME_A)
    world.boards.unplug(PORT_A)
    house.wait_for(NAME_A, DeviceState.OFFLINE)
    poller = house.roster.poller(NAME_A)
    assert poller is not None
    until(lambda: poller.schedule.due - house.clock.monotonic() > 3.0)
    world.boards.replug(PORT_A)
    assert house.wait_online(NAME_A, after=boot) < SLACK_S


def idle(_world: World, _board: DummyBoard, _house: SerialHouse) -> None:
    """Pull it at any moment."""


def mid_frame(_world: World, board: DummyBoard, house: SerialHouse) -> None:
    """Pull it when a request is out and the reply is not there."""
    board.hang(True)
    link = house.roster.poller(NAME_A)
    assert link is not None
    retries = link.driver.counters.retries
    until(lambda: link.driver.counters.retries > retries)


def during_command(world: World, board: DummyBoard, house: SerialHouse) -> None:
    """Pull it when a command is out."""
    board.hang(True)
    driver = house.roster.driver(NAME_A)
    assert driver is not None
    schema = driver.schema
    assert schema is not None
    command = schema.command("fan")
    assert command is not None
    requests = driver.counters.requests
    outcome: list[WireError] = []

    def send() -> None:
        try:
            driver.execute(7, command, {"speed": 1}, 10.0)
        except WireError as error:
            outcome.append(error)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    until(lambda: driver.counters.requests > requests)
    world.boards.unplug(PORT_A)
    thread.join(20.0)
    assert outcome


@pytest.mark.parametrize("state", [idle, mid_frame, during_command])
@pytest.mark.parametrize("away_s", [0.0, 1.0])
def test_a_board_recovers_whatever_it_was_doing(
    world: World, state: Callable[[World, DummyBoard, SerialHouse], None], away_s: float
) -> None:
    made = board(UID_A)
    world.boards.add(PORT_A, made)
    house = world.gateway()
    house.wait_online(NAME_A)
    state(world, made, house)
    world.boards.unplug(PORT_A)
    made.hang(False)
    watch(lambda: False, house, away_s)
    boot = house.boot(NAME_A)
    world.boards.replug(PORT_A)
    assert house.wait_online(NAME_A, after=boot) < SLACK_S
    assert len(house.open_ports()) == 1


def test_a_board_keeps_its_id_on_another_port_and_after_a_restart(world: World) -> None:
    made = board(UID_A)
    world.boards.add(PORT_A, made)
    house = world.gateway()
    house.wait_online(NAME_A)
    boot = house.boot(NAME_A)
    world.boards.unplug(PORT_A)
    world.boards.add(PORT_B, made)
    assert house.wait_online(NAME_A, after=boot) < SLACK_S
    assert house.view(NAME_A).bus == "Arduino_Uno_B-if00"
    house = world.gateway()
    house.wait_online(NAME_A)
    assert [view.id for view in house.registry.all()] == [NAME_A]


def test_a_configured_bus_finds_its_board(world: World) -> None:
    world.boards.add(PORT_A, board(UID_A))
    house = world.gateway([bus("bench", world.port(PORT_A))], search=False)
    assert house.wait_online(NAME_A) < SLACK_S
    assert house.view(NAME_A).bus == "bench"
    boot = house.boot(NAME_A)
    world.boards.unplug(PORT_A)
    house.wait_for(NAME_A, DeviceState.OFFLINE)
    world.boards.replug(PORT_A)
    assert house.wait_online(NAME_A, after=boot) < SLACK_S


def test_a_configured_bus_may_be_empty_at_the_start(world: World) -> None:
    house = world.gateway([bus("bench", world.port(PORT_A))], search=False)
    world.boards.add(PORT_A, board(UID_A))
    assert house.wait_online(NAME_A) < SLACK_S


def test_without_the_search_no_other_port_is_opened(world: World) -> None:
    unclaimed = board(UID_B)
    world.boards.add(PORT_A, board(UID_A))
    world.boards.add(PORT_B, unclaimed)
    house = world.gateway([bus("bench", world.port(PORT_A))], search=False)
    house.wait_online(NAME_A)
    other = str(world.port(PORT_B).resolve())
    assert watch(lambda: house.open_ports().count(other) > 0, house, 1.0)
    assert [view.id for view in house.registry.all()] == [NAME_A]


@pytest.mark.parametrize("with_device", [False, True])
def test_a_port_of_the_configuration_is_known_by_any_name(world: World, with_device: bool) -> None:
    world.boards.add(PORT_A, board(UID_A))
    other_name = world.folder / "ttyACM0"
    other_name.symlink_to(world.port(PORT_A).resolve())
    devices = [DeviceSettings("greenhouse", "bench", None)] if with_device else []
    house = world.gateway([bus("bench", other_name)], devices)
    name = "greenhouse" if with_device else NAME_A
    house.wait_online(name)
    assert watch(lambda: len(house.buses.settings) > 1, house, 1.0)
    assert len(house.open_ports()) == 1
    assert house.view(name).bus == "bench"


def test_a_found_port_does_not_take_the_name_of_a_configured_bus(world: World) -> None:
    world.boards.add(PORT_A, board(UID_A))
    house = world.gateway([bus("Arduino_Uno_A-if00", world.folder / "nothing")])
    house.wait_online(NAME_A)
    assert house.view(NAME_A).bus == "Arduino_Uno_A-if00-2"


def test_two_boards_of_one_identity_are_never_mixed(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.boards.add(PORT_A, board(UID_A))
    house = world.gateway()
    house.wait_online(NAME_A)
    with caplog.at_level(logging.WARNING):
        world.boards.add(PORT_B, board(UID_A))
        until(lambda: "unclaimed board at" in caplog.text)
    unclaimed = house.view("bench-at-Arduino_Uno_B-if00")
    assert unclaimed.state is DeviceState.QUARANTINED
    assert f"answers as {NAME_A} already" in (unclaimed.detail or "")
    assert house.state(NAME_A) is DeviceState.ONLINE
    assert house.view(NAME_A).bus == "Arduino_Uno_A-if00"


def test_another_board_on_a_known_port_is_quarantined(world: World) -> None:
    original = board(UID_A)
    world.boards.add(PORT_A, original)
    house = world.gateway()
    house.wait_online(NAME_A)
    world.boards.unplug(PORT_A)
    house.wait_for(NAME_A, DeviceState.OFFLINE)
    # The same name of the port with another board behind it: clones have no serial number.
    world.boards.add("spare", board(UID_B))
    link, spare = world.port(PORT_A), world.port("spare")
    spare.rename(link)
    assert house.wait_for(NAME_A, DeviceState.QUARANTINED) < SLACK_S
    assert UID_B in (house.view(NAME_A).detail or "")
    link.unlink()
    world.boards.unplug("spare")
    assert house.wait_for(NAME_A, DeviceState.OFFLINE) < SLACK_S
    boot = house.boot(NAME_A)
    world.boards.replug(PORT_A)
    assert house.wait_online(NAME_A, after=boot) < SLACK_S


def test_a_sketch_that_prints_lines_is_left_to_its_driver(world: World) -> None:
    settings = LineSettings(LineFormat(FormatKind.JSON))
    lines = make_board("scale", settings, SYSTEM_CLOCK, interval_s=0.2)
    world.boards.add(PORT_A, lines)
    device = DeviceSettings("scale", "bench", driver="lines", options=settings)
    house = world.gateway([bus("bench", world.port(PORT_A))], [device])
    assert house.wait_for("scale", DeviceState.ONLINE) < SLACK_S
    world.boards.unplug(PORT_A)
    assert house.wait_for("scale", DeviceState.OFFLINE) < 2 * SLACK_S
    world.boards.replug(PORT_A)
    assert house.wait_for("scale", DeviceState.ONLINE) < SLACK_S
    assert [view.id for view in house.registry.all()] == ["scale"]
