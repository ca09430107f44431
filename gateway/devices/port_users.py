"""Which programs have a serial port open, as `/proc` tells."""

import os
from collections.abc import Collection, Mapping
from pathlib import Path

PROC = Path("/proc")
"""The running programs."""


def programs(proc: Path = PROC) -> Mapping[int, str]:
    """Names of the running programs by process id; those that end meanwhile are left out."""
    found = {}
    for folder in proc.iterdir():
        if folder.name.isdigit():
            try:
                found[int(folder.name)] = (folder / "comm").read_text().strip()
            except OSError:
                continue
    return found


def port_users(device_number: int, proc: Path = PROC) -> list[str]:
    """Other programs that have the port with this `st_rdev` open, such as `cat (4711)`.

    Only those that this user may look at, and no gateway.
    """
    return [
        f"{name} ({number})"
        for number, name in sorted(programs(proc).items())
        if number != os.getpid()
        and not _is_gateway(proc / str(number))
        and _has_open(proc / str(number) / "fd", device_number)
    ]


def _has_open(descriptors: Path, device_number: int) -> bool:
    """False for a process that this user may not look at."""
    try:
        links: Collection[str] = os.listdir(descriptors)
    except OSError:
        return False
    for link in links:
        try:
            if os.stat(descriptors / link).st_rdev == device_number:
                return True
        except OSError:
            continue
    return False


def _is_gateway(process: Path) -> bool:
    """Whether a process is a gateway, which may have its ports open."""
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return any(word == b"gateway" or word.endswith(b"/gateway") for word in words[:4])
