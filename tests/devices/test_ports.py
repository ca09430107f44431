"""Boards that cannot say who they are: known by USB serial number or place, not by the name of a port."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arduino_iface.errors import PortLost, ProtocolMismatch
from arduino_iface.usb_tree import UsbIdentity
from gateway.config.settings import BusSettings, BusType, DeviceSettings
from gateway.devices.ports import PortMemory, Sight, is_port, names_its_board
from gateway.journal.types import DeviceRow
from tests.arduino_iface.waiting import until
from tests.support.usb import CONTROLLER, UsbMachine


def at(place: str, serial: str | None = None, kind: int = 0x1A86) -> UsbIdentity:
    return UsbIdentity(kind, 0x7523, serial, f"usb:{place}:1.0")


LEFT, RIGHT = at("1.1"), at("1.2")
A, B = at("1.1", "8573A"), at("1.2", "8573B")
FACTORY_A, FACTORY_B = at("1.1", "0001"), at("1.2", "0001")
TWINS = at("1.1", "A50285BI"), at("1.2", "A50285BI")
PAIRS = [(LEFT, RIGHT), (A, B), (FACTORY_A, FACTORY_B), TWINS]


@pytest.mark.parametrize(("left", "right"), PAIRS)
def test_names_that_have_swapped_are_noticed(left: UsbIdentity, right: UsbIdentity) -> None:
    sight = Sight({"a": left, "b": right}, [left, right])
    assert sight.stranger("a", left) is None
    assert sight.stranger("b", right) is None
    assert sight.stranger("a", right) == "the board of b"
    assert sight.stranger("b", left) == "the board of a"


@pytest.mark.parametrize(("left", "right"), PAIRS)
def test_also_while_the_other_is_not_back_yet(left: UsbIdentity, right: UsbIdentity) -> None:
    assert Sight({"a": left, "b": right}, [right]).stranger("a", right) == "the board of b"


def test_a_serial_number_goes_with_its_board_to_another_place() -> None:
    moved = replace(A, position="usb:3:1.0")
    assert Sight({"a": A, "b": B}, [moved, B]).stranger("a", moved) is None
    assert Sight({"a": A, "b": B}, [moved, B]).stranger("b", moved) == "the board of a"


def test_equal_boards_at_new_places_cannot_be_told_apart() -> None:
    new = at("3.1")
    told = Sight({"a": LEFT, "b": RIGHT}, [new, at("3.2")]).stranger("a", new)
    assert told == "a board that may be that of b"


def test_one_that_moved_alone_is_known_since_the_other_is_still_there() -> None:
    new = at("3.1")
    assert Sight({"a": LEFT, "b": RIGHT}, [new, RIGHT]).stranger("a", new) is None


def test_the_only_board_may_be_plugged_in_anywhere_and_exchanged() -> None:
    for new in (at("3"), at("1.1", kind=0x2341), at("1.1", "8573C")):
        assert Sight({"a": LEFT}, [new]).stranger("a", new) is None
        assert Sight({"a": A}, [new]).stranger("a", new) is None


def test_a_third_board_does_not_take_the_place_of_one_that_is_there() -> None:
    new = at("3.1")
    assert Sight({"a": LEFT}, [new, LEFT]).stranger("a", new) == "another board"


def test_the_first_look_believes_unless_the_board_is_known_already() -> None:
    assert Sight({}, [LEFT]).stranger("a", LEFT) is None
    assert Sight({"b": LEFT}, [LEFT]).stranger("a", LEFT) == "the board of b"
    twin_a, twin_b = TWINS
    assert Sight({"a": twin_a}, [twin_a, twin_b]).stranger("b", twin_b) is None


@given(
    st.permutations([0, 1, 2]),
    st.lists(st.sampled_from([None, "0001", "X77", "Y88"]), min_size=3, max_size=3),
    st.lists(st.sampled_from([0x1A86, 0x2341]), min_size=3, max_size=3),
    st.sets(st.integers(0, 2), min_size=1),
)
def test_no_permutation_of_names_gives_a_device_the_board_of_another(
    order: list[int], serials: list[str | None], kinds: list[int], back: set[int]
) -> None:
    """Three boards stay where they are plugged in; their names are dealt anew, and some are not back yet."""
    boards = [at(f"1.{place}", serials[place], kinds[place]) for place in range(3)]
    sight = Sight(dict(zip("abc", boards, strict=True)), [boards[one] for one in back])
    for place, name in enumerate("abc"):
        if order[place] in back:
            allowed = sight.stranger(name, boards[order[place]]) is None
            assert allowed is (order[place] == place)


def test_names_that_stay_need_no_memory() -> None:
    assert names_its_board("/dev/serial/by-path/platform-usb-0:1.2:1.0-port0", LEFT)
    assert names_its_board("/dev/serial/by-id/usb-Arduino_8573A-if00", A)
    assert not names_its_board("/dev/serial/by-id/usb-1a86_USB_Serial-if00-port0", LEFT)
    assert not names_its_board("/dev/serial/by-id/usb-CP2102_0001-if00", FACTORY_A)
    assert not names_its_board("/dev/ttyUSB0", A)


class Bench:
    """Two devices on `/dev/ttyUSB0` and `/dev/ttyUSB1`, and gateways one after the other."""

    def __init__(self, folder: Path) -> None:
        self.machine = UsbMachine(folder)
        self.rows: dict[str, DeviceRow] = {}
        self.a, self.b = (str(self.machine.dev / name) for name in ("ttyUSB0", "ttyUSB1"))
        self.start()

    def start(self) -> None:
        buses = [BusSettings("x", BusType.SERIAL, self.a), BusSettings("y", BusType.SERIAL, self.b)]
        devices = [
            DeviceSettings("a", "x", driver="lines"),
            DeviceSettings("b", "y", driver="lines"),
        ]
        self.memory = PortMemory(buses, devices, self.save, self.machine.tree)
        guards = [self.memory.guard(one) for one in buses]
        self.guard_a, self.guard_b = (one for one in guards if one is not None)

    def save(self, row: DeviceRow) -> None:
        self.rows[row.id] = row

    def look(self) -> None:
        """Both ports are opened, and the journal keeps whose they are."""
        for guard, path in ((self.guard_a, self.a), (self.guard_b, self.b)):
            guard.confirm(Path(guard.locate(path)).stat().st_rdev)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_nothing_is_opened_before_the_journal_was_read(bench: Bench) -> None:
    with pytest.raises(PortLost, match="journal"):
        bench.guard_a.locate(bench.a)
    bench.memory.remember([])
    assert bench.guard_a.locate(bench.a) == bench.a


def test_what_was_seen_is_kept_over_restarts_and_followed(bench: Bench) -> None:
    terminals = [os.openpty() for _ in range(2)]
    left, right = (Path(os.ttyname(terminal)) for _, terminal in terminals)
    bench.machine.plug("ttyUSB0", "1.1", terminal=left)
    bench.machine.plug("ttyUSB1", "1.2", terminal=right)
    bench.memory.remember([])
    bench.look()
    assert [UsbIdentity.parse(row.uid or "") for row in bench.rows.values()] == [
        UsbIdentity(0x1A86, 0x7523, None, f"{CONTROLLER}:{chain}:1.0") for chain in ("1.1", "1.2")
    ]
    bench.start()
    bench.memory.remember(list(bench.rows.values()))
    bench.machine.unplug("ttyUSB0")
    bench.machine.unplug("ttyUSB1")
    bench.machine.plug("ttyUSB0", "1.2", terminal=right)
    with pytest.raises(ProtocolMismatch, match="ttyUSB0 leads to the board of b now"):
        bench.guard_a.locate(bench.a)
    with pytest.raises(ProtocolMismatch, match="board of b"):
        bench.guard_a.confirm(right.stat().st_rdev)
    bench.machine.plug("ttyUSB1", "1.1", terminal=left)
    assert bench.guard_a.locate(bench.a) == bench.b
    assert bench.guard_b.locate(bench.b) == bench.a
    bench.look()
    for descriptor in (one for pair in terminals for one in pair):
        os.close(descriptor)


def test_boards_that_say_who_they_are_are_not_guarded(bench: Bench) -> None:
    bus = BusSettings("x", BusType.SERIAL, "/dev/ttyUSB0")
    memory = PortMemory([bus], [DeviceSettings("a", "x")], bench.save)
    assert memory.guard(bus) is None


def test_rows_of_ports_are_told_from_those_of_boards() -> None:
    assert is_port(DeviceRow("a", "", uid=str(LEFT)))
    assert not is_port(DeviceRow("a", "", uid="0011223344556677"))
    assert not is_port(DeviceRow("a", ""))


def test_a_program_that_reads_the_port_already_is_named(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    board, port = os.openpty()
    bench.memory.remember([])
    with (
        Path(os.ttyname(port)).open("rb", buffering=0) as opened,
        subprocess.Popen(["/bin/cat"], stdin=opened, stdout=subprocess.DEVNULL) as cat,
    ):
        until(lambda: Path(f"/proc/{cat.pid}/comm").read_text() == "cat\n")
        bench.guard_a.confirm(os.fstat(port).st_rdev)
        cat.terminate()
    bench.guard_a.confirm(os.fstat(port).st_rdev)
    told = [record.getMessage() for record in caplog.records]
    assert told == [f"the port is open in cat ({cat.pid}) too, which takes bytes away: stop it"]
    os.close(board)
    os.close(port)
