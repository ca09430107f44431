"""What could come between the gateway and its serial ports: names that change, and other programs.

For `gateway check`. Opens no port.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from arduino_iface.usb_tree import UsbIdentity, UsbTree
from gateway.config.settings import BusSettings, BusType, Settings
from gateway.devices.port_users import PROC, port_users, programs
from gateway.devices.ports import BY_ID, BY_PATH, names_its_board
from gateway.model.finding import Finding, Verdict

MODEM_MANAGER = "ModemManager"

_MM_IGNORED = ("E:ID_MM_DEVICE_IGNORE=1", "E:ID_MM_PORT_IGNORE=1")
_MM_REMEDY = (
    "sudo systemctl disable --now ModemManager; where a modem needs it, a udev rule for the port: "
    'ENV{ID_MM_PORT_IGNORE}="1"'
)


@dataclass(frozen=True, slots=True)
class Machine:
    """The folders in which a machine tells of its ports and programs."""

    usb: UsbTree = field(default_factory=UsbTree)
    by_id: Path = Path(BY_ID)
    by_path: Path = Path(BY_PATH)
    proc: Path = PROC
    udev: Path = Path("/run/udev/data")
    started_units: Path = Path("/etc/systemd/system/multi-user.target.wants")


def check_ports(settings: Settings, machine: Machine | None = None) -> Iterator[Finding]:
    """What was found of the serial ports, configured or to be searched."""
    machine = machine or Machine()
    buses = [one for one in settings.buses if one.type is BusType.SERIAL]
    for bus in buses:
        yield from check_name(bus, buses, machine)
        yield from check_users(bus, machine)
    if buses or settings.discovery.serial:
        yield from check_modem_manager(buses, machine)


def check_name(
    bus: BusSettings, buses: Sequence[BusSettings], machine: Machine
) -> Iterator[Finding]:
    """Whether the port's name may go to another board."""
    ports = machine.usb.ports()
    identity = machine.usb.at(bus.port)
    if identity is None or names_its_board(bus.port, identity):
        return
    equal = [path for path, one in ports.items() if _equal(one, identity)]
    title = f"bus {bus.name}: {bus.port}"
    stable = _stable_name(bus.port, identity, unique=len(equal) == 1, machine=machine)
    remedy = f'port = "{stable}"' if stable else f"take a port from {BY_PATH}"
    if len(equal) > 1:
        what = f"may swap with that of an equal board: {', '.join(equal)}"
    elif bus.port.startswith(BY_ID) or Path(bus.port).parent == machine.by_id:
        if len(buses) == 1:
            return  # nothing that it could be taken for
        what = "goes to any board of this kind, which has no serial number"
    else:
        what = "may name another board after a start, or when ports are plugged in"
    yield Finding(Verdict.NOTE, f"{title} {what}", remedy)


def check_users(bus: BusSettings, machine: Machine) -> Iterator[Finding]:
    """Whether other programs have the port open, as far as they can be looked at."""
    try:
        number = os.stat(bus.port).st_rdev
    except OSError:
        return
    users = port_users(number, machine.proc)
    if users:
        yield Finding(
            Verdict.NOTE,
            f"bus {bus.name}: {bus.port} is open in {', '.join(users)}, which takes bytes away",
            "stop that program",
        )


def check_modem_manager(buses: Sequence[BusSettings], machine: Machine) -> Iterator[Finding]:
    """Whether ModemManager may open a port and send to it."""
    runs = MODEM_MANAGER in programs(machine.proc).values()
    if not runs and not (machine.started_units / f"{MODEM_MANAGER}.service").exists():
        return
    left_alone = [one.port for one in buses if _is_left_alone(one.port, machine.udev)]
    if buses and len(left_alone) == len(buses):
        yield Finding(Verdict.OK, f"{MODEM_MANAGER} leaves the ports alone")
        return
    what = "runs" if runs else "starts with the machine"
    yield Finding(
        Verdict.NOTE,
        f"{MODEM_MANAGER} {what}: it opens serial ports that appear, and sends to the boards",
        _MM_REMEDY,
    )


def _equal(one: UsbIdentity, other: UsbIdentity) -> bool:
    return (one.kind, one.own_serial or "") == (other.kind, other.own_serial or "")


def _stable_name(port: str, identity: UsbIdentity, *, unique: bool, machine: Machine) -> str | None:
    """A link to the port whose name stays: by its serial number, otherwise by its place."""
    folders = [machine.by_path]
    if identity.own_serial is not None and unique:
        folders.insert(0, machine.by_id)
    here = Path(port).resolve()
    for folder in folders:
        for link in sorted(folder.iterdir()) if folder.is_dir() else []:
            if link.resolve() == here:
                return str(link)
    return None


def _is_left_alone(port: str, udev: Path) -> bool:
    try:
        number = os.stat(port).st_rdev
        text = (udev / f"c{os.major(number)}:{os.minor(number)}").read_text(errors="replace")
    except OSError:
        return False
    return any(line in text.splitlines() for line in _MM_IGNORED)
