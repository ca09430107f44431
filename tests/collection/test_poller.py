"""One device's life under a fake clock: found, polled, silent, exchanged, restarted."""

import logging
from itertools import pairwise
from pathlib import Path

import pytest

from arduino_iface.device import Polled, ProtocolDevice
from arduino_iface.errors import BusBusy
from arduino_iface.i2c_link import I2cLink
from arduino_iface.messages import CommandStatus
from dummy_hw.board import DummyBoard
from dummy_hw.eeprom import MemoryEeprom
from gateway.model.registry import DeviceState
from tests.collection.house import STEP_S, House
from tests.exchange.boards import ADDRESS, make_board
from tests.support.serial_wire import DummySerialTransport

UID = bytes.fromhex("0011223344556677")


def attached(house: House, **options: object) -> DummyBoard:
    return make_board(house.clock, **({"request_max": 32, "reply_max": 32} | options))


def warnings(caplog: pytest.LogCaptureFixture, text: str) -> list[str]:
    return [record.getMessage() for record in caplog.records if text in record.getMessage()]


def test_a_board_is_found_described_and_collected(house: House) -> None:
    board = attached(house)
    poller = house.on_i2c("greenhouse", ADDRESS, board)
    assert (house.state("greenhouse"), house.view("greenhouse").detail) == (
        DeviceState.OFFLINE,
        "not heard of yet",
    )
    house.run(5.0, poller)
    view = house.view("greenhouse")
    assert (view.state, view.detail, view.name) == (DeviceState.ONLINE, None, "bench")
    assert (view.uid, view.boot, view.interval_s) == (board.uid.hex(), 1, 0.1)
    assert view.schema is not None
    assert view.health.polls > 20
    house.drain(poller, board)
    assert house.numbers("greenhouse") == list(range(1, board.samples_made + 1))
    assert board.status().acknowledged == board.samples_made
    (first, *_) = house.stored()
    assert (first.reading.metadata, first.reading.simulated) == ({"room": "A"}, True)


def test_silence_is_late_first_and_offline_after_three_intervals(house: House) -> None:
    board = attached(house)
    poller = house.on_i2c("greenhouse", ADDRESS, board, 1.0)
    house.run(3.0, poller)
    assert house.state("greenhouse") is DeviceState.ONLINE
    board.power_off()
    changes: list[tuple[DeviceState, float]] = []
    for _ in range(200):
        before = house.state("greenhouse")
        house.run(STEP_S, poller)
        if house.state("greenhouse") is not before:
            seen = house.view("greenhouse").last_seen_mono
            assert seen is not None
            changes.append((house.state("greenhouse"), house.clock.monotonic() - seen))
    (late, late_after), (offline, offline_after) = changes
    assert (late, offline) == (DeviceState.LATE, DeviceState.OFFLINE)
    assert late_after <= 1.0 + 2 * STEP_S
    assert 3.5 <= offline_after <= 3.5 + 2 * STEP_S
    assert "acknowledged" in str(house.view("greenhouse").detail)
    board.power_on()
    house.run(11.0, poller, until=lambda: house.state("greenhouse") is DeviceState.ONLINE)
    assert house.state("greenhouse") is DeviceState.ONLINE


def test_a_silent_board_is_asked_after_growing_waits_and_quickly_again_later(
    house: House,
) -> None:
    board = attached(house)
    poller = house.on_i2c("greenhouse", ADDRESS, board, 0.1)
    house.run(1.0, poller)
    board.power_off()
    assert asked_after(house, poller, 40.0) == pytest.approx(
        [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0], abs=0.15
    )
    board.power_on()
    house.run(11.0, poller, until=lambda: house.state("greenhouse") is DeviceState.ONLINE)
    board.power_off()
    assert asked_after(house, poller, 2.0) == pytest.approx([0.5, 1.0], abs=0.15)


def asked_after(house: House, poller: object, seconds: float) -> list[float]:
    """Seconds between the attempts to reach a board."""
    times: list[float] = []
    end = house.clock.monotonic() + seconds
    while house.clock.monotonic() < end:
        before, at = house.transport.transactions, house.clock.monotonic()
        house.run(STEP_S, poller)  # type: ignore[arg-type]
        if house.transport.transactions > before:
            times.append(at)
    return [later - earlier for earlier, later in pairwise(times)]


def test_silence_is_one_line_at_its_beginning_and_one_at_its_end(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    board = attached(house)
    poller = house.on_i2c("greenhouse", ADDRESS, board)
    house.run(1.0, poller)
    caplog.set_level(logging.INFO)
    caplog.clear()
    board.power_off()
    house.run(30.0, poller)
    assert len(warnings(caplog, "does not answer")) == 1
    board.power_on()
    house.run(11.0, poller)
    assert len(warnings(caplog, "does not answer")) == 1
    assert len(warnings(caplog, "device answers again after 3")) == 1
    assert all(record.device == "greenhouse" for record in caplog.records)  # type: ignore[attr-defined]
    assert len(warnings(caplog, "restarted")) == 1


def test_ticks_that_did_not_come_are_counted(house: House) -> None:
    poller = house.on_i2c("greenhouse", ADDRESS, attached(house), 1.0)
    house.run(2.5, poller)
    assert house.view("greenhouse").health.missed == 0
    house.clock.advance(4.0)
    house.run(0.5, poller)
    assert house.view("greenhouse").health.missed in (3, 4)
    assert house.state("greenhouse") is DeviceState.ONLINE


def test_a_restarted_board_is_collected_from_its_first_sample(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    board = attached(house)
    poller = house.on_i2c("greenhouse", ADDRESS, board)
    house.run(2.0, poller)
    board.reset()
    house.run(3.0, poller)
    house.drain(poller, board)
    view = house.view("greenhouse")
    assert (view.boot, view.health.resets) == (2, 1)
    assert house.numbers("greenhouse", 2) == list(range(1, board.status().next_seq))
    first = house.numbers("greenhouse", 1)
    assert first == list(range(1, len(first) + 1))
    assert warnings(caplog, "restarted") == ["device restarted: boot 2 after boot 1"]


@pytest.mark.parametrize("boot", [0, 7])
def test_an_exchanged_board_is_quarantined_until_the_old_one_is_back(
    house: House, caplog: pytest.LogCaptureFixture, boot: int
) -> None:
    board = attached(house)
    other = attached(house, eeprom=MemoryEeprom(UID, boot))
    poller = house.on_i2c("greenhouse", ADDRESS, board, 1.0)
    house.run(3.0, poller)
    house.transport.detach(ADDRESS)
    house.run(6.0, poller)
    house.transport.attach(ADDRESS, other)
    house.run(41.0, poller)
    view = house.view("greenhouse")
    assert view.state is DeviceState.QUARANTINED
    assert UID.hex() in str(view.detail)
    assert len(warnings(caplog, "quarantined")) == 1
    assert other.status().acknowledged == 0
    assert UID.hex() not in {one.reading.uid for one in house.stored()}
    house.transport.detach(ADDRESS)
    house.transport.attach(ADDRESS, board)
    house.run(11.0, poller)
    house.drain(poller, board)
    assert house.state("greenhouse") is DeviceState.ONLINE
    lost = sum(house.reader.stats().losses.values())
    numbers = house.numbers("greenhouse")
    assert len(set(numbers)) == len(numbers) == board.samples_made - lost


def test_a_quarantined_board_is_asked_each_ten_seconds(house: House) -> None:
    poller = house.on_i2c("greenhouse", ADDRESS, attached(house), 1.0)
    house.run(1.0, poller)
    house.transport.detach(ADDRESS)
    house.run(6.0, poller)
    house.transport.attach(ADDRESS, attached(house))
    house.run(10.0, poller)
    assert house.state("greenhouse") is DeviceState.QUARANTINED
    waits = asked_after(house, poller, 35.0)
    assert len(waits) >= 2
    assert waits == pytest.approx([10.0] * len(waits), abs=0.2)


def test_the_same_board_at_two_addresses_is_one_device(house: House) -> None:
    eeprom = MemoryEeprom(UID)
    first = house.on_i2c("first", ADDRESS, attached(house, eeprom=eeprom))
    second = house.on_i2c("second", ADDRESS + 1, attached(house, eeprom=MemoryEeprom(UID)))
    house.run(3.0, first, second)
    assert house.state("first") is DeviceState.ONLINE
    assert house.state("second") is DeviceState.QUARANTINED
    assert "answers as first already" in str(house.view("second").detail)
    assert {one.reading.device for one in house.stored()} == {"first"}


def test_a_board_that_was_moved_is_taken_at_its_new_address(house: House) -> None:
    board = attached(house)
    first = house.on_i2c("first", ADDRESS, board)
    second = house.on_i2c("second", ADDRESS + 1, None)
    house.run(3.0, first, second)
    house.transport.detach(ADDRESS)
    house.transport.attach(ADDRESS + 1, board)
    house.run(25.0, first, second)
    assert house.state("first") is DeviceState.OFFLINE
    assert house.state("second") is DeviceState.ONLINE
    house.drain(second, board)
    numbers = sorted(str(one.key) for one in house.stored())
    assert len(numbers) == len(set(numbers))


def test_the_configured_interval_is_set_and_set_again_after_a_restart(house: House) -> None:
    board = attached(house)
    poller = house.on_i2c("greenhouse", ADDRESS, board, 0.5)
    house.run(1.0, poller)
    assert board.status().interval_ms == 500
    assert house.view("greenhouse").interval_s == 0.5
    board.reset()
    house.run(3.0, poller)
    assert board.status().boot == 2
    assert board.status().interval_ms == 500


def test_an_interval_set_before_is_set_again(house: House) -> None:
    """The board remembers tokens: the same one would be answered and set nothing."""
    board = attached(house)
    house.transport.attach(ADDRESS, board)
    for interval_s, wanted_ms in [(0.5, 500), (2.0, 2000), (0.5, 500), (0.1, 100)]:
        poller = house.on_i2c("greenhouse", ADDRESS, None, interval_s)
        house.run(1.0, poller)
        assert board.status().interval_ms == wanted_ms


def test_an_interval_that_the_board_does_not_take_is_told(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    poller = house.on_i2c("greenhouse", ADDRESS, attached(house), 0.0004)
    house.clock.advance(0.1)
    poller.step()
    (line,) = warnings(caplog, "refused the interval")
    assert "bad_argument" in line


def test_a_board_without_a_window_drains_by_commits(house: House) -> None:
    board = attached(house, windowed=False)
    poller = house.on_i2c("greenhouse", ADDRESS, board)
    house.clock.advance(4.0)
    house.drain(poller, board)
    assert house.numbers("greenhouse") == list(range(1, board.samples_made + 1))
    assert board.overwritten == 0
    assert house.view("greenhouse").health.polls <= board.samples_made


def test_what_was_overwritten_is_counted_as_lost(house: House) -> None:
    board = attached(house, ring_size=10)
    poller = house.on_i2c("greenhouse", ADDRESS, board)
    house.run(1.0, poller)
    house.clock.advance(3.0)
    house.run(1.0, poller)
    house.drain(poller, board)
    lost = house.view("greenhouse").health.lost
    # Some were overwritten after they had been received.
    assert 0 < lost <= board.overwritten
    assert sum(house.reader.stats().losses.values()) == lost
    assert len(house.numbers("greenhouse")) + lost == board.samples_made


def test_a_full_journal_leaves_the_samples_on_the_board(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house = House(tmp_path / "small.db", queue_max=10)
    board = attached(house)
    poller = house.on_i2c("greenhouse", ADDRESS, board)
    house.run(4.0, poller, journal=False)
    assert board.samples_made >= 35
    assert (board.status().acknowledged, board.overwritten) == (0, 0)
    assert house.state("greenhouse") is DeviceState.ONLINE
    assert len(warnings(caplog, "takes no readings")) == 1
    house.drain(poller, board)
    assert house.numbers("greenhouse") == list(range(1, board.samples_made + 1))
    house.close()


def test_collection_may_begin_before_the_journal_is_open(tmp_path: Path) -> None:
    house = House(tmp_path / "late.db", opened=False)
    board = attached(house)
    poller = house.on_i2c("greenhouse", ADDRESS, board)
    house.run(1.0, poller, journal=False)
    assert house.state("greenhouse") is DeviceState.OFFLINE
    house.journal.open()
    house.run(1.0, poller)
    house.drain(poller, board)
    assert house.numbers("greenhouse") == list(range(1, board.samples_made + 1))
    house.close()


def test_a_repeated_boot_number_is_quarantined_not_mixed(house: House) -> None:
    board = attached(house, eeprom=MemoryEeprom(UID))
    poller = house.on_i2c("greenhouse", ADDRESS, board)
    house.run(5.0, poller)
    house.transport.detach(ADDRESS)
    house.run(1.0, poller)
    before = len(house.stored())
    again = attached(house, eeprom=MemoryEeprom(UID))
    house.transport.attach(ADDRESS, again)
    house.run(2.0, poller)
    assert house.state("greenhouse") is DeviceState.QUARANTINED
    assert "boot counter repeats" in str(house.view("greenhouse").detail)
    assert len(house.stored()) == before


def test_an_unplugged_port_is_closed_and_opened_again(house: House) -> None:
    board = make_board(house.clock)
    wire = DummySerialTransport(board, house.clock)
    poller = house.on_serial("vehicle", wire)
    house.run(1.0, poller)
    wire.unplug()
    house.run(2.0, poller)
    assert house.disconnects >= 1
    assert house.state("vehicle") is DeviceState.OFFLINE
    wire.plug()
    house.run(11.0, poller)
    assert house.state("vehicle") is DeviceState.ONLINE
    house.drain(poller, board)
    assert house.numbers("vehicle", 2) == list(range(1, board.status().next_seq))


class BusyDevice(ProtocolDevice):
    """Its bus is free as long as nobody says otherwise."""

    busy = False

    def poll(self, following: int, skip: int = 0) -> Polled:
        if self.busy:
            raise BusBusy("not free within 3 s")
        return super().poll(following, skip)


def test_a_busy_bus_is_missed_polls_and_in_the_end_an_absent_device(house: House) -> None:
    house.transport.attach(ADDRESS, attached(house))
    device = BusyDevice(I2cLink(house.bus, ADDRESS))
    poller = house.poller("greenhouse", device, house.bus.close, ADDRESS, 1.0)
    house.run(2.0, poller)
    device.busy = True
    house.run(2.0, poller)
    view = house.view("greenhouse")
    assert (view.state, view.detail) == (DeviceState.LATE, "bus busy: not free within 3 s")
    house.run(4.0, poller)
    view = house.view("greenhouse")
    assert (view.state, view.detail) == (DeviceState.OFFLINE, "bus busy: not free within 3 s")
    device.busy = False
    house.run(2.0, poller)
    view = house.view("greenhouse")
    assert view.state is DeviceState.ONLINE
    assert view.health.missed >= 4


class CrowdedDevice(ProtocolDevice):
    """No command gets through as long as told."""

    crowded = False

    def command(self, *arguments: object, **options: object) -> CommandStatus:
        if self.crowded:
            raise BusBusy("not free within 1 s")
        return super().command(*arguments, **options)  # type: ignore[arg-type]


def test_numbers_of_one_boot_are_never_asked_of_another(house: House) -> None:
    """The board is known to have started again, and then could not be told its interval."""
    board = attached(house)
    house.transport.attach(ADDRESS, board)
    device = CrowdedDevice(I2cLink(house.bus, ADDRESS))
    poller = house.poller("greenhouse", device, house.bus.close, ADDRESS, 0.1)
    house.run(5.0, poller)
    board.reset()
    device.crowded = True
    house.run(2.0, poller)
    device.crowded = False
    house.run(2.0, poller)
    house.drain(poller, board)
    assert house.numbers("greenhouse", 2) == list(range(1, board.status().next_seq))
    first = house.numbers("greenhouse", 1)
    assert first == list(range(1, len(first) + 1))


class BrokenDevice(ProtocolDevice):
    """Something nobody has thought of."""

    broken = True

    def poll(self, following: int, skip: int = 0) -> Polled:
        if self.broken:
            raise KeyError("surprise")
        return super().poll(following, skip)


def test_a_tick_survives_what_nobody_has_thought_of(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.transport.attach(ADDRESS, attached(house))
    device = BrokenDevice(I2cLink(house.bus, ADDRESS))
    poller = house.poller("greenhouse", device, house.bus.close, ADDRESS)
    for _ in range(100):
        poller.tick()
        house.clock.advance(STEP_S)
    assert len(warnings(caplog, "poll failed unexpectedly: KeyError")) == 1
    assert "surprise" in str(house.view("greenhouse").detail)
    device.broken = False
    for _ in range(100):
        poller.tick()
        house.clock.advance(STEP_S)
    assert house.state("greenhouse") is DeviceState.ONLINE


def test_silent_and_hung_boards_keep_to_their_budget(house: House) -> None:
    healthy, hung = attached(house), attached(house)
    pollers = {
        "healthy": house.on_i2c("healthy", ADDRESS, healthy),
        "hung": house.on_i2c("hung", ADDRESS + 1, hung),
        "absent": house.on_i2c("absent", ADDRESS + 2, None),
    }
    house.run(1.0, *pollers.values())
    hung.hang(True)
    longest = dict.fromkeys(pollers, 0.0)
    spent = dict.fromkeys(pollers, 0.0)
    end = house.clock.monotonic() + 60.0
    while house.clock.monotonic() < end:
        for name, poller in pollers.items():
            began = house.clock.monotonic()
            poller.step()
            took = house.clock.monotonic() - began
            longest[name] = max(longest[name], took)
            spent[name] += took
        house.journal.step(house.clock.monotonic())
        house.clock.advance(STEP_S)
    assert longest["hung"] < 1.0
    assert longest["absent"] < 0.05
    assert spent["hung"] < 9.0, "it is left alone for longer and longer"
    # What the others share with it is the bus, and that is held for one transaction at a time.
    assert house.bus.lock.stats().hold_max_s < 0.004
    assert house.state("hung") is DeviceState.OFFLINE
    assert house.state("healthy") is DeviceState.ONLINE
    house.drain(pollers["healthy"], healthy)
    assert healthy.overwritten == 0
    assert house.numbers("healthy") == list(range(1, healthy.samples_made + 1))
