"""Packets, answers of their own, one byte a request, and bytes that are never sent."""

import struct
from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest

from arduino_iface.messages import CommandStatus
from arduino_iface.registers.map import (
    Layout,
    RegisterChannel,
    RegisterCommand,
    RegisterMap,
)
from arduino_iface.registers.types import REGISTER_TYPES, TextType
from tests.drivers.sketches import (
    CLIMATE,
    PACKET,
    VALUES,
    Answers,
    LateRegisters,
    Packet,
    Registers,
    SketchBench,
    good,
    memory,
    words,
)

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
