from pathlib import Path

import pytest

from dummy_hw import factory
from dummy_hw.board import DummyBoard
from dummy_hw.eeprom import MemoryEeprom
from dummy_hw.hardware import DummyHardware
from dummy_hw.remote import RemoteBoards
from tests.support.clock import FakeClock


class Bench:
    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.board: DummyBoard = factory.make("one", eeprom=MemoryEeprom(), clock=self.clock)
        hardware = DummyHardware(folder, clock=self.clock)
        hardware.add_i2c("one", "i2c1", 16, self.board)
        self.board.power_on()
        self.remote = RemoteBoards(hardware)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


KINDS = [
    {"kind": "constant", "value": 1e9},
    {"kind": "constant", "value": None},
    {"kind": "constant", "value": True},
    {"kind": "sine", "mean": 1e9, "amplitude": 1e9, "period_s": 0.001, "phase": -1e9},
    {"kind": "ramp", "start": -1e9, "per_s": 1e9},
    {"kind": "step", "low": -1e9, "high": 1e9, "period_s": 1e9},
    {"kind": "switch", "seed": -1000000000, "dwell_s": 0.001, "share": 1e9},
    {"kind": "noise", "seed": 1000000000, "mean": 1e9, "spread": 1e9, "step_s": 0.001},
    {"kind": "drift", "seed": 7, "mean": -1e9, "spread": 1e9, "scale_s": 0.001},
    {"kind": "counter", "per_s": 1e9, "since_s": -1e9},
]


@pytest.mark.parametrize("spec", KINDS, ids=lambda spec: f"{spec['kind']}")
def test_every_signal_within_bounds_can_be_sampled(bench: Bench, spec: dict[str, object]) -> None:
    signals = {channel.name: spec for channel in bench.board.schema.channels}
    assert bench.remote.change("one", {"signals": signals}) is not None
    bench.clock.advance(10_000_000.0)
    # One at the start, and one after each second.
    assert bench.board.status().samples_made == 10_000_001


def test_boards_that_are_not_there(bench: Bench) -> None:
    assert bench.remote.get("two") is None
    assert bench.remote.change("two", {"reset": True}) is None


def test_an_order_is_all_or_nothing(bench: Bench) -> None:
    order = {
        "signals": {"temperature": {"kind": "constant", "value": 1}, "nothing": {"kind": "sine"}},
        "faults": {"script": ["nack"]},
        "powered": False,
    }
    with pytest.raises(ValueError, match="nothing"):
        bench.remote.change("one", order)
    assert bench.board.status().powered
    assert bench.board.faults.waiting == 0
