"""Error values of a sensor on real firmware, over both wires: they enter no mean and no count."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e_firmware.bench import CONFIG, DEADLINE_S, I2C_BUS, WIRES, serial_bus
from tests.support.avr import Uno, i2c_environment
from tests.support.gateway import GatewayProcess

RULES = 'channels = [{ name = "raw", missing = 0, maximum = 1000 }]\n'
TRUE_MV, TRUE = 2000, 409
OVERLOAD_MV, OVERLOAD = 5000, 1023


@pytest.mark.parametrize("wire", [WIRES[0], pytest.param(WIRES[1], marks=pytest.mark.long)])
def test_error_values_enter_nothing(tmp_path: Path, node_elf: Path, wire: str) -> None:
    folder = tmp_path / "bus"
    uno = Uno(node_elf, directory=folder / "a", eeprom=tmp_path / "eeprom")
    where = 'bus = "i2c1"\naddress = 0x12\n' if wire == "i2c" else 'bus = "bench"\n'
    bus = I2C_BUS if wire == "i2c" else serial_bus(uno)
    gateway = GatewayProcess(
        tmp_path / "gateway",
        config=f'{CONFIG}{bus}[[device]]\nid = "node"\n{where}{RULES}',
        environ=i2c_environment(1, folder) if wire == "i2c" else None,
    )

    def readings() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = gateway.get("/api/v1/devices/node/readings?limit=2000")[
            "readings"
        ]
        return found

    def has(value: int | None, quality: str) -> bool:
        return any((one["values"]["raw"], one["quality"]) == (value, quality) for one in readings())

    with uno, gateway:
        for mv, value, quality in (
            (TRUE_MV, TRUE, "partial"),  # another channel of this sketch never has a value
            (OVERLOAD_MV, OVERLOAD, "out_of_range"),
            (0, None, "partial"),
        ):
            uno.ask("adc", 1, mv)
            gateway.until(
                lambda wanted=value, told=quality: has(wanted, told),  # type: ignore[misc]
                f"{value} is stored",
                DEADLINE_S,
            )
        query = "every=1h&agg=mean,min,max,count&channels=raw,calls"
        windows = gateway.get(f"/api/v1/devices/node/readings?{query}")["windows"]
        kept = [one["values"] for one in windows if one["values"]["raw"]["count"]]
        assert kept
        for window in kept:
            raw = window["raw"]
            assert (raw["mean"], raw["min"], raw["max"]) == (TRUE, TRUE, TRUE)
            assert raw["count"] < window["calls"]["count"]
        assert gateway.get("/api/v1/devices/node")["channels"][1]["maximum"] == 1000
