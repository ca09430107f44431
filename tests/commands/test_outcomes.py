"""Every end a command can come to, and what is recorded of it."""

import threading
from dataclasses import replace

import pytest

from arduino_iface.errors import BusBusy, DeviceRestarted, OutcomeUnknown, PortLost, WireError
from arduino_iface.messages import CommandStatus
from dummy_hw.commands import FAILED, REFUSED, running
from gateway.commands.order import CommandOrder
from gateway.model.command import CommandState
from gateway.model.errors import CommandError
from tests.commands.bench import FAN, TARE, Bench


def refusal(bench: Bench, order: CommandOrder) -> CommandError:
    with pytest.raises(CommandError) as caught:
        bench.commander.execute(order)
    return caught.value


def test_a_command_is_done_and_recorded(bench: Bench) -> None:
    record = bench.commander.execute(FAN)
    assert record.state is CommandState.DONE
    assert (record.device, record.name, record.arguments) == ("greenhouse", "fan", {"speed": 128})
    assert (record.actor, record.error, record.detail) == ("anna", None, None)
    assert record.duration_ms is not None
    assert 0 < record.duration_ms < 100
    assert record.finished_at_ms is not None
    assert record.finished_at_ms >= record.requested_at_ms
    assert bench.board.outputs["fan.speed"] == 128
    assert bench.stored(record) == record
    assert bench.audited == [record]
    assert bench.clients == ["10.0.0.7"]


def test_the_record_is_on_disk_before_the_first_byte_is_on_the_wire(bench: Bench) -> None:
    seen: list[CommandState] = []

    def look() -> None:
        (stored,) = bench.all_stored()
        seen.append(stored.state)

    bench.transport.before_command = look
    bench.commander.execute(FAN)
    assert seen == [CommandState.SENT]


@pytest.mark.parametrize(
    ("outcome", "code", "state"),
    [
        (REFUSED, "refused", CommandState.REFUSED),
        (FAILED, "device_failed", CommandState.FAILED),
        (running(60.0), "outcome_unknown", CommandState.UNKNOWN),
    ],
)
def test_the_board_says_how_it_went(
    bench: Bench, outcome: object, code: str, state: CommandState
) -> None:
    bench.board.on_command("tare", lambda _: outcome)  # type: ignore[arg-type,return-value]
    began = bench.clock.monotonic()
    error = refusal(bench, TARE)
    assert error.code == code
    assert error.record is not None
    assert (error.record.state, error.record.error) == (state, code)
    assert bench.stored(error.record) == error.record
    assert bench.audited == [error.record]
    assert bench.board.executed["tare"] == 1
    assert bench.clock.monotonic() - began < 11.0


@pytest.mark.parametrize(
    ("result", "code", "state"),
    [
        (CommandStatus.UNKNOWN_COMMAND, "device_failed", CommandState.FAILED),
        (CommandStatus.BAD_ARGUMENT, "refused", CommandState.REFUSED),
        (OutcomeUnknown("no answer"), "outcome_unknown", CommandState.UNKNOWN),
        (BusBusy("not free"), "bus_busy", CommandState.EXPIRED),
        (DeviceRestarted("again"), "device_offline", CommandState.EXPIRED),
        (PortLost("no such port"), "device_offline", CommandState.EXPIRED),
        (WireError("anything"), "device_offline", CommandState.EXPIRED),
        (KeyError("a fault of ours"), "outcome_unknown", CommandState.UNKNOWN),
    ],
)
def test_every_end_has_its_code(
    bench: Bench, result: CommandStatus | Exception, code: str, state: CommandState
) -> None:
    bench.device.result = result
    error = refusal(bench, FAN)
    assert error.code == code
    assert error.detail
    assert error.record is not None
    assert error.record.state is state
    assert error.record.state.final
    assert (error.retry_after_s is not None) == (state is CommandState.EXPIRED)
    assert bench.stored(error.record) == error.record
    assert bench.audited == [error.record]


def test_unknown_names_are_told_without_touching_anything(bench: Bench) -> None:
    device = refusal(bench, CommandOrder("attic", "fan", {}))
    command = refusal(bench, CommandOrder("greenhouse", "explode", {}))
    assert (device.code, command.code) == ("unknown_device", "unknown_command")
    assert "fan, tare" in command.detail
    assert untouched(bench)


def test_arguments_are_checked_before_the_bus_is_touched(bench: Bench) -> None:
    error = refusal(bench, CommandOrder("greenhouse", "fan", {"speed": 201, "colour": 1}))
    assert error.code == "invalid_arguments"
    assert set(error.problems) == {"speed", "colour"}
    assert untouched(bench)


def untouched(bench: Bench) -> bool:
    return (bench.transport.commands, bench.all_stored(), bench.audited) == (0, [], [])


def test_arguments_that_the_board_has_no_room_for(bench: Bench) -> None:
    identity = bench.device.identity
    assert identity is not None
    bench.device.identity = replace(identity, request_max=9)
    assert bench.commander.execute(FAN).state is CommandState.DONE
    bench.device.identity = replace(identity, request_max=8)
    error = refusal(bench, FAN)
    assert error.code == "invalid_arguments"
    assert "a frame of 9 bytes; this board takes 8" in error.detail
    assert bench.transport.commands == 1


def test_a_device_that_is_offline_is_not_asked(bench: Bench) -> None:
    bench.board.power_off()
    bench.house.run(5.0, bench.poller)
    error = refusal(bench, FAN)
    assert (error.code, error.record, error.retry_after_s) == ("device_offline", None, 5.0)
    assert "offline" in error.detail
    assert untouched(bench)


def test_a_device_that_never_described_itself_is_offline(bench: Bench) -> None:
    bench.house.registry.remove("greenhouse")
    bench.house.on_i2c("greenhouse", 0x33, None)
    assert refusal(bench, FAN).code == "device_offline"
    assert untouched(bench)


def test_another_board_in_its_place_gets_no_command(bench: Bench) -> None:
    bench.transport.detach(0x12)
    bench.house.run(6.0, bench.poller)
    other = Bench(bench.house.journal.path.with_name("other.db"))
    bench.transport.attach(0x12, other.board)
    other.board.clock = bench.clock
    bench.house.run(11.0, bench.poller)
    error = refusal(bench, FAN)
    assert error.code == "device_offline"
    assert "quarantined" in error.detail
    assert untouched(bench)
    other.house.close()


def test_a_board_that_falls_silent_leaves_the_outcome_unknown(bench: Bench) -> None:
    bench.board.hang(True)
    error = refusal(bench, TARE)
    assert error.code == "outcome_unknown"
    assert error.record is not None
    assert error.record.state is CommandState.UNKNOWN
    bench.board.hang(False)
    bench.house.run(1.0)
    assert bench.board.executed["tare"] <= 1


def test_a_bus_that_is_not_free_in_time_is_busy(bench: Bench) -> None:
    taken, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with bench.house.bus.lock.hold(0, 20.0):  # type: ignore[arg-type]
            taken.set()
            assert let_go.wait(20.0)

    holder = threading.Thread(target=hold)
    holder.start()
    assert taken.wait(20.0)
    error = refusal(bench, CommandOrder("greenhouse", "tare", {}, timeout_s=0.05))
    let_go.set()
    holder.join(20.0)
    assert error.code == "bus_busy"
    assert error.record is not None
    assert error.record.state is CommandState.EXPIRED
    assert bench.transport.commands == 0
    assert bench.commander.execute(TARE).state is CommandState.DONE
