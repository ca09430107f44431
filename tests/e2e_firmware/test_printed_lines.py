"""Sketches that print, as real firmware: every form is read with its right values."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from arduino_iface.bus import SerialBus
from arduino_iface.lines.channel import LineChannel
from arduino_iface.lines.device import LineDevice
from arduino_iface.lines.format import FormatKind, LineFormat
from arduino_iface.lines.places import LinePlaces
from arduino_iface.lines.reader import LineSettings
from arduino_iface.lines.record import Record
from arduino_iface.lines.template import LineCommand
from arduino_iface.lines.unread import Unread
from arduino_iface.serial_transport import PortTransport
from arduino_iface.values import Readable
from tests.arduino_iface.waiting import until
from tests.support.avr import Uno, build, firmware

TH = (LineChannel("t", "t"), LineChannel("h", "h"))
NAMED = (LineChannel("t", "Temperature"), LineChannel("h", "Humidity"))
JSON = LineFormat(FormatKind.JSON)
PAIRS = LineFormat(FormatKind.KEYVALUE)
COLONS = LineFormat(FormatKind.KEYVALUE, equals=":")
SENTENCE = (LinePlaces.of("Humidity: {h}%  Temperature: {t}\u00b0C"),)
GOOD: dict[str, Readable] = {"t": 23.1, "h": 45.2}
NO_T: dict[str, Readable] = {"t": None, "h": 45.2}
ENOUGH = 5


@pytest.fixture(scope="module")
def uno() -> Iterator[Uno]:
    build("harness")
    with Uno(firmware("PrintedLines")) as board:
        yield board


def read(
    uno: Uno, form: str, settings: LineSettings
) -> tuple[list[dict[str, Readable]], LineDevice]:
    """Some readings of this form, from the first one of it on."""
    command = LineCommand("form", form)
    settings = LineSettings(
        settings.format,
        settings.channels,
        (command, LineCommand("banner", "r")),
        record=settings.record,
    )
    bus = SerialBus("bench", PortTransport(str(Path(uno.tty))))
    device = LineDevice(bus, settings, "sketch")
    readings: list[dict[str, Readable]] = []

    def enough() -> bool:
        readings.extend(dict(one.values) for one in device.collect())
        return len(readings) >= ENOUGH

    try:
        device.command(command.described(0), {})
        device.command(device.schema.commands[1], {})
        until(enough, 60.0)
    finally:
        bus.close()
    return readings, device


@pytest.mark.parametrize(
    ("form", "settings", "expected"),
    [
        ("a", LineSettings(JSON, TH), GOOD),
        ("b", LineSettings(JSON, TH), NO_T),
        ("c", LineSettings(COLONS, NAMED), GOOD),
        ("c", LineSettings(LineFormat(FormatKind.PATTERN, patterns=SENTENCE), TH), GOOD),
        ("d", LineSettings(PAIRS, TH), GOOD),
        ("e", LineSettings(LineFormat(FormatKind.CSV, ("", "t", "h"), delimiter="\t"), TH), GOOD),
        ("f", LineSettings(PAIRS, NAMED, record=Record(end="")), GOOD),
        ("f", LineSettings(PAIRS, NAMED, record=Record(begin="Temperature")), GOOD),
        ("g", LineSettings(LineFormat(FormatKind.CSV, ("", "t", "h", "")), TH), GOOD),
        ("h", LineSettings(JSON, TH), GOOD),
        ("i", LineSettings(PAIRS, TH), NO_T),
    ],
)
def test_a_form_has_the_right_values(
    uno: Uno, form: str, settings: LineSettings, expected: dict[str, Readable]
) -> None:
    readings, device = read(uno, form, settings)
    # Lines of the form before may have fitted too, and a record may have begun when the port was opened.
    assert readings[-3:] == [expected] * 3
    counts = device.lines
    assert counts.shed == 0
    assert counts.unread[Unread.BEGINNING] >= 1
    # The banner is a sentence to every format, and a channel to none.
    assert counts.ignored >= 12


def test_a_banner_is_no_channel(uno: Uno) -> None:
    readings, device = read(uno, "c", LineSettings(COLONS))
    assert readings[-1] == {"humidity": 45.2, "temperature": 23.1}
    assert [(one.name, one.unit) for one in device.schema.channels] == [
        *(("humidity", "%"), ("temperature", "Cel")),
    ]
