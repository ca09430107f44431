"""Which piece of hardware a serial port leads to: USB ids, serial number, and where it is plugged in.

Reads sysfs and opens nothing. A name such as `/dev/ttyUSB0` says in which order ports were found; what is
here stays with the board, or with its place.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

_PARENTS_MAX = 8
_ROOT = re.compile(r"usb[0-9]+")
_NO_SERIALS = re.compile(r"(.)\1*|0*1|0?123456.*", re.DOTALL)
"""What chips have as a serial number before someone gives them one: 0, 0000, 0001, 123456."""


@dataclass(frozen=True, slots=True)
class UsbIdentity:
    """A USB serial port. `serial` is None for a chip without one, as a CH340 is.

    `position` names the controller, the chain of hub ports, and the interface: `platform/soc/usb:1.2:1.0`.
    """

    vendor_id: int
    product_id: int
    serial: str | None
    position: str

    @property
    def kind(self) -> tuple[int, int]:
        """Vendor and product: what equal boards share."""
        return self.vendor_id, self.product_id

    @property
    def own_serial(self) -> str | None:
        """The serial number, None when it is what every chip of this kind has from the factory."""
        serial = self.serial
        return None if serial is None or _NO_SERIALS.fullmatch(serial) else serial

    def __str__(self) -> str:
        """As it is kept: `usb:1a86:7523:SERIAL@POSITION`."""
        return f"usb:{self.vendor_id:04x}:{self.product_id:04x}:{self.serial or ''}@{self.position}"

    @classmethod
    def parse(cls, text: str) -> "UsbIdentity | None":
        """From its text; None for anything else."""
        found = re.fullmatch(r"usb:([0-9a-f]{4}):([0-9a-f]{4}):(.*)@([^@]*)", text, re.DOTALL)
        if found is None:
            return None
        vendor, product, serial, position = found.groups()
        return cls(int(vendor, 16), int(product, 16), serial or None, position)


@dataclass(frozen=True, slots=True)
class UsbTree:
    """The folders of a machine: device files, and the kernel's terminals by name and by number."""

    dev: Path = Path("/dev")
    sys_tty: Path = Path("/sys/class/tty")
    sys_char: Path = Path("/sys/dev/char")

    def ports(self) -> dict[str, UsbIdentity]:
        """The USB serial ports that are plugged in now, by the path of their device file."""
        try:
            names = sorted(os.listdir(self.sys_tty))
        except OSError:
            return {}
        found = {}
        for name in names:
            identity = _identity(self.sys_tty / name / "device")
            if identity is not None:
                found[str(self.dev / name)] = identity
        return found

    def at(self, path: str) -> UsbIdentity | None:
        """What a path leads to now; None: nothing, or no USB port."""
        try:
            return self.of(os.stat(path).st_rdev)
        except OSError:
            return None

    def of(self, device_number: int) -> UsbIdentity | None:
        """The port with a device number (`st_rdev`); None when it is gone or not on USB."""
        number = f"{os.major(device_number)}:{os.minor(device_number)}"
        return _identity(self.sys_char / number / "device")


def _identity(device: Path) -> UsbIdentity | None:
    try:
        here = device.resolve(strict=True)
    except OSError:
        return None
    interface = here.name
    for _ in range(_PARENTS_MAX):
        vendor_id, product_id = _hex(here / "idVendor"), _hex(here / "idProduct")
        if vendor_id is not None:
            position = _position(here, interface)
            return UsbIdentity(vendor_id, product_id or 0, _text(here / "serial"), position)
        interface, here = here.name, here.parent
    return None


def _position(usb_device: Path, interface: str) -> str:
    """Without the numbers of buses, which depend on the order in which controllers were found."""
    parts = usb_device.parts
    root = next((at for at, part in enumerate(parts) if _ROOT.fullmatch(part)), len(parts) - 1)
    controller = "/".join(parts[parts.index("devices") + 1 : root] if "devices" in parts else ())
    chain = usb_device.name.partition("-")[2] or usb_device.name
    return f"{controller}:{chain}:{interface.rpartition(':')[2]}"


def _text(file: Path) -> str | None:
    """The line of a file in sysfs, None for none. Serial numbers are what a maker has written."""
    try:
        text = file.read_bytes().decode("utf-8", "replace")
    except OSError:
        return None
    return "".join(mark for mark in text.strip() if mark.isprintable() and mark != "@") or None


def _hex(file: Path) -> int | None:
    try:
        return int(file.read_text(), 16)
    except (OSError, ValueError):
        return None
