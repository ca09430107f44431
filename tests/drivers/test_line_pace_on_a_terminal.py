"""Lines on a real terminal as fast as 115200 baud carries them: none is lost, each has its time."""

import os
import pty
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from arduino_iface.bus import SerialBus
from arduino_iface.lines.channel import LineChannel
from arduino_iface.lines.device import LineDevice
from arduino_iface.lines.format import FormatKind, LineFormat
from arduino_iface.lines.inlet import KEPT_MAX
from arduino_iface.lines.reader import LineSettings
from arduino_iface.lines.unread import Unread
from arduino_iface.measurement import Measurement
from arduino_iface.serial_transport import PortTransport
from tests.arduino_iface.waiting import until

SETTINGS = LineSettings(LineFormat(FormatKind.CSV, ("n", "")), (LineChannel("n", "n"),))


@contextmanager
def terminal() -> Iterator[tuple[int, LineDevice]]:
    """The end of the sketch, and the device at the other one, its port open and one line behind it."""
    sketch, port = pty.openpty()
    tty.setraw(port)
    bus = SerialBus("bench", PortTransport(os.ttyname(port)))
    device = LineDevice(bus, SETTINGS, "sketch")
    try:
        device.prepare()
        os.write(sketch, b"half a line\n")
        yield sketch, device
    finally:
        bus.close()
        os.close(sketch)
        os.close(port)


@pytest.mark.parametrize(("rate", "size"), [(400, 28), (600, 19)])
def test_no_line_is_lost_and_each_has_its_time(rate: int, size: int) -> None:
    count = 3 * rate
    written: list[float] = []
    pause = threading.Event()

    def write(sketch: int) -> None:
        began = time.monotonic()
        for number in range(count):
            pause.wait(max(0.0, began + number / rate - time.monotonic()))
            written.append(time.monotonic())
            os.write(sketch, f"{number},".encode().ljust(size - 1, b"7") + b"\n")

    measured: list[Measurement] = []

    def complete() -> bool:
        pause.wait(1.0)  # the gateway looks once a second
        measured.extend(device.collect())
        return len(measured) >= count

    with terminal() as (sketch, device):
        writer = threading.Thread(target=write, args=(sketch,))
        writer.start()
        try:
            until(complete, 60.0)
        finally:
            writer.join(60.0)
        assert device.lines.unread == {Unread.BEGINNING: 1}
        assert device.lines.shed == 0
    assert [one.values["n"] for one in measured] == list(range(count))
    times = [one.measured_mono for one in measured]
    assert times == sorted(times)
    assert len({round(at * 1000) for at in times}) > 0.8 * count
    late = sorted(at - wrote for at, wrote in zip(times, written, strict=True))
    # A writer that catches up hands over at once what a wire carries one byte after the other.
    assert late[0] > -1.0
    assert abs(late[count // 2]) < 0.1


def test_lines_that_nothing_collects_are_bounded_and_counted() -> None:
    line = b"1," + b"7" * 61 + b"\n"
    count = KEPT_MAX // len(line) + 2000
    with terminal() as (sketch, device):
        for _ in range(count):
            os.write(sketch, line)

        collected: list[Measurement] = []

        def drained() -> bool:
            collected.extend(device.collect())
            counts = device.lines
            return len(collected) + counts.shed + counts.ignored >= count + 1

        until(drained, 60.0)
        counts = device.lines
        assert len(collected) + counts.shed + counts.ignored == count + 1
        assert counts.shed > 2000
