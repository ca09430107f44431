"""What `gateway check` says of serial ports: names that may change, programs that take bytes away."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from gateway.config.settings import BusSettings, BusType
from gateway.model.finding import Finding, Verdict
from gateway.observe.ports import Machine, check_modem_manager, check_name, check_users
from tests.arduino_iface.waiting import until
from tests.support.usb import UsbMachine


class Pi:
    """A machine with links to its ports as udev makes them."""

    def __init__(self, root: Path) -> None:
        self.usb = UsbMachine(root)
        self.machine = Machine(
            usb=self.usb.tree,
            by_id=root / "dev/serial/by-id",
            by_path=root / "dev/serial/by-path",
            proc=root / "proc",
            udev=root / "udev",
            started_units=root / "wants",
        )
        for folder in (self.machine.by_id, self.machine.by_path, self.machine.proc):
            folder.mkdir(parents=True)
        for folder in (self.machine.udev, self.machine.started_units):
            folder.mkdir()
        self._open: list[int] = []

    def plug(self, tty: str, chain: str, *, serial: str | None = None) -> str:
        board, port = os.openpty()
        self._open += [board, port]
        path = self.usb.plug(tty, chain, serial=serial, terminal=Path(os.ttyname(port)))
        name = f"usb-1a86_{serial}-if00" if serial else "usb-1a86_USB_Serial-if00"
        (self.machine.by_id / name).unlink(missing_ok=True)
        (self.machine.by_id / name).symlink_to(path)
        (self.machine.by_path / f"usb-0:{chain}:1.0").symlink_to(path)
        return path

    def unplug(self) -> None:
        for descriptor in self._open:
            os.close(descriptor)

    def names(self, port: str | Path, others: Sequence[str] = ()) -> list[Finding]:
        bus = BusSettings("bench", BusType.SERIAL, str(port))
        buses = [bus, *(BusSettings("x", BusType.SERIAL, one) for one in others)]
        return list(check_name(bus, buses, self.machine))

    def runs(self, number: int, name: str) -> None:
        (self.machine.proc / str(number)).mkdir()
        (self.machine.proc / str(number) / "comm").write_text(f"{name}\n")

    def modem_manager(self, *ports: str) -> list[Finding]:
        buses = [BusSettings("bench", BusType.SERIAL, port) for port in ports]
        return list(check_modem_manager(buses, self.machine))


@pytest.fixture
def pi(tmp_path: Path) -> Iterator[Pi]:
    pi = Pi(tmp_path)
    yield pi
    pi.unplug()


def test_a_name_of_the_kernel_may_go_to_another_board(pi: Pi) -> None:
    port = pi.plug("ttyUSB0", "1.2", serial="8573A")
    (finding,) = pi.names(port)
    assert finding.verdict is Verdict.NOTE
    assert "may name another board" in finding.what
    assert finding.remedy == f'port = "{pi.machine.by_id}/usb-1a86_8573A-if00"'


def test_equal_boards_without_a_serial_number_are_told_apart_by_their_place(pi: Pi) -> None:
    left, right = pi.plug("ttyUSB0", "1.1"), pi.plug("ttyUSB1", "1.2")
    (finding,) = pi.names(left)
    assert finding.what.endswith(f"may swap with that of an equal board: {left}, {right}")
    assert finding.remedy == f'port = "{pi.machine.by_path}/usb-0:1.1:1.0"'
    (finding,) = pi.names(pi.machine.by_id / "usb-1a86_USB_Serial-if00")
    assert "may swap" in finding.what
    assert finding.remedy == f'port = "{pi.machine.by_path}/usb-0:1.2:1.0"'


def test_a_number_from_the_factory_is_no_serial_number(pi: Pi) -> None:
    left = pi.plug("ttyUSB0", "1.1", serial="0001")
    pi.plug("ttyUSB1", "1.2", serial="0001")
    (finding,) = pi.names(left)
    assert "may swap" in finding.what
    assert finding.remedy == f'port = "{pi.machine.by_path}/usb-0:1.1:1.0"'


def test_a_link_without_a_number_is_noted_where_it_matters(pi: Pi) -> None:
    pi.plug("ttyUSB0", "1.1")
    link = pi.machine.by_id / "usb-1a86_USB_Serial-if00"
    assert pi.names(link) == []
    (finding,) = pi.names(link, ["/dev/ttyUSB7"])
    assert "no serial number" in finding.what


def test_what_is_not_on_usb_has_a_name_that_stays(pi: Pi) -> None:
    assert pi.names("/dev/null") == []
    assert pi.names("/dev/ttyAMA99") == []


def test_another_program_that_has_the_port_open_is_named(pi: Pi) -> None:
    port = pi.plug("ttyUSB0", "1.1")
    bus = BusSettings("bench", BusType.SERIAL, port)
    machine = Machine(usb=pi.usb.tree)
    assert list(check_users(bus, machine)) == []
    with (
        Path(port).open("rb", buffering=0) as opened,
        subprocess.Popen(["/bin/cat"], stdin=opened, stdout=subprocess.DEVNULL) as cat,
    ):
        until(lambda: Path(f"/proc/{cat.pid}/comm").read_text() == "cat\n")
        (finding,) = check_users(bus, machine)
        cat.terminate()
    assert f"cat ({cat.pid})" in finding.what
    assert finding.verdict is Verdict.NOTE


def test_modem_manager_is_named_with_what_to_do(pi: Pi) -> None:
    port = pi.plug("ttyUSB0", "1.1")
    pi.runs(7, "bash")
    assert pi.modem_manager(port) == []
    pi.runs(8, "ModemManager")
    (finding,) = pi.modem_manager(port)
    assert finding.verdict is Verdict.NOTE
    assert "ModemManager runs" in finding.what
    assert "systemctl disable --now ModemManager" in (finding.remedy or "")
    assert "ID_MM_PORT_IGNORE" in (finding.remedy or "")


def test_also_when_it_only_starts_with_the_machine(pi: Pi) -> None:
    (pi.machine.started_units / "ModemManager.service").touch()
    (finding,) = pi.modem_manager()
    assert "starts with the machine" in finding.what


@pytest.mark.parametrize("mark", ["E:ID_MM_DEVICE_IGNORE=1", "E:ID_MM_PORT_IGNORE=1"])
def test_ports_that_it_leaves_alone_are_no_matter(pi: Pi, mark: str) -> None:
    left, right = pi.plug("ttyUSB0", "1.1"), pi.plug("ttyUSB1", "1.2")
    pi.runs(8, "ModemManager")
    number = os.stat(left).st_rdev
    (pi.machine.udev / f"c{os.major(number)}:{os.minor(number)}").write_text(f"S:x\n{mark}\n")
    (finding,) = pi.modem_manager(left)
    assert finding.verdict is Verdict.OK
    (finding,) = pi.modem_manager(left, right)
    assert finding.verdict is Verdict.NOTE
