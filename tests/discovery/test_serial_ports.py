"""Ports of known vendors, from a by-id folder and a tree as sysfs has them."""

from pathlib import Path

import pytest

from arduino_iface.serial_ports import UsbPort, arduino_ports, usb_ports


class Machine:
    """A /dev and a /sys with what is plugged in."""

    def __init__(self, root: Path) -> None:
        self.dev, self.by_id = root / "dev", root / "dev/serial/by-id"
        self.sys_tty, self._usb = root / "sys/class/tty", root / "sys/devices/usb1"
        self.dev.mkdir(parents=True)
        self.sys_tty.mkdir(parents=True)

    def plug(self, name: str, tty: str, vendor: str | None, *, deep: int = 2) -> Path:
        """A port whose USB device is so many folders above its tty; vendor None: not on USB."""
        device = self._usb / f"1-{tty}"
        interface = device.joinpath(*(f"part{number}" for number in range(deep)))
        interface.mkdir(parents=True)
        if vendor is not None:
            (device / "idVendor").write_text(vendor)
        (self.sys_tty / tty).mkdir()
        (self.sys_tty / tty / "device").symlink_to(interface)
        (self.dev / tty).touch()
        self.by_id.mkdir(parents=True, exist_ok=True)
        link = self.by_id / name
        link.symlink_to(f"../../{tty}")
        return link

    def ports(self) -> list[UsbPort]:
        return arduino_ports(self.by_id, self.sys_tty)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_without_any_port_there_is_no_folder(machine: Machine) -> None:
    assert machine.ports() == []


def test_arduinos_and_the_chips_of_clones_are_known(machine: Machine) -> None:
    uno = machine.plug("usb-Arduino_Uno_85735-if00", "ttyACM0", "2341\n", deep=1)
    clone = machine.plug("usb-1a86_USB_Serial-if00-port0", "ttyUSB0", "1a86\n", deep=3)
    modem = machine.plug("usb-Modem-if00", "ttyACM1", "1199\n")
    assert machine.ports() == [
        UsbPort(str(clone), "ttyUSB0", 0x1A86),
        UsbPort(str(uno), "ttyACM0", 0x2341),
    ]
    assert [port.vendor for port in machine.ports()] == ["WCH CH340", "Arduino"]
    everything = usb_ports(machine.by_id, machine.sys_tty)
    assert [port.path for port in everything] == [str(clone), str(uno), str(modem)]
    assert everything[1].vendor == "Arduino"
    assert everything[2].vendor == "USB vendor 1199"


def test_a_port_that_is_not_on_usb_is_none(machine: Machine) -> None:
    machine.plug("platform-uart", "ttyAMA0", None)
    machine.plug("usb-broken", "ttyACM3", "no number")
    assert machine.ports() == []


def test_a_link_to_nothing_is_no_port(machine: Machine) -> None:
    link = machine.plug("usb-Arduino_Uno-if00", "ttyACM0", "2341\n")
    (machine.sys_tty / "ttyACM0/device").unlink()
    assert machine.ports() == []
    link.unlink()
    assert machine.ports() == []
