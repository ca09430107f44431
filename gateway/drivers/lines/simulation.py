"""The simulated board of a device that prints lines: likely values, and answers to commands."""

import re
from pathlib import Path
from zlib import crc32

from arduino_iface.clock import Clock
from arduino_iface.lines.match import LinePattern
from arduino_iface.lines.reader import LineSettings
from dummy_hw.hardware import DummyHardware
from dummy_hw.likely import likely, room_signals
from dummy_hw.line_board import LineBoard
from dummy_hw.signals import Signal
from gateway.config.settings import DeviceSettings
from gateway.drivers.base import INTERVAL_DEFAULT_S

_ANSWERS = ("OK", "ok", "OK 0", "done", "ACK", "0", "1")


def add(hardware: DummyHardware, device: DeviceSettings, folder: Path) -> None:  # noqa: ARG001
    """Put a board at the end of the device's line; there is nothing of it to keep in `folder`."""
    assert isinstance(device.options, LineSettings)
    interval_s = device.interval_s or INTERVAL_DEFAULT_S
    board = make_board(device.id, device.options, hardware.clock, interval_s)
    hardware.add_serial(device.id, device.bus, board)


def make_board(
    device_id: str, settings: LineSettings, clock: Clock, interval_s: float = INTERVAL_DEFAULT_S
) -> LineBoard:
    """A board without power yet that prints every `interval_s` seconds; its values depend on the id.

    A command whose reply nothing simple fits gets none.
    """
    base = crc32(device_id.encode())
    signals: dict[str, Signal] = {
        one.name: likely(base + number, one.described, one.minimum, one.maximum)
        for number, one in enumerate(one for kind in settings.kinds for one in kind.channels)
    }
    answers = {
        one.name: answer
        for one in settings.commands
        if one.reply is not None and (answer := _answer(one.reply)) is not None
    }
    if not signals:
        signals = {name: one for name, one in room_signals(base).items() if name != "supply"}
    return LineBoard(settings, clock=clock, signals=signals, interval_s=interval_s, answers=answers)


def _answer(reply: LinePattern) -> str | None:
    plain = re.sub(r"\\(.)", r"\1", reply.text).strip("^$")
    return next((one for one in (plain, *_ANSWERS) if reply.fits(one)), None)
