"""Error values of the sensors of a board with the library: no values, or marked."""

import logging

import pytest

from arduino_iface.device import ProtocolDevice
from arduino_iface.i2c_link import I2cLink
from dummy_hw.signals import Constant
from gateway.drivers.protocol.driver import ProtocolDriver
from gateway.drivers.protocol.values import ChannelRule, ChannelRules
from gateway.model.limits import Limits, limits_of
from gateway.model.reading import Quality
from tests.collection.house import House
from tests.exchange.boards import ADDRESS, make_board

RULES = ChannelRules((ChannelRule("temperature", (-127, 85), -55, 60),))


def judged(value: float | None) -> tuple[object, Quality]:
    values, quality = RULES.judge({"temperature": value, "ticks": 1})
    assert values["ticks"] == 1
    return values["temperature"], quality


def test_a_value_is_none_or_marked_or_good() -> None:
    assert judged(21.5) == (21.5, Quality.GOOD)
    assert judged(-127.0) == (None, Quality.PARTIAL)
    assert judged(85) == (None, Quality.PARTIAL)
    assert judged(84.9375) == (84.9375, Quality.OUT_OF_RANGE)
    assert judged(-55) == (-55, Quality.GOOD)
    assert judged(None) == (None, Quality.PARTIAL)


def test_a_truth_value_is_no_number() -> None:
    rules = ChannelRules((ChannelRule("door", (1,), 5, 6),))
    assert rules.judge({"door": True}) == ({"door": True}, Quality.GOOD)


def test_a_marked_value_beside_a_missing_one_is_marked() -> None:
    values, quality = RULES.judge({"temperature": 1000, "ticks": None})
    assert (values, quality) == ({"temperature": 1000, "ticks": None}, Quality.OUT_OF_RANGE)


def test_limits_are_of_the_channels_that_have_one() -> None:
    rules = ChannelRules((ChannelRule("a"), ChannelRule("b", maximum=4), ChannelRule("c", (1,))))
    assert limits_of(rules.channels) == {"b": Limits(None, 4)}
    assert limits_of(None) == {}


def test_readings_of_a_board_are_judged(house: House, caplog: pytest.LogCaptureFixture) -> None:
    board = make_board(house.clock, request_max=32, reply_max=32)
    poller = house.on_i2c("greenhouse", ADDRESS, board)
    rules = ChannelRules((*RULES.channels, ChannelRule("soil", (0,))))
    poller.driver = ProtocolDriver(
        poller.settings.source,
        ProtocolDevice(I2cLink(house.bus, ADDRESS)),
        house.journal,
        house.clock,
        lambda _: None,
        rules=rules,
    )
    with caplog.at_level(logging.WARNING):
        for value in (21.5, -127.0, 85.0, 99.0):
            board.set_signal("temperature", Constant(value))
            house.run(1.0, poller)
    house.drain(poller, board)
    found = {(one.reading.values["temperature"], one.reading.quality) for one in house.stored()}
    assert found == {
        (21.5, Quality.GOOD),
        (None, Quality.PARTIAL),
        (99.0, Quality.OUT_OF_RANGE),
    }
    told = [one.getMessage() for one in caplog.records if "soil" in one.getMessage()]
    assert told == [
        "[[device.channels]] names soil, which the board has not; it has: ticks, temperature"
    ]
