"""Sketches that answer late or ignore the number: no wrong value is ever called good."""

import struct
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arduino_iface.errors import DeviceSilent
from arduino_iface.registers.map import (
    RegisterChannel,
    RegisterMap,
)
from arduino_iface.registers.types import REGISTER_TYPES
from tests.drivers.sketches import (
    ADDRESS,
    CLIMATE,
    PACKET,
    LateRegisters,
    Packet,
    Registers,
    SketchBench,
    SlowRegisters,
    StallingRegisters,
    Stream,
    good,
    memory,
    sometimes,
    words,
)
from tests.support.clock import FakeClock

# Answers that are late

THREE = {"r0": 1111, "r4": 5555, "r8": 9999}


@pytest.mark.parametrize("late", [0, 1, 2, 3, 4])
@pytest.mark.parametrize(
    "values",
    [
        THREE,
        {"r0": 5, "r4": 0, "r8": 0, "r12": 7},
        {"r0": 0, "r4": 5, "r8": 0},
        {"r0": 1, "r4": 0, "r8": 1, "r12": 0, "r16": 1},
        {"r0": 3, "r9": 4},
    ],
)
def test_answers_that_are_late_by_some_requests(late: int, values: dict[str, int]) -> None:
    registers = words(*(int(name[1:]) for name in values))
    bench = SketchBench(registers, LateRegisters(memory(**values), lambda: late))
    found = [bench.device.measure() for _ in range(6)]
    if late < 3:
        # That it is late is seen while the first sample is taken.
        assert [one.values for one in found] == [values] * 6
        assert [good(one) for one in found] == [not late] + [True] * 5
    assert all(one.values == values or not good(one) for one in found)


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=6),
    st.integers(0, 2),
    st.integers(0, 2**32),
    st.booleans(),
)
def test_no_late_answer_is_a_wrong_value(
    numbers: list[int], late: int, seed: int, always: bool
) -> None:
    # Small numbers, so that those of different registers are often alike.
    values = {f"r{4 * place}": number for place, number in enumerate(numbers)}
    lateness = (lambda: late) if always else sometimes(seed, max(late, 1), 0.5)
    registers = words(*(4 * place for place in range(len(numbers))))
    sketch = LateRegisters(memory(**values), lateness)
    bench = SketchBench(registers, sketch)
    random = Random(seed)
    bench.device.measure()  # what was asked for before is not known to anybody
    for _ in range(10):
        measured = bench.device.measure()
        for name, value in measured.values.items():
            assert value in (values[name], None) or measured.unverified
        name = random.choice(list(values))
        values[name] = random.randrange(4)
        sketch.memory[:] = memory(**values)


def test_a_single_register_that_is_late_is_never_an_old_value() -> None:
    for late in (1, 2):
        sketch = LateRegisters(memory(r0=1), lambda late=late: late)
        bench = SketchBench(words(0), sketch)
        for number in range(1, 20):
            sketch.memory[:] = memory(r0=number)
            measured = bench.device.measure()
            assert (measured.values, measured.unverified) == ({"r0": number}, False)


@pytest.mark.parametrize(("settle_s", "retried"), [(0.0, True), (0.005, False)])
def test_a_pause_lets_the_loop_prepare_the_answer(settle_s: float, retried: bool) -> None:
    clock = FakeClock()
    registers = replace(words(0, 4, 8), settle_s=settle_s)
    bench = SketchBench(registers, SlowRegisters(memory(**THREE), clock, 0.004), clock)
    for _ in range(20):
        measured = bench.device.measure()
        assert measured.values == THREE or not good(measured)
        assert good(measured) or retried
    assert (bench.device.counters.crc_errors > 0) == retried


@given(st.integers(0, 2**32), st.floats(0.001, 0.1))
def test_a_loop_that_stands_still_now_and_then(seed: int, longest_s: float) -> None:
    """As while it waits for a sensor: the same is sent to every request."""
    clock, random = FakeClock(), Random(seed)
    sketch = StallingRegisters(memory(**THREE), clock)
    bench = SketchBench(words(0, 4, 8), sketch, clock)
    values = dict(THREE)
    for _ in range(30):
        if random.random() < 0.5:
            sketch.stall(clock.monotonic() + random.random() * 0.01, random.random() * longest_s)
        measured = bench.device.measure()
        for name, value in measured.values.items():
            assert value in (values[name], None) or measured.unverified
        clock.sleep(0.5)
        values["r4"] = random.choice((1111, 5555, 9999))
        sketch.memory[:] = memory(**values)


def test_restless_neighbours_do_not_vouch_for_a_late_answer() -> None:
    random = Random(3)
    kind = REGISTER_TYPES["u16be"]
    channels = tuple(RegisterChannel(f"r{at}", at, kind, tolerance=50) for at in (0, 4, 8, 12))
    true = {"r0": 20000, "r4": 30000, "r8": 20010, "r12": 20005}
    sketch = LateRegisters(bytes(64), lambda: 1)
    bench = SketchBench(RegisterMap(channels), sketch)
    original = sketch.received

    def received(data: bytes) -> None:
        sketch.memory[:] = memory(**{one: at + random.randint(-15, 15) for one, at in true.items()})
        original(data)

    sketch.received = received  # type: ignore[method-assign]
    bench.device.measure()
    for _ in range(100):
        for name, value in bench.device.measure().values.items():
            assert value is None or abs(float(value) - true[name]) <= 15


# Numbers that are ignored


def test_a_packet_for_registers_with_a_gap_is_never_good() -> None:
    bench = SketchBench(RegisterMap(CLIMATE), Packet(lambda: PACKET))
    for _ in range(20):
        assert bench.device.measure().unverified


@pytest.mark.parametrize("data", [bytes(16), b"\x07" * 16, bytes(range(16)), b"\xff" * 16])
@pytest.mark.parametrize("at", [(0, 4), (0, 4, 8), (5,), (2, 9)])
def test_whatever_the_packet_is(data: bytes, at: tuple[int, ...]) -> None:
    bench = SketchBench(words(*at), Packet(lambda: data))
    for _ in range(5):
        assert bench.device.measure().unverified


@given(st.integers(0, 2**32), st.sampled_from((1, 3, 15, 255)), st.floats(0.01, 1.0))
def test_a_packet_that_is_noise_is_never_good(seed: int, noise: int, chance: float) -> None:
    random = Random(seed)
    packet = bytearray(random.randbytes(16))
    base = bytes(packet)

    def make() -> bytes:
        if random.random() < chance:
            at = random.randrange(16)
            packet[at] = base[at] ^ random.randint(0, noise)
        return bytes(packet)

    bench = SketchBench(words(0, 4, 8), Packet(make))
    for _ in range(10):
        measured = bench.device.measure()
        right = struct.unpack_from(">H", packet)[0]
        assert not good(measured) or right == measured.values["r4"]


def test_one_byte_after_the_other_is_never_good() -> None:
    for length in (1, 2, 3, 4, 6):
        bench = SketchBench(words(0, 4, 8), Stream(bytes(range(1, length + 1))))
        for _ in range(20):
            assert not good(bench.device.measure())


def test_equal_values_are_not_verified() -> None:
    sketch = Registers(bytes(64))
    bench = SketchBench(words(0, 4), sketch)
    for values in ((0, 0), (7, 0), (0, 0), (0, 7), (7, 7)):
        sketch.memory[:] = memory(r0=values[0], r4=values[1])
        measured = bench.device.measure()
        assert tuple(measured.values.values()) == values
        assert measured.unverified == (values[0] == values[1])


def test_what_was_seen_of_a_sketch_is_forgotten_when_it_falls_silent() -> None:
    sketch = Registers(memory(r0=7, r4=9))
    bench = SketchBench(words(0, 4), sketch)
    assert good(bench.device.measure())
    before = bench.wire.transactions
    assert good(bench.device.measure())
    usual = bench.wire.transactions - before
    # A board that was away may have another sketch.
    bench.wire.detach(ADDRESS)
    with pytest.raises(DeviceSilent):
        bench.device.measure()
    bench.wire.attach(ADDRESS, sketch)
    before = bench.wire.transactions
    assert good(bench.device.measure())
    assert bench.wire.transactions - before > usual == 8


def test_a_channel_in_the_middle_of_a_block_shows_that_the_number_is_heeded() -> None:
    registers = words(6, 8)
    assert len(registers.blocks()) == 1
    sketch = Registers(memory(r6=100, r8=200))
    bench = SketchBench(registers, sketch)
    assert good(bench.device.measure())
    # Nothing but what the configuration names was asked for.
    assert set(sketch.writes) == {b"\x06", b"\x08"}
    assert SketchBench(words(6, 8), Packet(lambda: bytes(range(16)))).device.measure().unverified


def test_a_single_register_other_than_the_first_cannot_be_verified() -> None:
    registers = words(6)
    assert registers.indistinct
    assert not words(0).indistinct
    bench = SketchBench(registers, Registers(memory(r6=100)))
    for _ in range(3):
        measured = bench.device.measure()
        assert (measured.values, measured.unverified) == ({"r6": 100}, True)
    assert good(SketchBench(words(0), Registers(memory(r0=100))).device.measure())


def test_a_restless_sketch_that_is_right_is_verified() -> None:
    random = Random(1)
    channels = tuple(
        RegisterChannel(f"r{at}", at, REGISTER_TYPES["u16be"], tolerance=40) for at in (0, 4)
    )

    class Restless(Registers):
        def received(self, data: bytes) -> None:
            super().received(data)
            noise = random.randint(0, 20)
            self.memory[:] = memory(r0=512 + noise, r4=3000 + noise)

    bench = SketchBench(RegisterMap(channels), Restless(bytes(64)))
    assert all(good(bench.device.measure()) for _ in range(20))
