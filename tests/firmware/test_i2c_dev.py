"""Two boards on one bus behind /dev/i2c-1, for a program that knows nothing of a simulator."""

import json
import subprocess
import sys
from pathlib import Path

from tests.firmware.conftest import ADDRESS
from tests.support.avr import ROOT, Uno, firmware, i2c_environment
from tests.support.reference import wait_for_board

CLIMATE = 0x13


def test_smbus2_finds_and_uses_two_boards(node_elf: Path, tmp_path: Path) -> None:
    with (
        Uno(node_elf, directory=tmp_path / "a") as first,
        Uno(firmware("ClimateNode"), directory=tmp_path / "b") as second,
    ):
        wait_for_board(first, ADDRESS)
        wait_for_board(second, CLIMATE)
        child = subprocess.run(
            [sys.executable, "-m", "tests.firmware.i2cdev_child", str(ADDRESS), str(CLIMATE)],
            env=i2c_environment(1, tmp_path),
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert child.returncode == 0, child.stderr
        result = json.loads(child.stdout)
        assert result["found"] == [ADDRESS, CLIMATE]
        assert result["beacons"]
        boards = result["boards"]
        assert [boards[str(a)]["name"] for a in (ADDRESS, CLIMATE)] == [
            "name testnode",
            "name greenhouse",
        ]
        for board in boards.values():
            assert board["schema_good"]
            assert board["status"] == 0
            assert board["samples"] >= 1
        assert boards[str(ADDRESS)]["uid"] != boards[str(CLIMATE)]["uid"]
        assert first.pin("D7")["level"] == 1
        assert second.pin("D5")["pwm"] == 1
