"""The library as an Arduino library: built by Arduino's own builder, and its examples at work."""

import re
import struct
import subprocess
from pathlib import Path

import pytest

from tests.support.avr import ROOT, Uno, firmware, wait_until
from tests.support.reference import ACCEPTED, DONE, REFUSED, Client, I2cWire, wait_for_board

LIBRARY = ROOT / "arduino_iface" / "firmware"
EXAMPLES = sorted(path.name for path in (LIBRARY / "examples").iterdir())
HARDWARE = Path("/usr/share/arduino/hardware/arduino")
FLASH_BYTES, RAM_BYTES = 32256, 2048


def sizes(sketch: str) -> tuple[int, int]:
    """Flash and static RAM of a sketch built by make, bytes."""
    text = (firmware(sketch).parent / "size.txt").read_text(encoding="ascii")
    flash, ram = re.findall(r"(\d+) of", text)
    return int(flash), int(ram)


# One has all of the library in it; the others take as long to build.
@pytest.mark.parametrize(
    "example",
    [
        pytest.param(name, marks=() if name == "BothTransports" else pytest.mark.long)
        for name in EXAMPLES
    ],
)
def test_arduino_builder_builds_it_without_a_warning_of_ours(example: str, tmp_path: Path) -> None:
    for name in ("hardware", "tools", "libraries", "build"):
        (tmp_path / name).mkdir()
    (tmp_path / "hardware" / "arduino").symlink_to(HARDWARE)
    (tmp_path / "libraries" / "GatewayDevice").symlink_to(LIBRARY)
    done = subprocess.run(
        [
            *("arduino-builder", "-compile", "-fqbn", "arduino:avr:uno", "-warnings", "all"),
            *("-hardware", str(tmp_path / "hardware"), "-hardware", "/usr/share/arduino-builder"),
            *("-tools", str(tmp_path / "tools"), "-libraries", str(tmp_path / "libraries")),
            *("-built-in-libraries", str(HARDWARE / "avr" / "libraries")),
            *("-build-path", str(tmp_path / "build")),
            "-prefs=compiler.cpp.extra_flags=-DDECIMAL_DIG=__DECIMAL_DIG__",
            str(tmp_path / "libraries/GatewayDevice/examples" / example / f"{example}.ino"),
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert not re.search(r"GatewayDevice.*warning", done.stderr)
    built = int(re.search(r"Sketch uses (\d+) bytes", done.stdout + done.stderr)[1])  # type: ignore[index]
    assert abs(built - sizes(example)[0]) < 200


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_uno_has_room_for_it(example: str) -> None:
    flash, ram = sizes(example)
    assert flash < 0.6 * FLASH_BYTES
    assert ram < 0.75 * RAM_BYTES


def test_the_readme_states_the_size_of_the_smallest() -> None:
    readme = (LIBRARY / "README.md").read_text(encoding="utf-8")
    stated = re.search(r"`Hello`: ([\d,]+) bytes of flash, ([\d,]+) of RAM", readme)
    assert stated is not None
    flash, ram = (int(number.replace(",", "")) for number in stated.groups())
    built_flash, built_ram = sizes("Hello")
    assert abs(flash - built_flash) < 500
    assert abs(ram - built_ram) < 50


def test_the_fifteen_lines() -> None:
    lines = (LIBRARY / "examples/Hello/Hello.ino").read_text(encoding="utf-8").splitlines()
    code = [line for line in lines if line.strip() and not line.startswith("//")]
    assert len(code) <= 15
    with Uno(firmware("Hello")) as uno:
        wait_for_board(uno, 0x12)
        client = Client(I2cWire.of(uno, 0x12))
        assert b"channel light i16 - 1 0\ncommand lamp on:bool\n" in client.schema()
        assert client.command(1, 0, b"\1") == DONE
        assert uno.pin("B5")["level"] == 1


def test_climate_node() -> None:
    fan, heater, vent = range(3)
    with Uno(firmware("ClimateNode")) as uno:
        uno.ask("adc", 0, 250)
        uno.ask("adc", 1, 4990)
        uno.ask("drive", "D2", 0)
        wait_for_board(uno, 0x13)
        client = Client(I2cWire.of(uno, 0x13))
        boot = client.hello().boot
        client.command(1, 0xFD, struct.pack("<I", 50))

        def newest() -> tuple[int, ...]:
            upcoming = client.poll(boot, 1, 4, skip=60000).first
            samples = client.poll(boot, upcoming - 1, 4).samples
            return struct.unpack("<hBB", samples[-1].packed) if samples else ()

        # 25 degrees less the converter's step, no humidity sensor, door closed.
        wait_until(lambda: newest() == (2490, 0xFF, 0), 20, f"{newest()}")
        assert client.command(2, heater, b"\1") == DONE
        assert uno.pin("D7")["level"] == 1
        uno.ask("drive", "D2", 1)
        assert client.command(3, heater, b"\1") == REFUSED
        assert client.command(4, fan, b"\x80") == DONE
        assert uno.pin("D5")["pwm"] == 128
        assert client.command(5, vent) == ACCEPTED
        assert uno.pin("B0")["level"] == 1
        wait_until(lambda: client.command(5, vent) == DONE, 30, "the vent never opens")
        assert uno.pin("B0")["level"] == 0
        assert uno.facts("stat")["resets"] == 1  # its watchdog is fed


def test_the_watchdog_ends_a_hung_loop() -> None:
    hang = 4
    with Uno(firmware("TestNode", WATCHDOG=1)) as uno:
        wait_for_board(uno, 0x12)
        client = Client(I2cWire.of(uno, 0x12), tries=1, reply_timeout_s=0.2)
        assert client.hello().boot == 1
        with pytest.raises(TimeoutError):
            client.command(1, hang, b"\0")
        wait_until(lambda: uno.facts("stat")["resets"] == 2, 30, "the watchdog does not bite")
        wait_for_board(uno, 0x12)
        assert client.hello().boot == 2
        # It is fed from then on: no reset for longer than its two seconds.
        started = uno.facts("stat")["us"]
        wait_until(lambda: uno.facts("stat")["us"] > started + 3e6, 60, "time stands still")
        assert uno.facts("stat")["resets"] == 2
