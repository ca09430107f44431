"""Sketches that answer late, ignore the number, clear what was read: no wrong value is ever called good."""

import struct
from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arduino_iface.errors import BadFrame, DeviceSilent
from arduino_iface.measurement import Measurement
from arduino_iface.messages import CommandStatus
from arduino_iface.registers.map import (
    FIRST_BYTE,
    EchoRegister,
    Layout,
    RegisterChannel,
    RegisterCommand,
    RegisterMap,
    Verify,
)
from arduino_iface.registers.types import REGISTER_TYPES, TextType
from dummy_hw.faults import Fault, FaultPlan
from tests.drivers.sketches import (
    ADDRESS,
    Answers,
    ClearingCounter,
    LateRegisters,
    Packet,
    Registers,
    Sketch,
    SketchBench,
    SlowRegisters,
    StallingRegisters,
    Stream,
    sometimes,
)
from tests.support.clock import FakeClock

PACKET = struct.pack("<fBxh", 21.5, 45, -1200)
CLIMATE = (
    RegisterChannel("t", 0, REGISTER_TYPES["f32le"]),
    RegisterChannel("h", 4, REGISTER_TYPES["u8"]),
    RegisterChannel("rpm", 6, REGISTER_TYPES["i16le"]),
)
VALUES = {"t": 21.5, "h": 45, "rpm": -1200}


def words(*registers: int) -> RegisterMap:
    """A u16be at each of these registers."""
    return RegisterMap(
        tuple(RegisterChannel(f"r{one}", one, REGISTER_TYPES["u16be"]) for one in registers)
    )


def memory(**values: int) -> bytes:
    """A u16be at each of the registers named r0, r4, ..."""
    found = bytearray(64)
    for name, value in values.items():
        at = int(name[1:])
        found[at : at + 2] = value.to_bytes(2, "big")
    return bytes(found)


def good(measured: Measurement) -> bool:
    return measured.complete and not measured.unverified and not measured.out_of_range


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
        assert [(one.values, good(one)) for one in found] == [(values, True)] * 6
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


# What the sketch does not send


@pytest.mark.parametrize(
    ("sends", "values", "sure"),
    [
        (32, {"a": 0x0102, "b": 0x0304, "c": 5}, True),
        (5, {"a": 0x0102, "b": 0x0304, "c": 5}, True),
        (4, {"a": 0x0102, "b": 0x0304, "c": 255}, False),
        (2, {"a": 0x0102, "b": 0xFFFF, "c": 255}, False),
        (1, {"a": 0x01FF, "b": 0xFFFF, "c": 255}, False),
        (0, {"a": 0xFFFF, "b": 0xFFFF, "c": 255}, False),
    ],
)
@pytest.mark.parametrize("layout", [Layout.REGISTERS, Layout.PACKET])
def test_bytes_that_never_came_are_not_good(
    layout: Layout, sends: int, values: dict[str, int], sure: bool
) -> None:
    u16 = REGISTER_TYPES["u16be"]
    channels = (
        RegisterChannel("a", 0, u16),
        RegisterChannel("b", 2, u16),
        RegisterChannel("c", 4, REGISTER_TYPES["u8"]),
    )
    sketch = Registers(bytes((1, 2, 3, 4, 5, 6, 7, 8)), sends)
    bench = SketchBench(RegisterMap(channels, layout=layout), sketch)
    for _ in range(3):
        measured = bench.device.measure()
        assert (measured.values, measured.unverified) == (values, not sure)


def test_a_value_of_all_ones_is_good_once_the_sketch_is_known_to_send_it() -> None:
    sketch = Registers(memory(r0=0xFFFF))
    bench = SketchBench(words(0), sketch)
    assert bench.device.measure().unverified
    sketch.memory[:] = memory(r0=3)
    assert good(bench.device.measure())
    sketch.memory[:] = memory(r0=0xFFFF)
    measured = bench.device.measure()
    assert (measured.values, measured.unverified) == ({"r0": 0xFFFF}, False)
    missing = replace(words(0).channels[0], missing=(0xFFFF,))
    bench = SketchBench(RegisterMap((missing,)), sketch)
    measured = bench.device.measure()
    assert (measured.values, measured.unverified) == ({"r0": None}, False)


# Packets


@pytest.mark.parametrize("number", [None, 0x54])
@pytest.mark.parametrize("behind", [b"", b"\x2a\x2a\x2a"])
def test_a_packet_is_read_as_a_whole(number: int | None, behind: bytes) -> None:
    registers = RegisterMap(CLIMATE, layout=Layout.PACKET, number=number)
    bench = SketchBench(registers, Packet(lambda: PACKET + behind))
    for _ in range(3):
        measured = bench.device.measure()
        assert (measured.values, good(measured)) == (VALUES, True)
    assert set(bench.sketch.writes) == (set() if number is None else {b"\x54"})


def test_a_packet_of_which_a_part_changes_all_the_time() -> None:
    random = Random(5)

    def make() -> bytes:
        return struct.pack("<fBxh", random.random(), 45, -1200)

    bench = SketchBench(RegisterMap(CLIMATE, layout=Layout.PACKET), Packet(make))
    assert bench.device.measure().values == VALUES | {"t": None}


def test_a_packet_that_is_torn_now_and_then() -> None:
    random = Random(9)
    old, new = struct.pack("<I", 0x0000FFFF), struct.pack("<I", 0x00010000)

    def make() -> bytes:
        return random.choice((old, new[:2] + old[2:])) if random.random() < 0.02 else new

    channels = (RegisterChannel("n", 0, REGISTER_TYPES["u32le"]),)
    bench = SketchBench(RegisterMap(channels, layout=Layout.PACKET), Packet(make))
    values = [bench.device.measure().values["n"] for _ in range(200)]
    # A torn one would have to come twice in a row.
    assert values.count(0) <= 2


# An answer for each number


def test_an_answer_of_its_own_for_each_number() -> None:
    u16 = REGISTER_TYPES["u16le"]
    text = REGISTER_TYPES["ascii"]
    assert isinstance(text, TextType)
    channels = (
        RegisterChannel("level", 1, u16),
        RegisterChannel("flow", 2, u16),
        RegisterChannel("valve", 2, REGISTER_TYPES["u8"], at=2),
        RegisterChannel("t", ord("T"), text.of_length(6), scale=Decimal("0.1")),
    )
    sketch = Answers({1: b"\x01\x02", 2: b"\x03\x04\x05", ord("T"): b"215.0\0"})
    bench = SketchBench(RegisterMap(channels, layout=Layout.ANSWERS), sketch)
    for _ in range(3):
        measured = bench.device.measure()
        assert measured.values == {"level": 0x0201, "flow": 0x0403, "valve": 5, "t": 21.5}
        assert good(measured)
    assert set(sketch.writes) == {b"\x01", b"\x02", b"T"}
    ignoring = SketchBench(bench.device.registers, Packet(lambda: b"\x01\x02\x03"))
    assert ignoring.device.measure().unverified


def test_a_single_answer_is_what_the_sketch_answers() -> None:
    channels = (RegisterChannel("t", ord("T"), REGISTER_TYPES["i16be"]),)
    bench = SketchBench(RegisterMap(channels, layout=Layout.ANSWERS), Answers({ord("T"): b"\0\7"}))
    assert good(bench.device.measure())


# One byte a request


def test_one_byte_a_request() -> None:
    sketch = Registers(memory(r0=0x1234, r4=0x5678), sends=1)
    registers = replace(words(0, 4), block_max=1)
    bench = SketchBench(registers, sketch)
    for _ in range(3):
        measured = bench.device.measure()
        assert (measured.values, good(measured)) == ({"r0": 0x1234, "r4": 0x5678}, True)
    # Asked for both bytes at once, the second one never comes.
    measured = SketchBench(words(0, 4), sketch).device.measure()
    assert (measured.values, measured.unverified) == ({"r0": 0x12FF, "r4": 0x56FF}, True)


@pytest.mark.parametrize("late", [0, 1, 2])
def test_one_byte_a_request_and_late(late: int) -> None:
    sketch = LateRegisters(memory(r0=0x1234, r4=0x5678), lambda: late)
    bench = SketchBench(replace(words(0, 4), block_max=1), sketch)
    for _ in range(3):
        assert bench.device.measure().values == {"r0": 0x1234, "r4": 0x5678}


def test_a_value_that_changes_between_its_bytes_is_not_torn() -> None:
    class Counting(Registers):
        def received(self, data: bytes) -> None:
            super().received(data)
            if len(self.writes) % 40 == 0:
                count = int.from_bytes(self.memory[:2], "big") + 0x80
                self.memory[:] = memory(r0=count & 0xFFFF, r4=1)

    sketch = Counting(memory(r0=0x00FF, r4=1), sends=1)
    bench = SketchBench(replace(words(0, 4), block_max=1), sketch)
    for _ in range(100):
        before = int.from_bytes(sketch.memory[:2], "big")
        value = bench.device.measure().values["r0"]
        after = int.from_bytes(sketch.memory[:2], "big")
        assert value is None or before <= int(value) <= after or after < before


@pytest.mark.parametrize("latch", [0, 1])
def test_a_byte_that_latches_the_other(latch: int) -> None:
    class Latching(Registers):
        """Reading one byte holds the other as it is; the value counts on."""

        def requested(self) -> bytes:
            if self._number == latch:
                self.held = self.memory[1 - latch]
            elif self._number == 1 - latch:
                return bytes((self.held,))
            return super().requested()

        held = 0

    sketch = Latching(memory(r0=0x1234, r4=7), sends=1)
    bench = SketchBench(replace(words(0, 4), block_max=1), sketch)
    for number in (0x1234, 0x00FF, 0x0100):
        sketch.memory[:] = memory(r0=number, r4=7)
        bench.device.measure()
        assert bench.device.measure().values == {"r0": number, "r4": 7}


def test_a_command_of_more_bytes_than_a_read_is_read_back_in_pieces() -> None:
    command = RegisterCommand("set", 0x10, REGISTER_TYPES["u16be"], 0, 65535)
    registers = replace(words(0, 4), block_max=1, commands=(command,))
    bench = SketchBench(registers, Registers(bytes(64), sends=1))
    outcome = bench.device.command(bench.device.schema.commands[0], {"value": 0x1234})
    assert (outcome.status, outcome.confirmed) == (CommandStatus.DONE, True)


# What reading clears

PULSES = RegisterChannel("pulses", 0, REGISTER_TYPES["u16be"], clears=True)
STEADY = RegisterChannel("steady", 2, REGISTER_TYPES["u16be"])


@pytest.mark.parametrize("channels", [(PULSES,), (PULSES, STEADY)])
def test_what_reading_clears_is_read_once_a_sample(channels: tuple[RegisterChannel, ...]) -> None:
    sketch = ClearingCounter()
    bench = SketchBench(RegisterMap(channels), sketch)
    counted = []
    for pulses in (90, 0, 7, 300):
        sketch.arrive(pulses)
        measured = bench.device.measure()
        counted.append(measured.values["pulses"])
        assert measured.unverified
        assert len(channels) == 1 or measured.values["steady"] == 0x1234
    assert counted == [90, 0, 7, 300]
    assert sketch.writes.count(b"\0") == 4


@pytest.mark.parametrize(
    ("fault", "error"),
    [(Fault.NACK, None), (Fault.STUCK_BUS, None), (Fault.SILENCE, None)],
)
def test_the_number_may_be_repeated(fault: Fault, error: None) -> None:
    sketch = ClearingCounter()
    bench = SketchBench(RegisterMap((PULSES,)), sketch)
    sketch.arrive(5)
    sketch.faults = FaultPlan([fault])
    assert bench.device.measure().values == {"pulses": 5}
    assert error is None


@pytest.mark.parametrize("fault", [Fault.NACK, Fault.STUCK_BUS])
def test_a_read_that_failed_is_not_repeated(fault: Fault) -> None:
    sketch = ClearingCounter()
    bench = SketchBench(RegisterMap((PULSES,)), sketch)
    sketch.arrive(5)
    sketch.faults = FaultPlan([None, fault])
    with pytest.raises(BadFrame, match="cleared by reading, so it is not read again"):
        bench.device.measure()
    assert bench.wire.transactions == 2
    # This time the board had not heard it, so nothing is lost.
    assert bench.device.measure().values == {"pulses": 5}


def test_a_count_is_not_fetched_in_vain() -> None:
    """Nothing is cleared when another register of the sample cannot be read."""
    sketch = ClearingCounter()
    bench = SketchBench(RegisterMap((PULSES, STEADY)), sketch)
    bench.device.measure()
    sketch.arrive(12)
    sketch.faults = FaultPlan([Fault.NACK] * 3)
    with pytest.raises(DeviceSilent):
        bench.device.measure()
    assert sketch.handed_out == 0
    assert bench.device.measure().values["pulses"] == 12


@given(st.lists(st.sampled_from((None, None, None, Fault.NACK, Fault.DROP_REQUEST)), max_size=30))
def test_every_pulse_is_told_once_or_its_sample_is_lost(script: list[Fault | None]) -> None:
    sketch = ClearingCounter()
    bench = SketchBench(RegisterMap((PULSES,), verify=Verify.NONE), sketch)
    sketch.faults = FaultPlan(script)
    told = came = 0
    for pulses in range(1, 20):
        sketch.arrive(pulses)
        came += pulses
        try:
            value = bench.device.measure().values["pulses"]
        except (BadFrame, DeviceSilent):
            continue
        assert isinstance(value, int)
        told += value
    assert told == sketch.handed_out
    assert told + int.from_bytes(sketch.memory[:2], "big") == came


@pytest.mark.parametrize("steady", [b"\x12\x34", b"\0\0", b"\0\7"])
def test_a_counter_that_is_not_known_to_clear_is_never_good_when_it_was_not_zero(
    steady: bytes,
) -> None:
    channels = (replace(PULSES, clears=False), replace(STEADY, register=8))
    sketch = ClearingCounter(b"\0" * 6 + steady)
    bench = SketchBench(RegisterMap(channels), sketch)
    sketch.arrive(1)
    bench.device.measure()
    for pulses in (90, 1, 17):
        sketch.arrive(pulses)
        assert not good(bench.device.measure())


@pytest.mark.parametrize("echo", [FIRST_BYTE, EchoRegister(0x20)])
def test_an_echo_verifies_what_reading_clears(echo: object) -> None:
    class Echoing(ClearingCounter):
        def requested(self) -> bytes:
            if echo is FIRST_BYTE:
                return bytes((self._number,)) + super().requested()
            if self._number == 0x20:
                return bytes((self.asked,))
            self.asked = self._number
            return super().requested()

        asked = 0

    sketch = Echoing()
    registers = RegisterMap((PULSES, STEADY), verify=Verify.ECHO, echo=echo)  # type: ignore[arg-type]
    bench = SketchBench(registers, sketch)
    for pulses in (90, 0, 7):
        sketch.arrive(pulses)
        measured = bench.device.measure()
        assert (measured.values, good(measured)) == ({"pulses": pulses, "steady": 0x1234}, True)


def test_no_sketch_is_written_more_than_numbers() -> None:
    sketches: list[tuple[RegisterMap, Sketch]] = [
        (words(0, 4), Registers(memory(r0=1, r4=2))),
        (RegisterMap(CLIMATE), Packet(lambda: PACKET)),
        (RegisterMap((PULSES, STEADY)), ClearingCounter()),
    ]
    for registers, sketch in sketches:
        SketchBench(registers, sketch).device.measure()
        named = {bytes((one.register,)) for one in registers.channels}
        assert set(sketch.writes) <= named
