"""Whether the gateway can work on this machine: buses, folders, space, clock.

For `gateway check`. Changes nothing and sends nothing on a bus. The answers are for the user that the gateway
runs as, who may be another than the one who runs the command.
"""

import grp
import os
import pwd
import shutil
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.config.settings import BusSettings, BusType, Settings
from gateway.model.finding import Finding, Verdict
from gateway.observe.ports import check_ports
from gateway.runtime.timekeeper import kernel_synchronised
from gateway.service.layout import GROUPS, USER, Layout

_SPACE_RESERVE_BYTES = 200 << 20
_RESTART = "then systemctl restart gateway"


@dataclass(frozen=True, slots=True)
class Person:
    """Who the gateway runs as."""

    name: str
    uid: int
    gids: frozenset[int]

    def may(self, found: os.stat_result, bits: int) -> bool:
        """Whether the file's permissions grant `bits` (4 read, 2 write, 1 enter). Pure."""
        if self.uid == 0:
            return True
        if found.st_uid == self.uid:
            return (found.st_mode >> 6) & bits == bits
        if found.st_gid in self.gids:
            return (found.st_mode >> 3) & bits == bits
        return found.st_mode & bits == bits


def check_machine(settings: Settings, layout: Layout | None = None) -> Iterator[Finding]:
    """Check everything but what parts check themselves."""
    person, is_service = _person(settings, layout or Layout())
    if not settings.simulated:
        for bus in settings.buses:
            yield check_bus(bus, person, is_service)
        yield from check_ports(settings)
    yield check_folder("journal", settings.journal.path.parent, person, is_service)
    yield check_folder("log", settings.logging.folder, person, is_service)
    yield check_space(settings.journal.path, settings.journal.max_bytes)
    yield _check_clock()


def check_bus(bus: BusSettings, person: Person, is_service: bool = False) -> Finding:
    """Whether the person may open the bus's port."""
    path = Path(bus.port)
    title = f"bus {bus.name}: {bus.port}"
    try:
        found = path.stat()
    except FileNotFoundError:
        if bus.type is BusType.I2C:
            remedy = "enable I2C: sudo raspi-config, Interface Options; or correct port in [[bus]]"
        else:
            remedy = "plug it in, or correct port in [[bus]]: ls /dev/serial/by-id/"
        return Finding(Verdict.WRONG, f"{title} does not exist", remedy)
    except OSError as error:
        return Finding(Verdict.WRONG, f"{title}: {error.strerror}", "correct port in [[bus]]")
    return judge_port(bus, found, person, is_service)


def judge_port(
    bus: BusSettings, found: os.stat_result, person: Person, is_service: bool = False
) -> Finding:
    """The same for a port that exists. Pure, but for the names of groups."""
    title = f"bus {bus.name}: {bus.port}"
    if not stat.S_ISCHR(found.st_mode):
        return Finding(Verdict.WRONG, f"{title} is not a device", "correct port in [[bus]]")
    if person.may(found, 6):
        return Finding(Verdict.OK, f"{title} can be opened by {person.name}")
    group = _group_name(found.st_gid)
    if found.st_gid == 0 or (found.st_mode >> 3) & 6 != 6:
        return Finding(
            Verdict.WRONG,
            f"{title} can be opened by root only",
            "sudo apt install i2c-tools, then restart: its udev rule gives buses to the group i2c"
            if bus.type is BusType.I2C
            else f"a udev rule must give it to the group dialout: ls -l {bus.port}",
        )
    again = _RESTART if is_service else "then log in again"
    return Finding(
        Verdict.WRONG,
        f"{title} cannot be opened by {person.name}; its group is {group}",
        f"sudo adduser {person.name} {group}, {again}",
    )


def check_folder(kind: str, folder: Path, person: Person, is_service: bool = False) -> Finding:
    """Whether the person may write there, or create the folder."""
    existing = next(one for one in (folder, *folder.parents) if one.exists())
    try:
        found = existing.stat()
    except OSError as error:
        return Finding(Verdict.WRONG, f"{kind} folder {folder}: {error.strerror}")
    if existing != folder and is_service:
        return Finding(Verdict.OK, f"{kind} folder {folder} will be created by systemd")
    if person.may(found, 3):
        return Finding(Verdict.OK, f"{kind} folder {folder} is writable for {person.name}")
    return Finding(
        Verdict.WRONG,
        f"{kind} folder {folder} is not writable for {person.name}",
        f"sudo chown {person.name} {existing}",
    )


def check_space(journal: Path, max_bytes: int, free: int | None = None) -> Finding:
    """Whether the journal can grow to its bound. `free` in bytes; None: ask the file system."""
    existing = next(one for one in (journal.parent, *journal.parents) if one.exists())
    if free is None:
        free = shutil.disk_usage(existing).free
    used = journal.stat().st_size if journal.exists() else 0
    needed = max(0, max_bytes - used) + _SPACE_RESERVE_BYTES
    what = f"{free >> 20} MiB free in {existing}"
    if free >= needed:
        return Finding(Verdict.OK, f"{what}, enough for the journal")
    verdict = Verdict.WRONG if free < _SPACE_RESERVE_BYTES else Verdict.NOTE
    bound = max(1, (free - _SPACE_RESERVE_BYTES) >> 20)
    remedy = f"free some space, or set max_size in [journal] below {bound}MiB"
    return Finding(verdict, f"{what}; the journal may need {needed >> 20} MiB", remedy)


def _check_clock() -> Finding:
    if kernel_synchronised():
        return Finding(Verdict.OK, "the clock is synchronised")
    return Finding(
        Verdict.NOTE,
        "the clock is not synchronised; readings may have a wrong time",
        "sudo timedatectl set-ntp true, or fit a real-time clock",
    )


def _person(settings: Settings, layout: Layout) -> tuple[Person, bool]:
    """The service's user for the service's configuration, otherwise the current one."""
    is_service = layout.unit.exists() and settings.config_file == layout.config
    if is_service:
        try:
            entry = pwd.getpwnam(USER)
        except KeyError:
            is_service = False
        else:
            groups = [*os.getgrouplist(USER, entry.pw_gid), *_unit_groups()]
            return Person(USER, entry.pw_uid, frozenset(groups)), True
    uid = os.geteuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = str(uid)
    return Person(name, uid, frozenset([os.getegid(), *os.getgroups()])), is_service


def _unit_groups() -> Sequence[int]:
    """What SupplementaryGroups of the unit adds."""
    found = []
    for name in GROUPS:
        try:
            found.append(grp.getgrnam(name).gr_gid)
        except KeyError:
            continue
    return found


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
