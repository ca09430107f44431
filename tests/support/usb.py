"""A /dev and a /sys with USB serial ports, whose device files lead to pseudo-terminals or nowhere."""

import os
from pathlib import Path

from arduino_iface.usb_tree import UsbTree

CONTROLLER = "platform/soc/usb"


class UsbMachine:
    """What is plugged in where. A port has a kernel's name (ttyUSB0), which may go to another one."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.dev = root / "dev"
        self.sys_tty, self.sys_char = root / "sys/class/tty", root / "sys/dev/char"
        for folder in (self.dev, self.sys_tty, self.sys_char):
            folder.mkdir(parents=True)
        self.tree = UsbTree(self.dev, self.sys_tty, self.sys_char)

    def plug(
        self,
        tty: str,
        chain: str,
        *,
        kind: str = "1a86:7523",
        serial: str | None = None,
        terminal: Path | None = None,
    ) -> str:
        """A board at a hub port such as `1.2`; `terminal` is what its device file leads to."""
        device = self._root / f"sys/devices/{CONTROLLER}/usb1/1-1/1-{chain}"
        interface = device / f"1-{chain}:1.0"
        interface.mkdir(parents=True, exist_ok=True)
        vendor, product = kind.split(":")
        (device / "idVendor").write_text(f"{vendor}\n")
        (device / "idProduct").write_text(f"{product}\n")
        if serial is not None:
            (device / "serial").write_text(f"{serial}\n")
        (self.sys_tty / tty).mkdir()
        (self.sys_tty / tty / "device").symlink_to(interface)
        path = self.dev / tty
        if terminal is not None:
            path.symlink_to(terminal)
            found = path.stat().st_rdev
            number = self.sys_char / f"{os.major(found)}:{os.minor(found)}"
            number.unlink(missing_ok=True)
            number.symlink_to(self.sys_tty / tty)
        return str(path)

    def unplug(self, tty: str) -> None:
        """Its names are gone."""
        for number in self.sys_char.iterdir():
            if number.readlink() == self.sys_tty / tty:
                number.unlink()
        (self.sys_tty / tty / "device").unlink()
        (self.sys_tty / tty).rmdir()
        (self.dev / tty).unlink(missing_ok=True)
