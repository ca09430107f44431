"""Serial ports that may lead to an Arduino: USB ports of known vendors, by their stable names.

Reads `/dev/serial/by-id` and sysfs and opens nothing. `serial.tools.list_ports` is not used: it does not
look into `by-id` and lists ports that do not exist.
"""

from dataclasses import dataclass
from pathlib import Path

BY_ID = Path("/dev/serial/by-id")
"""udev's links to USB serial ports, named by vendor, product and serial number."""

SYS_TTY = Path("/sys/class/tty")
"""The kernel's terminals, with links to their devices."""

KNOWN_VENDORS = {
    0x2341: "Arduino",
    0x2A03: "Arduino (arduino.org)",
    0x0403: "FTDI",
    0x1A86: "WCH CH340",
    0x10C4: "Silicon Labs CP210x",
    0x067B: "Prolific PL2303",
    0x239A: "Adafruit",
    0x1B4F: "SparkFun",
    0x16C0: "PJRC Teensy",
    0x2E8A: "Raspberry Pi",
    0x2886: "Seeed Studio",
    0x303A: "Espressif",
}
"""USB vendor ids of Arduino boards and of the serial chips on their clones."""

_PARENTS_MAX = 8


@dataclass(frozen=True, slots=True)
class UsbPort:
    """A serial port on USB. `path` is its stable name, `tty` the kernel's present one (ttyACM0)."""

    path: str
    tty: str
    vendor_id: int

    @property
    def vendor(self) -> str:
        """The vendor's name."""
        return KNOWN_VENDORS.get(self.vendor_id, f"USB vendor {self.vendor_id:04x}")


def arduino_ports(by_id: Path = BY_ID, sys_tty: Path = SYS_TTY) -> list[UsbPort]:
    """The ports of known vendors that are plugged in now, ordered by name."""
    return [port for port in usb_ports(by_id, sys_tty) if port.vendor_id in KNOWN_VENDORS]


def usb_ports(by_id: Path = BY_ID, sys_tty: Path = SYS_TTY) -> list[UsbPort]:
    """Every USB serial port that is plugged in now, ordered by name."""
    try:
        names = sorted(by_id.iterdir())
    except FileNotFoundError:
        return []  # the folder is only there while a port is
    found = []
    for name in names:
        tty = name.resolve().name
        vendor_id = _vendor_id(sys_tty / tty / "device")
        if vendor_id is not None:
            found.append(UsbPort(str(name), tty, vendor_id))
    return found


def _vendor_id(device: Path) -> int | None:
    """From the USB device above a tty in sysfs; None when the tty is gone or not on USB."""
    here = device.resolve()
    for _ in range(_PARENTS_MAX):
        try:
            return int((here / "idVendor").read_text(), 16)
        except (OSError, ValueError):
            here = here.parent
    return None
