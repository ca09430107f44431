"""Real firmware that counts wrong for a while, over both wires: nothing of that is stored."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e_firmware.bench import CONFIG, DEADLINE_S, I2C_BUS, WIRES, serial_bus
from tests.support.avr import Uno, build, firmware, i2c_environment
from tests.support.gateway import GatewayProcess

LOST_MAX = 400
"""Samples that are truly lost: after 2^32 - 1 the board counts from 0, and is asked again after 10 s."""


def device(gateway: GatewayProcess) -> dict[str, Any]:
    devices: list[dict[str, Any]] = gateway.get("/api/v1/devices")["devices"]
    return devices[0] if devices else {}


def newest(gateway: GatewayProcess) -> int:
    readings = gateway.get("/api/v1/readings/latest")["readings"]
    return int(readings[0]["seq"]) if readings else 0


@pytest.mark.parametrize("highest", [False, pytest.param(True, marks=pytest.mark.long)])
@pytest.mark.parametrize("wire", WIRES)
def test_a_board_that_counts_wrong_for_a_while(tmp_path: Path, wire: str, highest: bool) -> None:
    build("harness")
    folder = tmp_path / "bus"
    uno = Uno(firmware("LiarNode"), directory=folder / "a", eeprom=tmp_path / "eeprom")
    gateway = GatewayProcess(
        tmp_path / "gateway",
        config=CONFIG + (I2C_BUS if wire == "i2c" else serial_bus(uno)),
        environ=i2c_environment(1, folder) if wire == "i2c" else None,
    )
    with uno, gateway:
        gateway.until(lambda: newest(gateway) > 20, "twenty readings", DEADLINE_S)
        before = device(gateway)
        sent = gateway.command(before["id"], "lie", highest=highest)
        assert sent.body["state"] == "done"
        gateway.until(
            lambda: (
                "begins with sample" in (device(gateway)["detail"] or "")
                or "is the last number" in (device(gateway)["detail"] or "")
            ),
            "the number is refused",
            DEADLINE_S,
        )
        refused_at = newest(gateway)
        gateway.until(lambda: newest(gateway) > refused_at + 40, "it is read on", DEADLINE_S)
        after = device(gateway)
        assert (after["state"], after["boot"]) == ("online", before["boot"])
        assert after["health"]["lost"] <= LOST_MAX
        assert newest(gateway) < 100_000
        lost = gateway.get("/api/v1/ledger")["ledger"]
        assert sum(sum(hour["lost"].values()) for hour in lost) <= LOST_MAX
