"""The small parts: EEPROM, signals, fault plans, and the ready-made boards."""

import json
import math
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arduino_iface import schema
from arduino_iface.frame import I2C_FRAME_MAX
from arduino_iface.messages import CommandStatus
from arduino_iface.sample import unpack_samples
from dummy_hw import demo, factory, signals
from dummy_hw.eeprom import FileEeprom, MemoryEeprom
from dummy_hw.faults import ON_I2C_READ, ON_I2C_WRITE, Fault, FaultPlan
from tests.dummy_hw.boards import ADDRESS, Asker
from tests.support.clock import FakeClock


class TestEeprom:
    def test_a_file_survives(self, tmp_path: Path) -> None:
        path = tmp_path / "deep" / "board.json"
        first = FileEeprom(path)
        first.store(first.load().booted())
        again = FileEeprom(path).load()
        assert again == first.load()
        assert again.boot == 1
        assert [entry.name for entry in path.parent.iterdir()] == ["board.json"]

    def test_an_identity_is_random_unless_given(self, tmp_path: Path) -> None:
        assert MemoryEeprom().load().uid != MemoryEeprom().load().uid
        given_uid = FileEeprom(tmp_path / "x", uid=b"12345678")
        assert given_uid.load().uid == b"12345678"
        with pytest.raises(ValueError, match="8 expected"):
            MemoryEeprom(b"short")

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"uid": "00", "boot": 1}'])
    def test_another_file_is_refused(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "x"
        path.write_text(text)
        with pytest.raises(ValueError, match="not the EEPROM"):
            FileEeprom(path).load()


class TestSignals:
    @settings(deadline=None)
    @given(seed=st.integers(0, 2**32), seconds=st.floats(0, 1e7))
    def test_values_are_pure_and_bounded(self, seed: int, seconds: float) -> None:
        for kind in (signals.Drift(seed, 10.0, 2.0), signals.Noise(seed, 10.0, 2.0)):
            value = kind(seconds)
            assert isinstance(value, float)
            assert value == kind(seconds)
            assert 8.0 <= value <= 12.0

    def test_seeds_differ(self) -> None:
        assert len({signals.Noise(seed)(5.0) for seed in range(100)}) == 100

    def test_drift_is_smooth(self) -> None:
        drift = signals.Drift(3, 0.0, 1.0, 60.0)
        values = [float(drift(step / 10) or 0.0) for step in range(6000)]
        steps = [abs(b - a) for a, b in pairwise(values)]
        assert max(steps) < 0.02
        assert max(values) - min(values) > 0.5

    def test_shapes(self) -> None:
        assert signals.Sine(1.0, 2.0, 60.0)(15.0) == pytest.approx(3.0)
        assert signals.Ramp(1.0, 2.0)(10.0) == 21.0
        assert signals.Ramp(1.0, 2.0, 8.0)(10.0) == 5.0
        assert [signals.SquareWave(0.0, 1.0, 10.0)(at) for at in (0.0, 5.0, 10.0)] == [
            0.0,
            1.0,
            0.0,
        ]
        assert signals.PulseCounter(2.0, 1.0)(3.6) == 5
        gaps = signals.Missing(signals.Constant(1), 60.0, 3.0)
        assert [gaps(at) for at in (0.0, 59.0, 60.0, 62.9, 63.0)] == [1, 1, None, None, 1]
        door = {signals.Switch(1, 1.0, 0.5)(float(at)) for at in range(100)}
        assert door == {True, False}

    def test_from_spec(self) -> None:
        spec = {"kind": "sine", "mean": 20, "amplitude": 5, "period_s": 600}
        assert signals.from_spec(spec) == signals.Sine(20, 5, 600)
        assert signals.from_spec({"kind": "constant", "value": None})(0.0) is None

    @pytest.mark.parametrize(
        "spec",
        [
            {},
            {"kind": ["sine"]},
            {"kind": "square"},
            {"kind": "sine", "colour": 1},
            {"kind": "sine", "mean": "warm"},
            {"kind": "sine", "mean": True},
            {"kind": "sine", "mean": math.inf},
            {"kind": "sine", "period_s": 0},
            {"kind": "noise", "seed": 1.5},
            {"kind": "constant"},
        ],
    )
    def test_an_invalid_spec_is_refused_with_a_reason(self, spec: dict[str, object]) -> None:
        with pytest.raises(ValueError, match=r"kind|setting|must be|needs"):
            signals.from_spec(spec)


class TestFaults:
    def test_a_script_runs_in_order_and_waits_for_its_transaction(self) -> None:
        plan = FaultPlan([None, Fault.DROP_REPLY, Fault.NACK])
        assert plan.next(ON_I2C_WRITE) is None
        assert plan.next(ON_I2C_WRITE) is None
        assert plan.next(ON_I2C_READ) is Fault.DROP_REPLY
        assert plan.next(ON_I2C_READ) is Fault.NACK
        assert plan.waiting == 0
        assert plan.next(ON_I2C_READ) is None

    def test_chance_is_seeded(self) -> None:
        def run(seed: int) -> list[Fault | None]:
            plan = FaultPlan(rates={Fault.NACK: 0.2, Fault.CORRUPT: 0.1}, seed=seed)
            return [plan.next(ON_I2C_READ) for _ in range(2000)]

        assert run(1) == run(1)
        assert run(1) != run(2)
        counts = Counter(run(1))
        assert 300 < counts[Fault.NACK] < 500
        assert 130 < counts[Fault.CORRUPT] < 270

    def test_bounds(self) -> None:
        with pytest.raises(ValueError, match="together at most 1"):
            FaultPlan(rates={Fault.NACK: 0.6, Fault.CORRUPT: 0.6})
        with pytest.raises(ValueError, match="can wait"):
            FaultPlan().inject(*[Fault.NACK] * 10_001)

    @settings(deadline=None)
    @given(data=st.binary(max_size=40), seed=st.integers())
    def test_damage(self, data: bytes, seed: int) -> None:
        plan = FaultPlan(seed=seed)
        corrupt = plan.damaged(data, Fault.CORRUPT)
        short = plan.damaged(data, Fault.TRUNCATE)
        flipped = int.from_bytes(corrupt, "big") ^ int.from_bytes(data, "big")
        assert flipped.bit_count() == bool(data)
        assert data.startswith(short)
        assert len(short) < len(data) or not data
        assert plan.damaged(data, Fault.DROP_REPLY) == b""
        assert plan.damaged(data, Fault.DUPLICATE) == plan.damaged(data, None) == data


class TestReadyMade:
    def test_the_demo_set(self, tmp_path: Path) -> None:
        clock = FakeClock()
        boards = demo.make(tmp_path, clock)
        names = {address: board.schema.name for address, board in boards.i2c.items()}
        assert names == {0x10: "greenhouse", 0x11: "workshop"}
        assert list(boards.serial) == ["vehicle", "laboratory"]
        missing: set[str] = set()
        for address, board in {**boards.i2c, 0: boards.serial["vehicle"]}.items():
            board.require_room(I2C_FRAME_MAX if address else 250)
            board.power_on()
        clock.advance(118)
        for address, board in boards.i2c.items():
            asker, next_seq = Asker(board, address), 1
            while reply_count := (reply := asker.poll(next_seq)).count:
                next_seq = reply.first + reply_count
                for sample in unpack_samples(board.schema, reply):
                    missing |= {name for name, value in sample.values.items() if value is None}
        assert missing == {"humidity"}

    def test_demo_keys_never_repeat(self, tmp_path: Path) -> None:
        seen = set()
        for _ in range(2):
            for board in demo.make(tmp_path, FakeClock()).i2c.values():
                board.power_on()
                seen.add((board.uid, board.boot))
        assert len(seen) == 4
        assert len({uid for uid, _ in seen}) == 2

    def test_demo_commands(self, tmp_path: Path) -> None:
        clock = FakeClock()
        boards = demo.make(tmp_path, clock)
        workshop, laboratory = boards.i2c[0x11], boards.serial["laboratory"]
        workshop.power_on()
        laboratory.power_on()
        clock.advance(20)
        asker = Asker(workshop)
        assert asker.command(1, 1) is CommandStatus.DONE
        clock.advance(4)
        asker.poll(22)
        samples = unpack_samples(workshop.schema, asker.poll(25))
        assert [sample.values["pulses"] for sample in samples] == [10]
        workshop.reset()
        clock.advance(2)
        samples = unpack_samples(workshop.schema, asker.poll(3))
        assert [sample.values["pulses"] for sample in samples] == [5]
        assert Asker(laboratory).command(1, 2) is CommandStatus.RUNNING

    @pytest.mark.parametrize(
        ("device", "name"),
        [
            ("greenhouse", "greenhouse"),
            ("Pi-1 Süd", "pi_1_s_d"),
            ("42", "d42"),
            ("_", "d_"),
            ("x" * 60, "x" * 24),
        ],
    )
    def test_a_board_for_a_device(self, device: str, name: str) -> None:
        clock = FakeClock()
        board = factory.make(device, eeprom=MemoryEeprom(), clock=clock, interval_s=0.5)
        board.power_on()
        clock.advance(2)
        assert schema.parse(board.schema.text).name == name
        reply = Asker(board, ADDRESS).poll(1)
        assert reply.count == 2
        values = unpack_samples(board.schema, reply)[0].values
        assert all(value is not None for value in values.values())


def test_a_status_can_be_written_as_json() -> None:
    board = factory.make("x", eeprom=MemoryEeprom(), clock=FakeClock())
    board.power_on()
    assert json.dumps(dict(board.status().outputs)) == '{"fan.speed": 0, "relay.on": false}'
