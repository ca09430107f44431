"""Wires and boards at their worst: nothing wrong is ever stored, and everything goes on afterwards.

`Bench` checks at the end of each test that every value in MongoDB is one that the inputs were set to.
"""

from pathlib import Path

import pytest

from tests.e2e_firmware.bench import FAN_PIN, LAMP_PIN, SAFE_PIN, Bench
from tests.support.avr import BusRefused, Uno, firmware, wait_until
from tests.support.mongod import Database, Mongod

ADDRESS = 0x12


def _crc_errors(bench: Bench) -> int:
    return int(bench.device()["health"]["crc_errors"])


def _until_stored(bench: Bench, more: int) -> None:
    wanted = bench.database.readings.count_documents({}) + more
    bench.until(lambda: bench.database.readings.count_documents({}) >= wanted, f"{more} more")


def _hurt(bench: Bench, ppm: int) -> None:
    if bench.wire == "i2c":
        bench.uno.ask("i2cfault", "ppm", ppm, 1)
    else:
        bench.uno.ask("uart", "rx", "ppm", ppm, 1)
        bench.uno.ask("uart", "tx", "ppm", ppm, 2)


def test_bit_errors_are_caught_and_survived(bench: Bench) -> None:
    """Half a percent of all bytes have a wrong bit, both ways."""
    _hurt(bench, 5000)
    for speed in range(1, 11):
        bench.change()
        bench.until_done("fan", speed=speed)
        assert bench.uno.pin(FAN_PIN)["pwm"] == speed
        _until_stored(bench, 10)
    bench.until(lambda: _crc_errors(bench) > 0, "damage was noticed")
    _hurt(bench, 0)
    bench.until_state("online")
    bench.change()
    bench.until_measured()


@pytest.mark.parametrize(
    ("way", "fault"),
    [
        ("rx", "flip"),
        ("tx", "drop"),
        pytest.param("rx", "drop", marks=pytest.mark.long),
        pytest.param("tx", "flip", marks=pytest.mark.long),
    ],
)
def test_one_damaged_byte_after_another_on_the_serial_line(
    serial: Bench, way: str, fault: str
) -> None:
    for position in range(0, 24, 2):
        serial.uno.ask("uart", way, fault, position, 1, "10")
        assert serial.command("lamp", on=bool(position % 4)) in ("done", "outcome_unknown")
    serial.until_done("lamp", on=True)
    assert serial.uno.pin(LAMP_PIN)["level"] == 1
    serial.change()
    serial.until_measured()


def test_one_damaged_byte_after_another_on_i2c(i2c: Bench) -> None:
    for position in range(32):
        i2c.uno.ask("i2cfault", "flip", position, "10")
        assert i2c.command("lamp", on=bool(position % 2)) in ("done", "outcome_unknown")
    i2c.until_done("lamp", on=True)
    assert i2c.uno.pin(LAMP_PIN)["level"] == 1
    i2c.change()
    i2c.until_measured()


@pytest.mark.parametrize("times", [1, 3, pytest.param(8, marks=pytest.mark.long)])
def test_a_reset_in_the_middle_of_a_frame(serial: Bench, times: int) -> None:
    """The gateway polls all the time: somewhere in a request or its reply the board starts again."""
    boot = serial.device()["boot"]
    for _ in range(times):
        heard = serial.uno.facts("stat")["rx"]
        wait_until(lambda n=heard: serial.uno.facts("stat")["rx"] > n, 60, "no poll")  # type: ignore[misc]
        serial.uno.ask("reset")
    # One that is reset before it has started does not count that start.
    serial.until_later_boot(boot)
    serial.change()
    serial.until_measured()


def _cut_power(uno: Uno, position: int) -> None:
    """Inside a transaction, before its byte at `position`."""

    def is_off() -> bool:
        # Again and again: it is for the next transaction only, which may be a look at another address.
        uno.ask("i2cfault", "cut", position)
        return not uno.facts("stat")["powered"]

    wait_until(is_off, 60, "nothing was cut")
    uno.ask("i2cfault", "cut", -1)


def test_a_reset_in_the_middle_of_a_transaction(i2c: Bench) -> None:
    boot = i2c.device()["boot"]
    for count, position in enumerate((0, 3, 7, 20), 1):
        _cut_power(i2c.uno, position)
        i2c.uno.ask("power", "on")
        i2c.until_boot(boot + count)
        i2c.change()
        i2c.until_measured()


@pytest.mark.parametrize("khz", [100, pytest.param(50, marks=pytest.mark.long)])
def test_the_clock_stretching_fault_of_the_pi(i2c: Bench, khz: int) -> None:
    """Interrupts of the serial port lengthen the board's holds of the clock: the fault shows."""
    i2c.uno.ask("i2cfault", "khz", khz)
    i2c.uno.ask("i2cfault", "bcm", 1000)
    for speed in range(1, 6):
        i2c.uno.ask("noise", "55" * 200)
        i2c.change()
        i2c.until_done("fan", speed=speed)
        assert i2c.uno.pin(FAN_PIN)["pwm"] == speed
        _until_stored(i2c, 10)
    i2c.until_measured()


def test_a_stuck_bus_is_noticed_and_survived(i2c: Bench) -> None:
    i2c.uno.ask("i2cfault", "stuck", 1)
    i2c.until_state("offline")
    assert i2c.command("lamp", on=True) == "device_offline"
    i2c.uno.ask("i2cfault", "stuck", 0)
    i2c.until_state("online")
    i2c.until_done("lamp", on=True)
    i2c.change()
    i2c.until_measured()


def test_a_board_that_holds_the_bus_because_its_interrupts_are_off(i2c: Bench) -> None:
    boot = i2c.device()["boot"]
    assert i2c.command("hang", interrupts_off=True) == "outcome_unknown"
    i2c.until_state("offline")
    i2c.uno.ask("reset")
    i2c.until_boot(boot + 1)
    i2c.change()
    i2c.until_measured()


def test_a_board_made_deaf_by_a_long_write_listens_again(i2c: Bench) -> None:
    boot = i2c.device()["boot"]
    for _ in range(3):
        with pytest.raises(BusRefused, match="nack-data"):
            i2c.uno.i2c((ADDRESS, bytes(34)))
        i2c.change()
        i2c.until_measured()
        i2c.until_done("lamp", on=True)
    assert i2c.device()["boot"] == boot


def test_addresses_that_are_not_acknowledged(i2c: Bench) -> None:
    for speed in range(1, 11):
        i2c.uno.ask("i2cfault", "nack", 2)
        i2c.until_done("fan", speed=speed)
        assert i2c.uno.pin(FAN_PIN)["pwm"] == speed
    i2c.change()
    i2c.until_measured()


def test_what_a_sketch_prints_between_frames_is_skipped(serial: Bench) -> None:
    for _ in range(5):
        serial.until_done("say")
        serial.change()
        serial.until_measured()
    assert serial.uno.facts("stat")["resets"] == 2


def test_a_watchdog_brings_a_hung_sketch_back(
    tmp_path: Path, node_elf: Path, shared_server: Mongod, database: Database
) -> None:
    elf = firmware("TestNode", WATCHDOG=1)
    with Bench("i2c", tmp_path, elf, shared_server.uri, database) as bench:
        boot = bench.device()["boot"]
        assert bench.command("hang", interrupts_off=False) == "outcome_unknown"
        bench.until_boot(boot + 1)
        bench.change()
        bench.until_measured()


@pytest.mark.parametrize("wire", ["serial", "i2c"])
def test_outputs_are_made_safe_when_the_gateway_stops(
    tmp_path: Path, node_elf: Path, shared_server: Mongod, database: Database, wire: str
) -> None:
    elf = firmware("TestNode", KEEPALIVE_MS=3000)
    with Bench(wire, tmp_path, elf, shared_server.uri, database) as bench:
        bench.until_done("lamp", on=True)
        assert bench.uno.pin(LAMP_PIN)["level"] == 1
        bench.uno.pin(SAFE_PIN)  # edges count from here
        assert bench.gateway.terminate() == 0
        wait_until(lambda: bench.uno.pin(LAMP_PIN)["level"] == 0, 60, "the lamp stays on")
        assert bench.uno.facts("stat")["resets"] == (2 if wire == "serial" else 1)
        bench.gateway.start()
        bench.until_state("online")
        bench.until_done("lamp", on=True)
        assert bench.uno.pin(LAMP_PIN)["level"] == 1
