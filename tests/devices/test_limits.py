"""The limits of the configuration are known of a device from the start, whatever its driver."""

from pathlib import Path

import pytest

from gateway.model.limits import Limits
from tests.config.support import Start
from tests.devices.support import configured

BUSES = (
    '[[bus]]\nname = "i2c1"\ntype = "i2c"\nport = "/dev/i2c-1"\n'
    '[[bus]]\nname = "bench"\ntype = "serial"\nport = "/dev/ttyUSB0"\n'
)
DRIVERS = {
    "protocol": "bus = 'i2c1'\naddress = 9\nchannels = [{ name = 't', ",
    "registers": (
        "bus = 'i2c1'\naddress = 9\ndriver = 'registers'\n"
        "channels = [{ name = 't', register = 0, type = 'i16le', "
    ),
    "lines": "bus = 'bench'\ndriver = 'lines'\nformat = 'json'\nchannels = [{ name = 't', ",
}


@pytest.mark.parametrize("driver", DRIVERS)
def test_of_each_driver(tmp_path: Path, driver: str) -> None:
    start = Start(tmp_path)
    start.write(f"{BUSES}[[device]]\nid = 'a'\n{DRIVERS[driver]}minimum = -55, maximum = 60 }}]\n")
    view = configured(start.load(), tmp_path)["a"].view
    assert (view.driver, view.limits) == (driver, {"t": Limits(-55, 60)})


def test_without_limits_there_are_none(tmp_path: Path) -> None:
    start = Start(tmp_path)
    start.write(f"{BUSES}[[device]]\nid = 'a'\nbus = 'i2c1'\naddress = 9\n")
    assert configured(start.load(), tmp_path)["a"].view.limits == {}


def test_of_each_kind_of_line(tmp_path: Path) -> None:
    start = Start(tmp_path)
    start.write(
        f"{BUSES}[[device]]\nid = 'a'\nbus = 'bench'\ndriver = 'lines'\n"
        "[[device.line]]\nformat = 'json'\nchannels = [{ name = 't', maximum = 60 }]\n"
        "[[device.line]]\nformat = 'keyvalue'\nchannels = [{ name = 'h', minimum = 0 }]\n"
    )
    view = configured(start.load(), tmp_path)["a"].view
    assert view.limits == {"t": Limits(None, 60), "h": Limits(0, None)}
