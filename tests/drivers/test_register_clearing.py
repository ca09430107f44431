"""Sketches whose counters are cleared by reading: each count is told once, or its sample is lost."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arduino_iface.errors import BadFrame, DeviceSilent
from arduino_iface.registers.map import (
    FIRST_BYTE,
    EchoRegister,
    RegisterChannel,
    RegisterMap,
    Verify,
)
from arduino_iface.registers.types import REGISTER_TYPES
from dummy_hw.faults import Fault, FaultPlan
from tests.drivers.sketches import (
    CLIMATE,
    PACKET,
    ClearingCounter,
    Packet,
    Registers,
    Sketch,
    SketchBench,
    good,
    memory,
    words,
)

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


@pytest.mark.parametrize("fault", [Fault.NACK, Fault.STUCK_BUS, Fault.SILENCE])
def test_the_number_may_be_repeated(fault: Fault) -> None:
    sketch = ClearingCounter()
    bench = SketchBench(RegisterMap((PULSES,)), sketch)
    sketch.arrive(5)
    sketch.faults = FaultPlan([fault])
    assert bench.device.measure().values == {"pulses": 5}


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
