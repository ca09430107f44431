"""Registers over a wire that loses, repeats and shifts: what is accepted was confirmed."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arduino_iface.arguments import InvalidArguments
from arduino_iface.errors import BadFrame, BusBusy, DeviceSilent, OutcomeUnknown, PortLost
from arduino_iface.lock import Priority
from arduino_iface.messages import CommandStatus
from arduino_iface.registers.map import (
    FIRST_BYTE,
    EchoFirstByte,
    EchoRegister,
    RegisterChannel,
    RegisterCommand,
    RegisterMap,
    Verify,
)
from arduino_iface.registers.types import REGISTER_TYPES, BitField
from dummy_hw.faults import Fault, FaultPlan
from dummy_hw.signals import Constant, PulseCounter, Signal
from tests.arduino_iface.waiting import running
from tests.drivers.benches import RegisterBench

TANK = RegisterMap(
    channels=(
        RegisterChannel("level", 0, REGISTER_TYPES["u16be"], "mm", maximum=2000),
        RegisterChannel("flow", 2, REGISTER_TYPES["f32le"], "l/min", Decimal("0.5")),
        RegisterChannel("pump", 8, REGISTER_TYPES["u8"], bits=BitField(0, 1, truth=True)),
        RegisterChannel("mode", 8, REGISTER_TYPES["u8"], bits=BitField(4, 3)),
        RegisterChannel("count", 0x20, REGISTER_TYPES["u32le"]),
    ),
    commands=(
        RegisterCommand("set_speed", 0x10, REGISTER_TYPES["u8"], 0, 100, argument="speed"),
        RegisterCommand("reset", 0x11, REGISTER_TYPES["u8"], 0, 1, verify=False),
    ),
)
SIGNALS: dict[str, Signal] = {
    "level": Constant(1234),
    "flow": Constant(3.25),
    "pump": Constant(True),
    "mode": Constant(5),
    "count": Constant(0xA1B2C3),
}
VALUES = {"level": 1234, "flow": 3.25, "pump": True, "mode": 5, "count": 0xA1B2C3}
ECHO = replace(TANK, verify=Verify.ECHO, echo=EchoRegister(0xFE))
FIRST = replace(TANK, verify=Verify.ECHO, echo=FIRST_BYTE)
SET_SPEED, RESET = TANK.schema("tank").commands


@pytest.mark.parametrize(
    ("registers", "transactions"),
    [
        (TANK, 2 * 3 * 2),
        (ECHO, 3 * 4),
        (FIRST, 3 * 2),
        (replace(TANK, verify=Verify.NONE), 3 * 2),
        (replace(TANK, register_bytes=2), 2 * 3 * 2),
        (replace(ECHO, register_bytes=2), 3 * 4),
    ],
)
def test_every_way_of_reading(registers: RegisterMap, transactions: int) -> None:
    bench = RegisterBench(registers, SIGNALS)
    first = bench.device.measure()
    assert (first.values, first.unverified) == (VALUES, False)
    began, before = bench.clock.monotonic(), bench.wire.transactions
    measured = bench.device.measure()
    assert (measured.values, measured.unverified) == (VALUES, False)
    assert (measured.measured_mono, measured.out_of_range, measured.complete) == (
        began,
        False,
        True,
    )
    assert bench.wire.transactions - before == transactions
    assert bench.device.heard_mono == bench.clock.monotonic()
    assert bench.device.latency_quantiles_ms() is not None


def test_the_schema_is_like_that_of_a_board_that_describes_itself() -> None:
    described = RegisterBench(TANK).device.schema
    assert described.name == "tank"
    assert [(one.name, one.unit) for one in described.channels][:2] == [
        ("level", "mm"),
        ("flow", "l/min"),
    ]
    assert [one.name for one in described.commands] == ["set_speed", "reset"]


def test_out_of_range_is_kept_and_marked() -> None:
    measured = RegisterBench(TANK, SIGNALS | {"level": Constant(2001)}).device.measure()
    assert measured.values["level"] == 2001
    assert measured.out_of_range


DAMAGE = (Fault.STALE, Fault.SHIFT, Fault.CORRUPT, Fault.DROP_REQUEST, Fault.DROP_REPLY, Fault.NACK)


@given(st.sampled_from(DAMAGE), st.integers(0, 11))
def test_one_fault_anywhere_is_never_accepted_when_read_twice(fault: Fault, place: int) -> None:
    bench = RegisterBench(TANK, SIGNALS, FaultPlan([None] * place + [fault]))
    assert bench.device.measure().values == VALUES


def test_on_a_bad_wire_one_fault_is_never_enough() -> None:
    rates = dict.fromkeys(DAMAGE, 0.01)
    bench = RegisterBench(TANK, SIGNALS, FaultPlan(rates=rates, seed=1))
    complete = wrong = 0
    for _ in range(3000):
        before = bench.board.faults.counts.total()
        try:
            measured = bench.device.measure()
        except DeviceSilent:
            continue
        complete += measured.complete
        if any(value not in (VALUES[name], None) for name, value in measured.values.items()):
            wrong += 1
            # Two reads must have been damaged, and alike.
            assert bench.board.faults.counts.total() - before >= 2
    assert bench.board.faults.counts.total() > 1500
    assert complete > 2800
    assert wrong < 60


@pytest.mark.parametrize("echo", [EchoRegister(0xFE), FIRST_BYTE])
@given(script=st.lists(st.sampled_from((None, None, Fault.DROP_REQUEST, Fault.STALE)), max_size=30))
def test_with_an_echo_lost_writes_and_old_data_are_never_accepted(
    echo: EchoRegister | EchoFirstByte, script: list[Fault | None]
) -> None:
    # STALE and lost writes in any number, as long as the echo is read rightly: from blocks that differ.
    bench = RegisterBench(replace(TANK, verify=Verify.ECHO, echo=FIRST_BYTE), SIGNALS)
    if isinstance(echo, EchoRegister):
        script = [fault if fault is Fault.DROP_REQUEST else None for fault in script]
        bench = RegisterBench(ECHO, SIGNALS)
    bench.board.faults.inject(*script)
    try:
        values = bench.device.measure().values
    except BadFrame:
        return
    assert all(value in (VALUES[name], None) for name, value in values.items())


def test_an_echo_that_is_never_right() -> None:
    bench = RegisterBench(ECHO, SIGNALS)
    bench.device.prepare()
    bench.board.faults.set_rates({Fault.SHIFT: 1.0})
    with pytest.raises(BadFrame, match="echo"):
        bench.device.measure()
    assert bench.device.counters.crc_errors > 0


def test_a_value_that_never_stands_still_is_missing_and_the_others_are_not() -> None:
    bench = RegisterBench(TANK, SIGNALS | {"count": PulseCounter(1e6)})
    measured = bench.device.measure()
    assert measured.values == VALUES | {"count": None}
    assert not measured.complete
    assert bench.device.counters.crc_errors == 1


def test_a_tolerance_lets_a_restless_value_pass() -> None:
    count = replace(TANK.channels[-1], tolerance=50_000)
    registers = replace(TANK, channels=(*TANK.channels[:-1], count))
    bench = RegisterBench(registers, SIGNALS | {"count": PulseCounter(1e6)})
    value = bench.device.measure().values["count"]
    assert isinstance(value, int)
    assert value > 0


def test_a_bit_field_is_confirmed_although_its_neighbour_changes() -> None:
    bench = RegisterBench(TANK, SIGNALS | {"mode": lambda seconds: int(seconds * 1e5) % 8})
    assert bench.device.measure().values["pump"] is True


def test_a_missing_board_is_silent_and_comes_back() -> None:
    bench = RegisterBench(TANK, SIGNALS)
    bench.board.power_off()
    with pytest.raises(DeviceSilent, match=r"register 0x00: .*nothing acknowledged address 0x30"):
        bench.device.measure()
    assert bench.device.counters.silent == 1
    bench.board.power_on()
    assert bench.device.measure().values == VALUES


def test_a_lost_adapter_is_opened_again() -> None:
    bench = RegisterBench(TANK, SIGNALS, FaultPlan([Fault.DISCONNECT]))
    with pytest.raises(PortLost):
        bench.device.measure()
    assert bench.device.measure().values == VALUES


# Commands


@pytest.mark.parametrize("registers", [TANK, ECHO, FIRST])
def test_a_command_writes_and_reads_back(registers: RegisterMap) -> None:
    bench = RegisterBench(registers, SIGNALS)
    outcome = bench.device.command(SET_SPEED, {"speed": 42})
    assert (outcome.status, outcome.confirmed) == (CommandStatus.DONE, True)
    assert bench.board.writes == [(0x10, b"\x2a")]


def test_a_command_that_is_not_read_back_is_not_confirmed() -> None:
    bench = RegisterBench(TANK)
    outcome = bench.device.command(RESET, {"value": 1})
    assert (outcome.status, outcome.confirmed) == (CommandStatus.DONE, False)


@pytest.mark.parametrize("arguments", [{}, {"speed": 101}, {"speed": 1.5}, {"speed": 1, "x": 2}])
def test_wrong_arguments_never_reach_the_bus(arguments: dict[str, object]) -> None:
    bench = RegisterBench(TANK)
    with pytest.raises(InvalidArguments):
        bench.device.command(SET_SPEED, arguments)
    assert bench.wire.transactions == 0


def test_a_write_is_never_repeated_and_the_read_back_decides() -> None:
    # NACK: the board has not heard it, and the register says so.
    bench = RegisterBench(TANK, SIGNALS, FaultPlan([Fault.NACK]))
    outcome = bench.device.command(SET_SPEED, {"speed": 42})
    assert (outcome.status, outcome.confirmed) == (CommandStatus.FAILED, True)
    assert outcome.detail == "register 0x10 holds 0, not what was written"
    assert bench.board.writes == []
    # Acknowledged, though it got lost.
    bench.board.faults.inject(Fault.DROP_REQUEST)
    assert bench.device.command(SET_SPEED, {"speed": 42}).status is CommandStatus.FAILED
    assert bench.board.writes == []


def test_without_a_read_back_a_nack_leaves_the_outcome_unknown() -> None:
    bench = RegisterBench(TANK, SIGNALS, FaultPlan([Fault.NACK]))
    with pytest.raises(OutcomeUnknown, match="not acknowledged"):
        bench.device.command(RESET, {"value": 1})
    assert bench.board.writes == []


def test_a_board_that_vanishes_during_a_command() -> None:
    bench = RegisterBench(TANK, SIGNALS, FaultPlan([None, *[Fault.NACK] * 200]))
    with pytest.raises(OutcomeUnknown, match="acknowledged; the register could not be read back"):
        bench.device.command(SET_SPEED, {"speed": 1})
    bench = RegisterBench(TANK, SIGNALS, FaultPlan([None, Fault.DISCONNECT]))
    with pytest.raises(OutcomeUnknown, match="port was lost"):
        bench.device.command(SET_SPEED, {"speed": 1})
    assert bench.board.writes == [(0x10, b"\x01")]


@given(st.lists(st.sampled_from((None, None, *DAMAGE)), max_size=40), st.integers(0, 100))
def test_no_fault_makes_a_command_act_twice_or_confirms_what_was_not_done(
    script: list[Fault | None], speed: int
) -> None:
    bench = RegisterBench(TANK, SIGNALS, FaultPlan([f for f in script if f is not Fault.CORRUPT]))
    try:
        outcome = bench.device.command(SET_SPEED, {"speed": speed})
    except OutcomeUnknown:
        pass
    else:
        # When every register number is lost, a board that has just started shows register 0.
        lookalikes = (*b"\x00\x7f\xff", *bench.board.held(0, 1))
        if outcome.status is CommandStatus.DONE and speed not in lookalikes:
            assert bench.board.held(0x10, 1) == bytes((speed,))
    assert len(bench.board.writes) <= 1


def test_a_bus_that_is_taken_sends_nothing() -> None:
    bench = RegisterBench(TANK, SIGNALS)
    bench.device.prepare()
    with bench.bus.lock.hold(Priority.POLL, 1.0):

        def other() -> None:
            with pytest.raises(BusBusy):
                bench.device.command(SET_SPEED, {"speed": 1}, timeout_s=0.01)
            with pytest.raises(BusBusy):
                bench.device.measure(timeout_s=0.01)

        with running(other):
            pass
    assert bench.wire.transactions == 0


def test_readers_and_writers_take_turns() -> None:
    bench = RegisterBench(replace(TANK, verify=Verify.NONE), SIGNALS)
    bench.device.prepare()

    def read() -> None:
        for _ in range(100):
            assert bench.device.measure().values == VALUES

    def write() -> None:
        for number in range(100):
            assert bench.device.command(SET_SPEED, {"speed": number}).confirmed

    with running(read, read, write):
        pass
    assert bench.wire.overlaps == 0
