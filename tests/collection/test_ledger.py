"""The ledger as the collection writes it: restarts, absences, full rings, missed polls."""

from collections import Counter

from arduino_iface.errors import BadFrame, BusFault, DeviceSilent
from dummy_hw.board import DummyBoard
from gateway.collection.poller import DevicePoller
from gateway.drivers.intake import Source
from gateway.drivers.maker import DuePolls, ReadingMaker
from gateway.model.ledger import HOUR_MS
from tests.collection.house import House
from tests.collection.test_poller import attached
from tests.exchange.boards import ADDRESS

INTERVAL_S = 0.5


def totals(house: House) -> tuple[int, int, dict[str, int]]:
    """Expected, stored, lost by reason; every hour is checked on the way."""
    expected = stored = 0
    lost: Counter[str] = Counter()
    for hour in house.reader.ledger().hours:
        assert hour.expected == hour.stored + sum(hour.lost.values()), hour
        expected += hour.expected
        stored += hour.stored
        lost.update({reason.value: count for reason, count in hour.lost.items() if count})
    return expected, stored, dict(lost)


def on_bus(house: House, **options: object) -> tuple[DummyBoard, DevicePoller]:
    board = attached(house, **options)
    return board, house.on_i2c("greenhouse", ADDRESS, board, INTERVAL_S)


def test_without_trouble_everything_expected_is_stored(house: House) -> None:
    board, poller = on_bus(house)
    house.run(20.0, poller)
    house.drain(poller, board)
    assert totals(house) == (board.samples_made, board.samples_made, {})


def test_what_a_full_ring_has_overwritten_is_explained(house: House) -> None:
    board, poller = on_bus(house, ring_size=8)
    house.run(5.0, poller)
    house.transport.detach(ADDRESS)
    house.run(30.0, poller)
    house.transport.attach(ADDRESS, board)
    house.run(15.0, poller)
    house.drain(poller, board)
    made, stored = board.samples_made, len(house.stored())
    assert made - stored > 20
    assert totals(house) == (made, stored, {"overwritten": made - stored})
    # The board counts what it had sent and whose receipt it had not heard of too.
    assert board.status().overwritten >= made - stored


def test_a_board_without_power_is_absent_for_as_long_as_it_was(house: House) -> None:
    board, poller = on_bus(house)
    house.run(10.0, poller)
    board.power_off()
    house.run(60.0, poller)
    board.power_on()
    house.run(25.0, poller)
    house.drain(poller, board)
    expected, stored, lost = totals(house)
    assert lost.keys() == {"device_absent"}
    assert 119 <= lost["device_absent"] <= 122  # 60 s, and what the ring held then: an estimate
    assert expected == stored + lost["device_absent"]


def test_an_absence_is_counted_once_over_a_restart_of_the_gateway(house: House) -> None:
    board, poller = on_bus(house)
    house.run(10.0, poller)
    house.journal.close()
    board.power_off()
    house.clock.advance(60.0)
    board.power_on()
    house.clock.advance(2.0)
    house.journal.open()
    again = house.on_i2c("greenhouse", ADDRESS, None, INTERVAL_S)
    house.run(5.0, again)
    once = totals(house)[2]
    assert 119 <= once["device_absent"] <= 122
    house.transport.detach(ADDRESS)
    house.run(5.0, again)
    house.transport.attach(ADDRESS, board)
    house.run(15.0, again)
    assert totals(house)[2] == once


def test_a_reset_is_one_short_absence(house: House) -> None:
    board, poller = on_bus(house)
    for _ in range(3):
        house.run(10.0, poller)
        board.reset()
    house.run(10.0, poller)
    house.drain(poller, board)
    lost = totals(house)[2]
    assert sum(lost.values()) <= 6
    assert lost.keys() <= {"device_absent"}


def maker_of(house: House) -> ReadingMaker:
    return ReadingMaker(Source("tank", {}, True), house.journal, house.clock)


def test_polls_that_were_due_are_explained_by_what_went_wrong_last(house: House) -> None:
    maker = maker_of(house)
    polls = DuePolls(maker, house.clock, 1.0)
    polls.asked(BusFault("no acknowledgement"))
    house.clock.advance(1.0)
    polls.asked(BadFrame("no echo"))
    house.clock.advance(1.0)
    polls.asked(DeviceSilent("nothing"))
    house.clock.advance(10.0)  # it was left alone for a while
    polls.asked(DeviceSilent("nothing"))
    house.clock.advance(4.0)
    polls.asked(None)
    house.clock.advance(1.02)
    polls.asked(None)
    maker.give_missing()
    house.journal.step(house.clock.monotonic())
    assert totals(house) == (16, 0, {"bus_error": 2, "device_absent": 14})


def test_a_long_absence_is_spread_over_its_hours(house: House) -> None:
    maker = maker_of(house)
    polls = DuePolls(maker, house.clock, 60.0)
    polls.asked(None)
    house.clock.advance(5 * HOUR_MS / 1000)
    polls.asked(DeviceSilent("nothing"))
    maker.give_missing()
    house.journal.step(house.clock.monotonic())
    hours = house.reader.ledger().hours
    assert sum(hour.expected for hour in hours) == 300
    assert [hour.expected for hour in hours[1:-1]] == [60] * (len(hours) - 2)
