"""[[device.channels]] of a board that describes its channels itself: which values stand for none."""

import pytest

from gateway.drivers.protocol.values import ChannelRule, rules_of
from tests.config.support import Start

I2C = '[[bus]]\nname = "i2c1"\ntype = "i2c"\nport = "/dev/i2c-1"\n'
DEVICE = f"{I2C}[[device]]\nid = 'a'\nbus = 'i2c1'\naddress = 9\n"


def test_missing_values_and_limits(start: Start) -> None:
    start.write(
        f"{DEVICE}channels = [{{ name = 't', missing = [-127, 85.5], minimum = -55 }},"
        " { name = 'd', missing = 0, maximum = 400 }]\n"
    )
    (device,) = start.load().devices
    assert rules_of(device.options).channels == (
        ChannelRule("t", (-127, 85.5), minimum=-55),
        ChannelRule("d", (0,), maximum=400),
    )


def test_without_channels_nothing_changes(start: Start) -> None:
    start.write(DEVICE)
    (device,) = start.load().devices
    assert device.options is None
    assert rules_of(device.options).channels == ()


@pytest.mark.parametrize(
    ("channels", "words"),
    [
        ("[{ missing = 1 }]", "missing key"),
        ("[{ name = 'T' }]", "small letters"),
        ("[{ name = 't', missing = 'none' }]", "missing"),
        ("[{ name = 't', missing = nan }]", "missing"),
        ("[{ name = 't', unit = 'Cel' }]", "unit: unknown key"),
        ("[{ name = 't', minimum = 60, maximum = -55 }]", "-55 is below the minimum, 60"),
        ("[{ name = 't' }, { name = 't' }]", '"t" is already the name of the channel'),
    ],
)
def test_mistakes_are_named(start: Start, channels: str, words: str) -> None:
    start.write(f"{DEVICE}channels = {channels}\n")
    assert words in start.problem()
