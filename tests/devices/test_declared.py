"""Devices without a board: declared, heard, stored, labelled, late, forgotten, remembered."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from arduino_iface.device import ProtocolDevice
from arduino_iface.i2c_link import I2cLink
from arduino_iface.schema import parse
from dummy_hw.eeprom import MemoryEeprom
from gateway.devices.handle import INTERVAL_UNKNOWN_S, DeviceDescription
from gateway.devices.labels import LabelledDevices
from gateway.journal.errors import JournalFull
from gateway.live.latest import LiveHub
from gateway.model.errors import DeviceIdTaken, DeviceInMaintenance, UnknownDevice
from gateway.model.place import Place
from gateway.model.reading import Loss, LossReason, Reading
from gateway.model.registry import DeviceState, late_after_s, stale_after_s
from tests.collection.house import House
from tests.exchange.boards import ADDRESS, make_board

SCHEMA = parse("gw 1\nname tracker\nfirmware 2.1\nsample 60000\nchannel temp i16 Cel 0.1 0\n")
TRACKER = DeviceDescription(
    "tracker", SCHEMA, interval_s=10.0, metadata={"room": "A"}, name="Tracker", uid="1A2B3C"
)


@contextmanager
def house_at(path: Path) -> Iterator[House]:
    """A gateway on its journal, which has read what earlier runs left there."""
    house = House(path)
    house.devices.remember(house.reader.devices())
    try:
        yield house
    finally:
        house.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_at(tmp_path / "journal.db") as house:
        yield house


def measured(house: House, temp: float, device: str = "tracker") -> Reading:
    return Reading(device, house.clock.wall_ms(), {"temp": temp})


def test_a_declared_device_is_shown_before_it_is_heard(house: House) -> None:
    handle = house.devices.declare(TRACKER)
    view = house.view("tracker")
    assert (view.bus, view.address, view.driver) == (None, None, "http")
    assert (view.state, view.detail) == (DeviceState.OFFLINE, "not heard of yet")
    assert (view.name, view.uid, view.interval_s) == ("Tracker", "1A2B3C", 10.0)
    assert (view.schema, view.metadata) == (SCHEMA, {"room": "A"})
    assert handle.view is view
    assert house.devices.handle("tracker") is handle


def test_what_it_sends_is_stored_and_makes_it_online(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    hub = LiveHub()
    house.journal.subscribe(hub.publish)
    handle = house.devices.declare(TRACKER)
    with caplog.at_level(logging.INFO):
        ticket = handle.append([measured(house, 21.5)])
    assert [
        one.getMessage() for one in caplog.records if one.name.startswith("gateway.presence")
    ] == ["device is online: uid 1A2B3C firmware 2.1"]
    assert not ticket.wait(0.0)
    house.run(2.0)
    assert ticket.wait(0.0)
    view = house.view("tracker")
    assert (view.state, view.detail) == (DeviceState.ONLINE, None)
    assert view.last_seen_mono == 1000.0
    (latest,) = hub.latest()
    assert (latest.reading.device, latest.reading.values) == ("tracker", {"temp": 21.5})
    page = house.reader.readings("tracker")
    assert [one.reading.metadata for one in page.readings] == [{"room": "A"}]


def test_losses_are_in_the_ledger_and_counted(house: House) -> None:
    handle = house.devices.declare(TRACKER)
    lost = Loss("tracker", LossReason.SHED_BY_BOUND, 3, house.clock.wall_ms())
    handle.append([measured(house, 21.5)], [lost])
    handle.seen()
    house.run(2.0)
    (hour,) = house.reader.ledger("tracker").hours
    assert (hour.expected, hour.stored, hour.lost[LossReason.SHED_BY_BOUND]) == (4, 1, 3)
    assert house.view("tracker").health.lost == 3


def test_losses_alone_are_no_sign_of_life(house: House) -> None:
    handle = house.devices.declare(TRACKER)
    handle.append([], [Loss("tracker", LossReason.DEVICE_ABSENT, 1, house.clock.wall_ms())])
    assert house.state("tracker") is DeviceState.OFFLINE


def test_what_belongs_to_another_device_is_refused_whole(house: House) -> None:
    handle = house.devices.declare(TRACKER)
    with pytest.raises(ValueError, match="a reading of scale was given to the handle of tracker"):
        handle.append([measured(house, 1.0), measured(house, 2.0, "scale")])
    with pytest.raises(ValueError, match="of scale"):
        handle.append([], [Loss("scale", LossReason.DEVICE_ABSENT, 1, 0)])
    house.run(2.0)
    assert not house.stored()
    assert house.state("tracker") is DeviceState.OFFLINE


def test_a_full_journal_takes_nothing_and_the_device_was_heard(tmp_path: Path) -> None:
    house = House(tmp_path / "small.db", queue_max=1)
    handle = house.devices.declare(TRACKER)
    handle.append([measured(house, 1.0)])
    with pytest.raises(JournalFull):
        handle.append([measured(house, 2.0)])
    assert house.state("tracker") is DeviceState.ONLINE
    house.close()


def test_it_becomes_late_and_offline_by_age_alone(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    handle = house.devices.declare(TRACKER)
    handle.append([measured(house, 21.5)])
    caplog.set_level(logging.INFO)
    caplog.clear()
    changes = []
    for _ in range(500):
        before = house.state("tracker")
        house.run(0.1)
        if house.state("tracker") is not before:
            changes.append((house.state("tracker"), house.clock.monotonic() - 1000.0))
    assert [state for state, _ in changes] == [DeviceState.LATE, DeviceState.OFFLINE]
    assert changes[0][1] == pytest.approx(late_after_s(10.0), abs=0.2)
    assert changes[1][1] == pytest.approx(stale_after_s(10.0), abs=0.2)
    assert house.view("tracker").detail == "nothing was received for 15.5 s"
    handle.append([measured(house, 22.0)])
    assert (house.state("tracker"), house.view("tracker").detail) == (DeviceState.ONLINE, None)
    begin, end = [
        one.getMessage() for one in caplog.records if one.name.startswith("gateway.presence")
    ]
    assert begin == "device sends nothing: nothing was received for 15.5 s"
    assert end.startswith("device sends again after ")


def test_one_without_an_interval_has_days(house: House) -> None:
    handle = house.devices.declare(replace(TRACKER, interval_s=None))
    handle.seen()
    house.clock.advance(INTERVAL_UNKNOWN_S)
    house.devices.age(house.clock.monotonic())
    assert house.state("tracker") is DeviceState.ONLINE
    house.clock.advance(3 * INTERVAL_UNKNOWN_S)
    house.devices.age(house.clock.monotonic())
    assert house.state("tracker") is DeviceState.OFFLINE


def test_a_last_will_is_shown_at_once(house: House) -> None:
    handle = house.devices.declare(TRACKER)
    handle.seen()
    handle.silent("connection lost")
    view = house.view("tracker")
    assert (view.state, view.detail) == (DeviceState.LATE, "connection lost")
    house.run(40.0)
    view = house.view("tracker")
    assert (view.state, view.detail) == (DeviceState.OFFLINE, "connection lost")


def test_labels_are_shown_and_stamped_from_then_on(tmp_path: Path) -> None:
    with house_at(tmp_path / "labels.db") as house:
        handle = house.devices.declare(TRACKER)
        shown = LabelledDevices(house.registry, house.labels)
        handle.append([replace(measured(house, 1.0), metadata={"rssi": "-90", "room": "?"})])
        changed = shown.change(
            "tracker", lambda label: replace(label, name="Van", metadata={"room": "B"})
        )
        assert changed is not None
        assert (changed.name, changed.metadata, changed.bus) == ("Van", {"room": "B"}, None)
        handle.append([measured(house, 2.0)])
        house.run(2.0)
        assert [one.reading.metadata for one in house.stored()] == [
            {"rssi": "-90", "room": "A"},
            {"room": "B"},
        ]
    with house_at(tmp_path / "labels.db") as house:
        shown = LabelledDevices(house.registry, house.labels)
        again = shown.get("tracker")
        assert again is not None
        assert (again.name, again.metadata) == ("Van", {"room": "B"})


def test_after_a_restart_it_is_offline_with_its_last_seen(tmp_path: Path) -> None:
    path = tmp_path / "restart.db"
    with house_at(path) as house:
        handle = house.devices.declare(TRACKER)
        handle.append([measured(house, 1.0)])
        house.run(10.0)
        seen_ms = house.view("tracker").last_seen_ms
        assert seen_ms is not None
    with house_at(path) as house:
        view = house.view("tracker")
        assert (view.state, view.last_seen_ms, view.last_seen_mono) == (
            DeviceState.OFFLINE,
            seen_ms,
            None,
        )
        assert (view.driver, view.bus, view.uid) == ("http", None, "1A2B3C")
        assert view.schema is not None
        assert [channel.name for channel in view.schema.channels] == ["temp"]
        handle = house.devices.declare(TRACKER)
        view = house.view("tracker")
        assert (view.last_seen_ms, view.interval_s, view.name) == (seen_ms, 10.0, "Tracker")
        handle.seen()
        assert house.state("tracker") is DeviceState.ONLINE


def test_one_declared_before_the_journal_was_read_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "early.db"
    with house_at(path) as house:
        house.devices.declare(TRACKER).seen()
        house.run(10.0)
        seen_ms = house.view("tracker").last_seen_ms
        house.labels.change("tracker", lambda label: replace(label, name="Van"))
    house = House(path)
    house.devices.declare(TRACKER)
    house.run(10.0)
    house.devices.remember(house.reader.devices())
    house.run(2.0)
    (row,) = house.reader.devices()
    assert (row.name, row.last_seen_ms) == ("Van", seen_ms)
    assert house.view("tracker").last_seen_ms == seen_ms
    house.close()


def test_declaring_twice_is_idempotent_and_the_latest_description_holds(house: House) -> None:
    handle = house.devices.declare(TRACKER)
    handle.seen()
    assert house.devices.declare(TRACKER) is handle
    assert house.devices.declare(replace(TRACKER, interval_s=60.0, name="Van")) is handle
    view = house.view("tracker")
    assert (view.state, view.interval_s, view.name) == (DeviceState.ONLINE, 60.0, "Van")


def test_ids_of_others_are_refused(house: House) -> None:
    board = make_board(house.clock, request_max=32, reply_max=32)
    poller = house.on_i2c("greenhouse", ADDRESS, board)
    house.run(1.0, poller)
    with pytest.raises(
        DeviceIdTaken, match="greenhouse is the id of a device of the configuration"
    ):
        house.devices.declare(replace(TRACKER, id="greenhouse"))
    device = found_board(house, 0x20)
    identity = device.identify()
    found = house.roster.found(Place("i2c1", 0x20), device, identity)
    with pytest.raises(DeviceIdTaken, match=f"{found} is the id of a device of a board"):
        house.devices.declare(replace(TRACKER, id=found))
    house.devices.declare(TRACKER)
    with pytest.raises(DeviceIdTaken, match="sends through http"):
        house.devices.declare(replace(TRACKER, origin="mqtt"))
    with pytest.raises(ValueError, match="no origin"):
        house.devices.declare(replace(TRACKER, id="other", origin="protocol"))
    assert house.view("greenhouse").driver == "protocol"


def test_another_origin_may_take_over_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "moved.db"
    with house_at(path) as house:
        house.devices.declare(TRACKER)
        house.run(2.0)
    with house_at(path) as house:
        house.devices.declare(replace(TRACKER, origin="mqtt"))
        assert house.view("tracker").driver == "mqtt"


def test_the_configuration_takes_an_id_that_was_declared_before(tmp_path: Path) -> None:
    path = tmp_path / "taken.db"
    with house_at(path) as house:
        house.devices.declare(TRACKER)
        house.run(2.0)
    house = House(path)
    house.on_i2c("tracker", ADDRESS, None)
    house.devices.remember(house.reader.devices())
    assert house.view("tracker").bus == "i2c1"
    assert house.devices.handle("tracker") is None
    house.close()


def test_a_forgotten_device_is_gone_for_good_and_its_readings_stay(tmp_path: Path) -> None:
    path = tmp_path / "forgotten.db"
    with house_at(path) as house:
        handle = house.devices.declare(TRACKER)
        handle.append([measured(house, 1.0)])
        house.run(2.0)
        house.labels.change("tracker", lambda label: replace(label, name="Van"))
        house.devices.forget("tracker")
        assert house.registry.get("tracker") is None
        handle.seen()
        house.run(10.0)
        assert house.registry.get("tracker") is None
        with pytest.raises(UnknownDevice):
            house.devices.forget("tracker")
    with house_at(path) as house:
        assert house.registry.all() == ()
        assert len(house.stored()) == 1
        house.devices.declare(replace(TRACKER, origin="mqtt"))
        view = LabelledDevices(house.registry, house.labels).get("tracker")
        assert view is not None
        assert (view.name, view.last_seen_ms) == ("Tracker", None)


def test_a_board_cannot_be_forgotten(house: House) -> None:
    house.on_i2c("greenhouse", ADDRESS, None)
    with pytest.raises(UnknownDevice):
        house.devices.forget("greenhouse")


def test_maintenance_is_shown_and_what_is_sent_meanwhile_is_stored(house: House) -> None:
    handle = house.devices.declare(TRACKER)
    handle.seen()
    with handle.maintenance("battery"):
        view = house.view("tracker")
        assert (view.state, view.detail, view.maintenance) == (
            DeviceState.LATE,
            "maintenance: battery",
            "battery",
        )
        with pytest.raises(DeviceInMaintenance), house.devices.maintenance("tracker", "firmware"):
            pass
        handle.append([measured(house, 1.0)])
        assert house.view("tracker").detail == "maintenance: battery"
        house.run(60.0)
        view = house.view("tracker")
        assert (view.state, view.detail) == (DeviceState.OFFLINE, "maintenance: battery")
    assert house.view("tracker").maintenance is None
    handle.seen()
    assert house.state("tracker") is DeviceState.ONLINE
    assert len(house.stored()) == 1


def found_board(house: House, address: int) -> ProtocolDevice:
    eeprom = MemoryEeprom(bytes.fromhex("00112233445566aa"))
    board = make_board(house.clock, eeprom=eeprom, request_max=32, reply_max=32)
    house.transport.attach(address, board)
    board.power_on()
    house.clock.advance(1.0)
    return ProtocolDevice(I2cLink(house.bus, address))
