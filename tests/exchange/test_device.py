"""A board and the gateway's side of it, over both wires, in fair weather and foul."""

from collections.abc import Callable

import pytest

from arduino_iface.errors import (
    BusFault,
    DeviceRestarted,
    DeviceSilent,
    OutcomeUnknown,
    PortLost,
    ProtocolMismatch,
)
from arduino_iface.frame import Frame
from arduino_iface.messages import CommandStatus, RequestType
from dummy_hw.commands import DONE, running
from dummy_hw.eeprom import MemoryEeprom
from dummy_hw.faults import Fault
from tests.exchange.boards import ADDRESS, WIRES, Bench, on_i2c, on_serial

wires = pytest.mark.parametrize("wire", WIRES.values(), ids=WIRES.keys())
Wire = Callable[..., Bench]


@wires
def test_a_board_says_who_it_is(wire: Wire) -> None:
    bench = wire()
    identity = bench.device.identify()
    assert identity.uid == bench.board.uid.hex()
    assert identity.boot == bench.board.boot
    assert [channel.name for channel in identity.schema.channels] == ["ticks", "temperature"]
    assert identity.windowed


@wires
def test_a_known_description_is_not_read_again(wire: Wire) -> None:
    bench = wire()
    bench.device.identify()
    before = bench.device.link.counters.requests
    bench.device.identify()
    assert bench.device.link.counters.requests == before + 1


@wires
def test_samples_come_once_and_stay_until_they_are_stored(wire: Wire) -> None:
    bench = wire()
    bench.device.identify()
    bench.clock.advance(0.25)
    first = bench.device.poll(1)
    assert first.first == 1
    assert [sample.seq for sample in first.samples] == list(range(1, first.following))
    again = bench.device.poll(1)
    assert [sample.values for sample in again.samples[: len(first.samples)]] == [
        sample.values for sample in first.samples
    ]
    beyond = bench.device.poll(1, skip=first.following - 1)
    assert beyond.first == first.following
    stored = bench.device.poll(first.following)
    assert stored.first == first.following
    assert bench.board.status().acknowledged == first.following - 1


@wires
def test_a_number_that_no_request_can_hold_is_not_sent(wire: Wire) -> None:
    bench = wire()
    bench.device.identify()
    with pytest.raises(ProtocolMismatch, match="restart the board"):
        bench.device.poll(1 << 32)


@wires
def test_overwritten_samples_show_as_a_gap(wire: Wire) -> None:
    bench = wire(ring_size=4)
    bench.device.identify()
    bench.clock.advance(2.0)
    polled = bench.device.poll(1)
    assert polled.first == bench.board.overwritten + 1 > 1


@wires
def test_a_restart_is_noticed_before_samples_are_mixed(wire: Wire) -> None:
    bench = wire()
    bench.device.identify()
    bench.board.reset()
    bench.clock.advance(1.0)
    with pytest.raises(DeviceRestarted):
        bench.device.poll(1)
    assert bench.device.identify().boot == bench.board.boot


@wires
@pytest.mark.parametrize(
    "fault",
    [Fault.CORRUPT, Fault.TRUNCATE, Fault.DROP_REQUEST, Fault.DROP_REPLY, Fault.DUPLICATE],
)
def test_one_fault_costs_a_retry_and_no_sample(wire: Wire, fault: Fault) -> None:
    bench = wire()
    bench.device.identify()
    bench.clock.advance(0.35)
    bench.board.faults.inject(fault)
    polled = bench.device.poll(1)
    assert [sample.seq for sample in polled.samples][:1] == [1]
    assert bench.board.faults.counts[fault] == 1


def test_a_damaged_read_on_i2c_is_repeated_without_sending_again() -> None:
    bench = on_i2c()
    bench.device.identify()
    before = bench.device.link.counters
    bench.board.faults.inject(None, Fault.CORRUPT)
    bench.device.poll(1)
    assert bench.device.link.counters.retries == before.retries
    assert bench.device.link.counters.crc_errors == before.crc_errors + 1


def test_a_busy_board_on_i2c_is_waited_for() -> None:
    bench = on_i2c(loop_delay_s=0.2)
    assert bench.device.identify().schema.name == "bench"
    assert bench.device.link.counters.retries == 0


@wires
def test_a_hung_board_is_given_up_within_a_second(wire: Wire) -> None:
    bench = wire()
    bench.device.identify()
    bench.board.hang(True)
    began = bench.clock.monotonic()
    with pytest.raises(DeviceSilent):
        bench.device.poll(1)
    assert bench.clock.monotonic() - began < 1.0


def test_an_empty_address_is_given_up_at_once() -> None:
    bench = on_i2c()
    bench.board.power_off()
    began = bench.clock.monotonic()
    with pytest.raises(DeviceSilent) as caught:
        bench.device.identify()
    assert bench.clock.monotonic() - began < 0.05
    assert isinstance(caught.value.__cause__.__cause__, BusFault)


def test_a_frame_for_another_address_is_not_taken() -> None:
    bench = on_i2c()
    request = Frame(RequestType.HELLO, 1, b"\x01").encode(ADDRESS)
    assert bench.board.handle(request, ADDRESS) is not None
    assert bench.board.handle(request, ADDRESS + 1) is None


def test_an_unplugged_port_is_lost_and_comes_back() -> None:
    bench = on_serial()
    bench.device.identify()
    bench.transport.unplug()  # type: ignore[union-attr]
    with pytest.raises(PortLost):
        bench.device.poll(1)
    bench.transport.plug()  # type: ignore[union-attr]
    assert bench.device.identify().boot == bench.board.boot


def test_a_serial_board_is_left_alone_until_it_greets() -> None:
    bench = on_serial(boot_time_s=1.5)
    began = bench.clock.monotonic()
    bench.device.identify()
    assert 1.5 <= bench.clock.monotonic() - began < 1.7
    assert bench.board.status().bad_frames == 0


@wires
def test_a_command_is_done_once(wire: Wire) -> None:
    bench = wire()
    bench.device.identify()
    assert bench.device.command(7, 0, bytes((128,))) is CommandStatus.DONE
    assert bench.device.command(7, 0, bytes((128,))) is CommandStatus.DONE
    assert bench.board.executed["fan"] == 1
    assert bench.board.outputs["fan.speed"] == 128


@wires
def test_the_board_checks_arguments_too(wire: Wire) -> None:
    bench = wire()
    bench.device.identify()
    assert bench.device.command(7, 0, bytes((201,))) is CommandStatus.BAD_ARGUMENT
    assert bench.device.command(8, 99, b"") is CommandStatus.UNKNOWN_COMMAND
    assert not bench.board.executed


@wires
@pytest.mark.parametrize("fault", [Fault.DROP_REPLY, Fault.CORRUPT, Fault.DROP_REQUEST])
def test_a_command_whose_reply_is_lost_is_not_done_twice(wire: Wire, fault: Fault) -> None:
    bench = wire()
    bench.device.identify()
    bench.board.faults.inject(fault)
    assert bench.device.command(7, 1, b"") is CommandStatus.DONE
    assert bench.board.executed["tare"] == 1


def test_a_board_that_restarts_during_a_command_never_acts_twice() -> None:
    bench = on_serial()
    bench.device.identify()

    def act_and_reset(_: object) -> object:
        bench.board.faults.inject(Fault.DROP_REPLY, Fault.REBOOT)
        return DONE

    bench.board.on_command("tare", act_and_reset)  # type: ignore[arg-type]
    with pytest.raises(OutcomeUnknown):
        bench.device.command(7, 1, b"")
    bench.clock.advance(1.0)
    assert bench.board.executed["tare"] == 1


@wires
def test_a_long_command_is_asked_for_until_it_is_done(wire: Wire) -> None:
    bench = wire()
    bench.device.identify()
    bench.board.on_command("tare", lambda _: running(0.8, CommandStatus.FAILED))
    assert bench.device.command(7, 1, b"", timeout_s=2.0) is CommandStatus.FAILED
    bench.board.on_command("tare", lambda _: running(5.0))
    assert bench.device.command(8, 1, b"", timeout_s=1.0) is CommandStatus.RUNNING
    assert bench.board.executed["tare"] == 2


@wires
def test_a_silent_board_leaves_the_outcome_unknown(wire: Wire) -> None:
    bench = wire()
    bench.device.identify()
    bench.board.power_off()
    with pytest.raises(OutcomeUnknown):
        bench.device.command(7, 1, b"")


@wires
def test_a_board_of_another_version_is_refused(wire: Wire) -> None:
    bench = wire(eeprom=MemoryEeprom())
    with pytest.raises(ProtocolMismatch, match="version"):
        _with_version(bench, 2)


def _with_version(bench: Bench, version: int) -> None:
    real = bench.device.link.request

    def other(*arguments: object, **options: object) -> object:
        exchange = real(*arguments, **options)  # type: ignore[arg-type]
        changed = bytes((version,)) + exchange.payload[1:]
        return type(exchange)(changed, exchange.sent_mono)

    bench.device.link.request = other  # type: ignore[assignment,method-assign]
    bench.device.identify()
