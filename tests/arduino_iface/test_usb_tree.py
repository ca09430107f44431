"""Which hardware a port leads to, from a tree as sysfs has it."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arduino_iface.usb_tree import UsbIdentity, UsbTree
from tests.support.usb import CONTROLLER, UsbMachine

TEXTS = st.text(
    st.characters(blacklist_categories=("C", "Z"), blacklist_characters="@"), min_size=1
)


@pytest.fixture
def machine(tmp_path: Path) -> UsbMachine:
    return UsbMachine(tmp_path)


def test_ports_with_their_numbers_and_places(machine: UsbMachine) -> None:
    uno = machine.plug("ttyACM0", "1.4", kind="2341:0043", serial="85735313")
    clone = machine.plug("ttyUSB0", "1.2")
    assert machine.tree.ports() == {
        uno: UsbIdentity(0x2341, 0x0043, "85735313", f"{CONTROLLER}:1.4:1.0"),
        clone: UsbIdentity(0x1A86, 0x7523, None, f"{CONTROLLER}:1.2:1.0"),
    }


def test_a_port_is_known_by_its_device_number(machine: UsbMachine) -> None:
    board, terminal = os.openpty()
    path = machine.plug("ttyUSB0", "1.2", terminal=Path(os.ttyname(terminal)))
    found = machine.tree.of(os.fstat(terminal).st_rdev)
    assert found == machine.tree.at(path) == machine.tree.ports()[path]
    machine.unplug("ttyUSB0")
    assert machine.tree.of(os.fstat(terminal).st_rdev) is None
    assert machine.tree.at(path) is None
    os.close(board)
    os.close(terminal)


def test_what_is_not_on_usb_has_no_identity(tmp_path: Path) -> None:
    here = UsbTree(tmp_path, tmp_path / "none", tmp_path / "none")
    assert here.ports() == {}
    assert here.at("/dev/null") is None
    assert UsbTree().at("/dev/null") is None


@pytest.mark.parametrize(
    ("serial", "own"),
    [
        ("85735313", True),
        ("A50285BI", True),
        ("0001", False),
        ("0", False),
        ("000000", False),
        ("1", False),
        ("123456789", False),
        ("FFFF", False),
        (None, False),
    ],
)
def test_a_number_from_the_factory_is_no_number_of_its_own(serial: str | None, own: bool) -> None:
    identity = UsbIdentity(0x10C4, 0xEA60, serial, "usb:1:1.0")
    assert (identity.own_serial is not None) is own


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.none() | TEXTS, TEXTS)
def test_an_identity_is_read_as_it_was_written(
    vendor: int, product: int, serial: str | None, position: str
) -> None:
    identity = UsbIdentity(vendor, product, serial, position)
    assert UsbIdentity.parse(str(identity)) == identity


@pytest.mark.parametrize("text", ["", "0011223344556677", "usb:", "usb:1a86:7523", "x@y"])
def test_other_texts_are_none(text: str) -> None:
    assert UsbIdentity.parse(text) is None
