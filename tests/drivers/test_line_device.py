"""A sketch that prints: streams, requests, commands and their outcomes, on wires and a real terminal."""

from pathlib import Path

import pytest

from arduino_iface.bus import SerialBus
from arduino_iface.clock import SYSTEM_CLOCK
from arduino_iface.errors import BusBusy, DeviceSilent, OutcomeUnknown, PortLost
from arduino_iface.lines.channel import LineChannel
from arduino_iface.lines.device import PENDING_MAX, LineDevice
from arduino_iface.lines.format import FormatKind, LineFormat
from arduino_iface.lines.match import LinePattern
from arduino_iface.lines.reader import LineSettings
from arduino_iface.lines.record import Record
from arduino_iface.lines.template import LineArgument, LineCommand
from arduino_iface.lines.unread import Unread
from arduino_iface.lock import Priority
from arduino_iface.measurement import Measurement
from arduino_iface.messages import CommandStatus
from arduino_iface.serial_transport import PortTransport
from arduino_iface.values import ValueType
from dummy_hw.faults import Fault, FaultPlan
from dummy_hw.line_board import LineBoard
from dummy_hw.pty_board import PtyBoards
from dummy_hw.signals import Constant, Signal
from tests.arduino_iface.waiting import running, until
from tests.drivers.benches import LineBench

SPEED = (LineArgument("speed", ValueType.I64, 0, 255),)
FAN = LineCommand(
    "fan", "FAN {speed}\n", SPEED, LinePattern.of("OK"), LinePattern.of("ERR"), timeout_s=0.5
)
BLINK = LineCommand("blink", "BLINK\n")
STREAM = LineSettings(
    LineFormat(FormatKind.JSON),
    (LineChannel("temp", "env.temp", unit="Cel"), LineChannel("n", "n", ValueType.I64)),
    (FAN, BLINK),
)
ASKED = LineSettings(
    LineFormat(FormatKind.CSV, ("temp", "n")),
    (LineChannel("temp", "temp"), LineChannel("n", "n", ValueType.I64)),
    (FAN, BLINK),
    request="READ\n",
    reply_timeout_s=0.2,
)
SIGNALS: dict[str, Signal] = {"temp": Constant(21.5), "n": Constant(7)}
VALUES = {"temp": 21.5, "n": 7}
FAN_COMMAND, BLINK_COMMAND = FAN.described(0), BLINK.described(1)


def test_a_stream_is_collected_and_prints_are_skipped() -> None:
    bench = LineBench(STREAM, SIGNALS)
    assert bench.device.collect() == []
    bench.pass_time(3.5)
    bench.board.say("tank cleaned")
    bench.pass_time(1.0)
    measured = bench.device.collect()
    assert [one.values for one in measured] == [VALUES] * 4
    assert measured[-1].measured_mono == bench.device.heard_mono
    counts = bench.device.lines
    # The banner may be half a line.
    assert (counts.measured, counts.unread) == (4, {Unread.FORMAT: 1, Unread.BEGINNING: 1})


def test_uncollected_measurements_are_bounded() -> None:
    bench = LineBench(STREAM, SIGNALS, interval_s=0.01, answers={"fan": "OK"})
    bench.settle()
    printed = bench.device.lines.measured
    while bench.device.lines.shed == 0:
        bench.pass_time(0.5)
        bench.device.command(FAN_COMMAND, {"speed": 1})
    kept, counts = bench.device.collect(), bench.device.lines
    assert len(kept) + counts.shed == counts.measured - printed
    assert len(kept) * len('{"env":{"temp":21.5},"n":7}') <= PENDING_MAX


def test_a_request_is_answered() -> None:
    bench = LineBench(ASKED, SIGNALS)
    for _ in range(3):
        assert [one.values for one in bench.device.collect()] == [VALUES]
    assert bench.board.printed == 3
    assert bench.device.counters.replies == 3
    assert bench.device.latency_quantiles_ms() is not None


def test_a_lost_answer_is_asked_for_again_once() -> None:
    bench = LineBench(ASKED, SIGNALS, banner="", faults=FaultPlan([Fault.DROP_REPLY]))
    assert len(bench.device.collect()) == 1
    assert bench.device.counters.retries == 1
    bench.board.power_off()
    with pytest.raises(DeviceSilent, match=r"within 0.2 s of the request"):
        bench.device.collect()
    assert bench.device.counters.silent == 1


def test_nothing_is_sent_while_a_boot_loader_may_listen() -> None:
    bench = LineBench(ASKED, SIGNALS, banner="")
    began = bench.clock.monotonic()
    bench.device.collect()
    assert bench.clock.monotonic() - began >= 2.0
    again = bench.clock.monotonic()
    bench.device.collect()
    assert bench.clock.monotonic() - again < 0.5


@pytest.mark.parametrize("settings", [STREAM, ASKED])
def test_a_command_and_its_reply(settings: LineSettings) -> None:
    bench = LineBench(settings, SIGNALS, answers={"fan": "OK 128"})
    outcome = bench.device.command(FAN_COMMAND, {"speed": 128})
    assert (outcome.status, outcome.confirmed, outcome.detail) == (
        CommandStatus.DONE,
        True,
        "OK 128",
    )
    assert bench.board.executed == [("fan", {"speed": "128"})]


def test_the_first_line_a_silent_sketch_says_is_the_reply() -> None:
    bench = LineBench(ASKED, SIGNALS, banner="", answers={"fan": "OK"})
    assert bench.device.command(FAN_COMMAND, {"speed": 1}).confirmed


def test_a_failure_is_one() -> None:
    bench = LineBench(STREAM, SIGNALS, answers={"fan": "ERR too hot"})
    outcome = bench.device.command(FAN_COMMAND, {"speed": 1})
    assert (outcome.status, outcome.detail) == (CommandStatus.FAILED, "ERR too hot")


def test_without_a_reply_a_command_is_done_but_not_confirmed() -> None:
    bench = LineBench(STREAM, SIGNALS)
    outcome = bench.device.command(BLINK_COMMAND, {})
    assert (outcome.status, outcome.confirmed) == (CommandStatus.DONE, False)
    assert bench.board.executed == [("blink", {})]


def test_no_reply_is_an_unknown_outcome_and_the_command_is_sent_once() -> None:
    bench = LineBench(STREAM, SIGNALS)
    with pytest.raises(OutcomeUnknown, match=r"no reply came within 0.5 s"):
        bench.device.command(FAN_COMMAND, {"speed": 1})
    assert len(bench.board.executed) == 1


def test_an_old_reply_does_not_count() -> None:
    bench = LineBench(STREAM, SIGNALS)
    bench.settle()
    bench.board.say("OK")
    bench.pass_time(0.2)
    with pytest.raises(OutcomeUnknown):
        bench.device.command(FAN_COMMAND, {"speed": 1})


def test_readings_during_a_command_are_kept() -> None:
    bench = LineBench(STREAM, SIGNALS, interval_s=0.1)
    bench.settle()
    with pytest.raises(OutcomeUnknown):
        bench.device.command(FAN_COMMAND, {"speed": 1})
    assert len(bench.device.collect()) >= 4


def test_a_cable_pulled_and_plugged() -> None:
    bench = LineBench(STREAM, SIGNALS, banner="")
    bench.settle()
    bench.wire.unplug()
    with pytest.raises(PortLost):
        bench.device.collect()
    with pytest.raises(PortLost):
        bench.device.command(FAN_COMMAND, {"speed": 1})
    bench.wire.plug()
    bench.device.prepare()
    bench.pass_time(3.0)
    # The first line is left out: its beginning may be missing.
    assert [one.values for one in bench.device.collect()] == [VALUES] * 2


def test_a_port_that_is_lost_during_a_command() -> None:
    bench = LineBench(STREAM, SIGNALS)
    bench.settle()

    def pull(_: object) -> None:
        bench.wire.close()

    bench.board.on_command("fan", pull)
    with pytest.raises(OutcomeUnknown, match="port was lost"):
        bench.device.command(FAN_COMMAND, {"speed": 1})


def test_damaged_lines_never_stop_it() -> None:
    rates = {Fault.CORRUPT: 0.2, Fault.TRUNCATE: 0.2, Fault.DROP_REPLY: 0.1, Fault.DUPLICATE: 0.1}
    bench = LineBench(STREAM, SIGNALS, interval_s=0.1, faults=FaultPlan(rates=rates, seed=3))
    measured: list[Measurement] = []
    for _ in range(100):
        bench.pass_time(1.0)
        measured += bench.device.collect()
    assert sum(one.values == VALUES for one in measured) > 300
    counts = bench.device.lines
    assert counts.ignored + counts.damaged > 100
    assert bench.device.counters.crc_errors > 0


def channels_of(device: LineDevice) -> list[str]:
    return [one.name for one in device.schema.channels]


def test_channels_are_learned_from_the_lines() -> None:
    bench = LineBench(LineSettings(LineFormat(FormatKind.KEYVALUE), commands=(BLINK,)), SIGNALS)
    assert channels_of(bench.device) == []
    bench.settle()
    bench.pass_time(2.0)
    bench.device.collect()
    assert channels_of(bench.device) == ["temperature", "humidity"]
    assert [one.name for one in bench.device.schema.commands] == ["blink"]


def test_a_reply_that_is_learned_from_is_asked_for_once() -> None:
    settings = LineSettings(LineFormat(FormatKind.KEYVALUE), request="READ\n", reply_timeout_s=0.2)
    bench = LineBench(settings, {"temperature": Constant(21.5), "humidity": Constant(45)})
    wanted = {"temperature": 21.5, "humidity": 45}
    found = [[one.values for one in bench.device.collect()] for _ in range(3)]
    assert found == [[], [wanted, wanted], [wanted]]  # the first one was held back
    assert (bench.board.printed, bench.device.counters.retries) == (3, 0)


def test_a_reply_over_several_lines() -> None:
    settings = LineSettings(
        LineFormat(FormatKind.KEYVALUE),
        (LineChannel("temp", "temp"), LineChannel("n", "n")),
        request="READ\n",
        reply_timeout_s=0.2,
        record=Record(end=""),
    )
    bench = LineBench(settings, SIGNALS)
    assert [[one.values for one in bench.device.collect()] for _ in range(3)] == [[VALUES]] * 3


def test_a_line_that_is_taken_sends_nothing() -> None:
    bench = LineBench(STREAM, SIGNALS)
    bench.settle()
    with bench.bus.lock.hold(Priority.POLL, 1.0):

        def other() -> None:
            with pytest.raises(BusBusy):
                bench.device.command(FAN_COMMAND, {"speed": 1}, timeout_s=0.01)

        with running(other):
            pass
    assert bench.board.executed == []


def test_a_real_terminal_and_pyserial(tmp_path: Path) -> None:
    asked = LineSettings(ASKED.format, ASKED.channels, ASKED.commands, "READ\n", 5.0)
    stream = LineSettings(STREAM.format, STREAM.channels, STREAM.commands)
    with PtyBoards(tmp_path) as boards:
        devices: list[LineDevice] = []
        buses: list[SerialBus] = []
        for name, settings in (("asked", asked), ("stream", stream)):
            board = LineBoard(
                settings,
                clock=SYSTEM_CLOCK,
                signals=SIGNALS,
                interval_s=0.02,
                answers={"fan": "OK"},
            )
            path = boards.add(name, board)
            bus = SerialBus(name, PortTransport(str(path)))
            buses.append(bus)
            devices.append(LineDevice(bus, settings, name))
        try:
            answered, streaming = devices
            seen: list[Measurement] = []

            def enough() -> bool:
                seen.extend(streaming.collect())
                return len(seen) >= 5

            until(enough)
            assert all(measured.values == VALUES for measured in seen)
            assert [one.values for one in answered.collect()] == [VALUES]
            for device in devices:
                assert device.command(FAN_COMMAND, {"speed": 5}).confirmed
            boards.unplug("stream")
            with pytest.raises(PortLost):
                until(lambda: len(streaming.collect()) > PENDING_MAX)
            boards.replug("stream")
            until(lambda: bool(streaming.collect()))
        finally:
            for used in buses:
                used.close()
