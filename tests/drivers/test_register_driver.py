"""The driver of register maps with a real journal: qualities, and the account of what was lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from arduino_iface.errors import BadFrame
from arduino_iface.registers.map import RegisterChannel, RegisterMap
from arduino_iface.registers.types import REGISTER_TYPES
from dummy_hw.faults import Fault, FaultPlan
from gateway.drivers.intake import Source
from gateway.drivers.maker import ReadingMaker
from gateway.drivers.registers.driver import RegisterDriver
from gateway.model.reading import LossReason, Quality
from tests.collection.house import House
from tests.collection.test_ledger import totals
from tests.drivers.sketches import (
    ClearingCounter,
    LateRegisters,
    Packet,
    Registers,
    Sketch,
    SketchBench,
)

U16 = REGISTER_TYPES["u16be"]
PULSES = RegisterChannel("pulses", 0, U16, clears=True)
LEVEL = RegisterChannel("level", 4, U16, maximum=1000)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    one = House(tmp_path / "journal.db")
    yield one
    one.close()


def driver_of(house: House, registers: RegisterMap, sketch: Sketch) -> RegisterDriver:
    bench = SketchBench(registers, sketch, house.clock)
    maker = ReadingMaker(Source("meter", {}, simulated=False), house.journal, house.clock)
    return RegisterDriver(bench.device, maker, house.clock, 1.0)


@pytest.mark.parametrize(
    ("value", "channels", "quality"),
    [
        (7, (LEVEL,), Quality.UNVERIFIED),
        (2000, (LEVEL,), Quality.OUT_OF_RANGE),
        (7, (LEVEL, RegisterChannel("other", 8, U16)), Quality.GOOD),
        (0, (LEVEL, RegisterChannel("other", 8, U16)), Quality.UNVERIFIED),
    ],
)
def test_qualities(
    house: House, value: int, channels: tuple[RegisterChannel, ...], quality: Quality
) -> None:
    sketch = Registers(bytes(4) + value.to_bytes(2, "big") + bytes(8))
    driver = driver_of(house, RegisterMap(channels), sketch)
    for _ in range(3):
        driver.collect()
        house.clock.advance(1.0)
    house.journal.flush()
    assert [one.reading.quality for one in house.stored()] == [quality] * 3


def test_a_read_that_failed_is_counted_and_not_repeated(house: House) -> None:
    sketch = ClearingCounter()
    driver = driver_of(house, RegisterMap((PULSES,)), sketch)
    for number in range(5):
        sketch.arrive(10)
        sketch.faults = FaultPlan([None, Fault.NACK] if number == 2 else [])
        if number == 2:
            with pytest.raises(BadFrame):
                driver.collect()
        else:
            driver.collect()
        house.clock.advance(1.0)
    house.journal.flush()
    assert [one.reading.values["pulses"] for one in house.stored()] == [10, 10, 20, 10]
    assert totals(house) == (5, 4, {LossReason.BUS_ERROR.value: 1})


@pytest.mark.parametrize(
    ("sketch", "channels", "words"),
    [
        (
            Packet(lambda: b"\1\2\3\4"),
            (0, 8),
            "nothing shows that the sketch heeds the register number",
        ),
        (Registers(bytes(16)), (0, 8), "nothing shows that the sketch heeds the register number"),
        (Registers(bytes(range(16)), sends=1), (0, 8), "the sketch may send fewer than are read"),
        (
            LateRegisters(bytes(range(16)), lambda: 1),
            (0, 8),
            "answers late and is asked several times",
        ),
        (ClearingCounter(b"\0" * 6 + b"\7\7"), (0, 8), "if reading clears it, set clears = true"),
    ],
)
def test_each_doubt_is_logged_once(
    house: House,
    caplog: pytest.LogCaptureFixture,
    sketch: Sketch,
    channels: tuple[int, ...],
    words: str,
) -> None:
    registers = RegisterMap(tuple(RegisterChannel(f"r{at}", at, U16) for at in channels))
    driver = driver_of(house, registers, sketch)
    for _ in range(5):
        if isinstance(sketch, ClearingCounter):
            sketch.arrive(3)
        driver.collect()
        house.clock.advance(1.0)
    told = [one for one in caplog.records if words in one.getMessage()]
    assert [getattr(one, "device", None) for one in told] == ["meter"]
    assert len(caplog.records) <= 2
