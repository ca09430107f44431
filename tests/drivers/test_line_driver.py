"""Printed lines from the wire to the journal: outcomes, times, intervals, and words for what is wrong."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from arduino_iface.lines.channel import LineChannel
from arduino_iface.lines.format import FormatKind, LineFormat
from arduino_iface.lines.reader import LineSettings
from gateway.model.reading import Quality
from gateway.model.registry import DeviceState
from tests.drivers.line_house import LineHouse

CSV = LineSettings(LineFormat(FormatKind.CSV, ("t",)), (LineChannel("t", "t"),))
JSON = LineSettings(LineFormat(FormatKind.JSON), (LineChannel("t", "t"), LineChannel("h", "h")))
PAIRS = LineSettings(LineFormat(FormatKind.KEYVALUE))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def values(house: LineHouse) -> list[object]:
    return [dict(one.reading.values) for one in house.house.stored()]


@pytest.fixture
def houses(path: Path) -> Iterator[list[LineHouse]]:
    made: list[LineHouse] = []
    yield made
    for one in made:
        one.house.close()


def test_every_line_is_stored_or_ignored_or_lost(path: Path, houses: list[LineHouse]) -> None:
    house = LineHouse(path, JSON)
    houses.append(house)
    house.prints(0.5, "half a line\n")
    lines = ['{"t":nan,"h":45.2}', "ready", '{"t":21', "x" * 2000, '{"t":21,"h":1}', '{"t":"?!x"}']
    for number, line in enumerate(lines):
        house.prints(1.0 + number / 2, f"{line}\r\n")
    house.prints(4.5, b"\x01\xff\x80\n")
    house.prints(5.0, '{"t":22,"h":2}\n')
    house.run(8)
    assert values(house) == [{"t": None, "h": 45.2}, {"t": 21, "h": 1}, {"t": 22, "h": 2}]
    assert [one.reading.quality for one in house.house.stored()] == [
        *(Quality.PARTIAL, Quality.GOOD, Quality.GOOD),
    ]
    assert house.ledger() == (6, 3, {"bus_error": 3})
    assert (house.learned.ignored, house.learned.damaged) == (3, 3)
    assert [text for text, _ in house.learned.unread][1:] == ['{"t":"?!x"}', "\ufffd\ufffd\ufffd"]
    assert house.house.state("scale") is DeviceState.ONLINE
    detail = house.detail
    assert detail is not None
    assert detail.startswith("not read: ")
    assert '"{"t":"?!x"}" has no value for any channel' in detail
    house.prints(700.0, '{"t":22,"h":2}\n')
    house.run(700)
    assert house.detail is None  # that was ten minutes ago


@pytest.mark.parametrize(
    ("wire", "words"),
    [
        (b"", "no line with a reading arrived"),
        (b"\xf8\x80\xf0\x1e\x00\xfe" * 20, "the baud rate is probably not 9600"),
        (b"\n\xf8\x80\xf0\n\x1e\x86\xfe\n" * 8, "the baud rate is probably not 9600"),
        (b"\n" + b"21.5," * 400, "a line has more than 1024 bytes"),
        (b"\n" + b"21.5," * 400 + b"\n", "a line has more than 1024 bytes"),
        (b"21.5,", "no end of a line: the sketch must use Serial.println()"),
        (b"\nt=21.5\n", 'none has the format "csv"; not read: "t=21.5" does not have'),
        (b"\nwarm\n", 'not read: "warm" has no value for any channel'),
    ],
)
def test_what_is_wrong_has_its_own_words(
    path: Path, houses: list[LineHouse], wire: bytes, words: str
) -> None:
    two = LineSettings(LineFormat(FormatKind.CSV, ("t",) if b"warm" in wire else ("t", "h")))
    settings = LineSettings(two.format, (LineChannel("t", "t"),))
    house = LineHouse(path, settings, 1.0, baud=9600)
    houses.append(house)
    house.prints(0.5, wire)
    house.run(7)
    assert house.detail is not None
    assert words in house.detail
    assert house.house.state("scale") is not DeviceState.ONLINE


def test_a_sketch_that_prints_each_12_s_stays_online(path: Path, houses: list[LineHouse]) -> None:
    house = LineHouse(path, CSV)
    houses.append(house)
    house.prints(0.5, "half\n")
    for number in range(40):
        house.prints(5 + 12 * number, f"{number}\n")
    house.run(6)
    states = set()
    while house.script.lines:
        house.run(1)
        states.add(house.house.state("scale"))
    assert states == {DeviceState.ONLINE}
    assert house.house.view("scale").interval_s == 12
    assert house.learned.interval_s == 12
    house.run(3)
    assert values(house) == [{"t": number} for number in range(40)]
    assert house.ledger() == (40, 40, {})
    house.run(80)
    assert house.house.state("scale") is DeviceState.OFFLINE
    assert house.ledger() == (46, 40, {"device_absent": 6})


def test_each_line_has_the_time_when_it_came(path: Path, houses: list[LineHouse]) -> None:
    house = LineHouse(path, CSV, 10.0)
    houses.append(house)
    start_ms = house.house.clock.wall_ms()
    house.prints(0.05, "half\n")
    for number in range(400):
        house.prints(0.1 + number * 0.01, f"{number}\n")
    house.run(9)
    times = [one.reading.time_ms - start_ms for one in house.house.stored()]
    assert len(times) == 400
    assert times == sorted(times)
    # No thread takes the bytes of this simulated line: they are read once a second, and are on the wire then.
    assert len(set(times)) > 100


def test_a_banner_and_what_was_learned(path: Path, houses: list[LineHouse]) -> None:
    house = LineHouse(path, PAIRS)
    houses.append(house)
    house.prints(0.5, "half\n" + "".join(f"setting{number}=a{number}\n" for number in range(12)))
    for number in range(20):
        house.prints(1.0 + number, "t=23.10\u00b0C h=45.20%RH\n")
    house.run(25)
    assert [(one.name, one.type, one.unit) for one in house.learned.channels] == [
        *(("t", "f64", "Cel"), ("h", "f64", "%RH")),
    ]
    assert (house.learned.by_lines, house.learned.ignored) == (True, 13)
    assert values(house) == [{"t": 23.1, "h": 45.2}] * 20
    assert house.ledger() == (20, 20, {})
    assert house.detail is None
