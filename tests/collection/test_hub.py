"""The live hub and the buses by name."""

import pytest

from arduino_iface.bus import I2cBus, SerialBus
from arduino_iface.i2c_link import I2cLink
from arduino_iface.serial_link import SerialLink
from gateway.config.settings import BusSettings, BusType
from gateway.devices.buses import Buses, RealTransports
from gateway.live.latest import LiveHub
from gateway.model.reading import StoredReading
from tests.journal.records import sample


def stored(row: int, device: str = "greenhouse") -> StoredReading:
    return StoredReading(row, f"key-{row}", sample(row, device=device))


def test_the_hub_shows_the_newest_of_each_device() -> None:
    hub = LiveHub()
    assert hub.latest() == []
    hub.publish([stored(1), stored(2), stored(3, "attic")])
    hub.publish([stored(5)])
    before = hub.latest()
    # What was stored before the start is shown late, and must not hide what is newer.
    hub.publish([stored(4), stored(2, "attic")])
    assert [one.row for one in hub.latest()] == [3, 5]
    assert hub.latest() == before


def test_buses_are_found_by_name_and_touch_nothing_before_they_are_used() -> None:
    settings = [
        BusSettings("i2c1", BusType.I2C, "/nonexistent/i2c-1"),
        BusSettings("bench", BusType.SERIAL, "/nonexistent/tty", 9600),
    ]
    buses = Buses(settings, RealTransports())
    assert isinstance(buses.get("i2c1"), I2cBus)
    bench = buses.get("bench")
    assert isinstance(bench, SerialBus)
    assert bench.baud_rate == 9600
    link = buses.link("i2c1", 0x12, 0)
    assert isinstance(link, I2cLink)
    assert link.address == 0x12
    assert isinstance(buses.link("bench", None, 0), SerialLink)
    with pytest.raises(ValueError, match="needs an address"):
        buses.link("i2c1", None, 0)
    with pytest.raises(KeyError):
        buses.get("attic")
    assert {name: stats.acquisitions for name, stats in buses.lock_stats().items()} == {
        "i2c1": 0,
        "bench": 0,
    }
    buses.close()
