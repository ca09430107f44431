"""The table of drivers: imported when a device names one, and open for one more."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.config import DeviceSettings
from gateway.drivers.table import DRIVERS
from tests.config.support import Start
from tests.e2e.waiting import latest, until_all_measure
from tests.support.gateway import GatewayProcess
from tests.support.process import ROOT

I2C = '[[bus]]\nname = "i2c1"\ntype = "i2c"\nport = "/dev/i2c-1"\n'
SERIAL = '[[bus]]\nname = "bench"\ntype = "serial"\nport = "/dev/ttyUSB0"\n'
BOARD = "[[device]]\nid = 'a'\nbus = 'i2c1'\naddress = 0x12\n"
TANK = (
    "[[device]]\nid = 'tank'\nbus = 'i2c1'\naddress = 0x30\ndriver = 'registers'\n"
    "channels = [{ name = 'level', register = 0, type = 'u8' }]\n"
)
SCALE = "[[device]]\nid = 'scale'\nbus = 'bench'\ndriver = 'lines'\nformat = 'json'\n"
DIAL = "[[device]]\nid = 'dial'\nbus = 'i2c1'\naddress = 0x40\ndriver = 'dial'\n"

# A gateway made as `gateway run` makes it, but for its log; not started.
MAKE = """\
import json, os, sys
from pathlib import Path
from gateway.app import App
from gateway.config import CommandLineOptions, load
from gateway.log.system import set_up
no_i2c = sys.argv[1:] == ["--no_i2c"]
settings = load(CommandLineOptions(no_i2c=no_i2c), os.environ, Path.cwd())
logs = set_up(settings.logging)
hardware = None
if no_i2c:
    from gateway.simulation import simulate
    hardware, settings = simulate(settings)
App(settings, logs, hardware)
logs.stop()
print(json.dumps(sorted(sys.modules)))
"""


def imported(folder: Path, config: str, *arguments: str) -> set[str]:
    """The modules that a gateway with this configuration has imported."""
    (folder / "gateway.toml").write_text(config, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", MAKE, *arguments],
        cwd=folder,
        env={"HOME": str(folder), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout))


def drivers_in(modules: set[str]) -> set[str]:
    """The drivers of which there is more than the table."""
    return {
        name
        for name, package in DRIVERS.items()
        if any(one == package or one.startswith(f"{package}.") for one in modules)
    }


@pytest.mark.parametrize(
    ("config", "drivers"),
    [
        ("", {"protocol"}),
        (I2C + BOARD, {"protocol"}),
        (I2C + BOARD + TANK, {"protocol", "registers"}),
        (I2C + SERIAL + BOARD + SCALE, {"protocol", "lines"}),
    ],
)
def test_a_driver_that_no_device_names_is_not_imported(
    tmp_path: Path, config: str, drivers: set[str]
) -> None:
    modules = imported(tmp_path, config)
    assert drivers_in(modules) == drivers
    for driver in {"registers", "lines"} - drivers:
        assert f"arduino_iface.{driver}" not in modules
    assert not any(one.startswith("dummy_hw") for one in modules)


def test_simulations_are_imported_with_the_option_only(tmp_path: Path) -> None:
    modules = imported(tmp_path, I2C + BOARD + TANK, "--no_i2c")
    assert drivers_in(modules) == {"protocol", "registers"}
    assert "gateway.drivers.registers.simulation" in modules


def test_a_driver_that_is_not_in_the_table_is_refused(tmp_path: Path) -> None:
    start = Start(tmp_path)
    start.write(I2C + DIAL + "top = 1\n")
    assert 'there is no driver "dial"; known here: protocol, registers, lines' in start.problem()


def test_the_configuration_of_a_fourth_driver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = Start(tmp_path)
    monkeypatch.setitem(DRIVERS, "dial", "tests.drivers.dial")
    start.write(I2C + DIAL + "top = 200\n")
    (dial,) = start.load().devices
    assert isinstance(dial, DeviceSettings)
    assert (dial.driver, getattr(dial.options, "top", None)) == ("dial", 200)
    start.write(f"{I2C}{DIAL}top = 256\ntpo = 1\n")
    assert start.problems() == [
        "gateway.toml:10: device.0.top: 256 is not within 1 to 255",
        'gateway.toml:11: device.0.tpo: unknown key; did you mean "top"?',
    ]


def test_a_gateway_with_a_fourth_driver(tmp_path: Path) -> None:
    """One folder and one line: configuration, simulation, readings, the API."""
    config = I2C + DIAL + "top = 200\ninterval = '100ms'\n"
    with GatewayProcess(
        tmp_path, "--no_i2c", config=config, module="tests.drivers.dial"
    ) as gateway:
        until_all_measure(gateway, ["dial"])
        reading = latest(gateway)["dial"]
        assert reading["values"] == {"position": 25.0}
        device = gateway.get("/api/v1/devices/dial")
        assert (device["driver"], device["state"]) == ("dial", "online")
        assert [one["name"] for one in device["channels"]] == ["position"]
