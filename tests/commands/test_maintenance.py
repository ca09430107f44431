"""Commands to a device in maintenance: refused, or waiting in the queue, and never on the wire."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from arduino_iface.device import OutcomeUnknown
from gateway.devices.handle import DeviceDescription
from gateway.model.command import CommandRecord, CommandState
from gateway.model.errors import CommandError, DeviceInMaintenance, MaintenanceTimeout
from tests.arduino_iface.waiting import until
from tests.commands.bench import FAN, InlineLedger, InlineTicket
from tests.commands.test_queue import PATIENT, QueueBench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[QueueBench]:
    bench = QueueBench(tmp_path / "journal.db")
    yield bench
    bench.house.close()


def test_a_command_is_refused_and_leaves_no_record(bench: QueueBench) -> None:
    with bench.house.devices.maintenance("greenhouse", "firmware"):
        for send in (bench.commander.execute, bench.commander.submit):
            with pytest.raises(DeviceInMaintenance) as refused:
                send(FAN)
            assert refused.value.code == "maintenance"
            assert refused.value.detail == (
                "greenhouse is in maintenance: firmware; nothing was sent"
            )
            assert refused.value.retry_after_s is not None
    assert bench.transport.commands == 0
    assert bench.all_stored() == []
    bench.house.run(2.0, bench.poller)
    assert bench.commander.execute(FAN).state is CommandState.DONE


def test_one_that_may_wait_is_sent_afterwards(bench: QueueBench) -> None:
    with bench.house.devices.maintenance("greenhouse", "firmware"):
        record = bench.commander.submit(PATIENT)
        for _ in range(10):
            bench.step()
        assert bench.state(record) is CommandState.QUEUED
        assert bench.transport.commands == 0
    bench.house.run(2.0, bench.poller)
    bench.step()
    assert bench.state(record) is CommandState.DONE
    assert bench.board.executed["fan"] == 1


def test_one_that_waited_too_long_says_why_it_was_not_sent(bench: QueueBench) -> None:
    with bench.house.devices.maintenance("greenhouse", "firmware"):
        record = bench.commander.submit(replace(PATIENT, queue_s=10.0))
        bench.clock.advance(11.0)
        bench.step()
        stored = bench.stored(record)
    assert stored is not None
    assert (stored.state, stored.error) == (CommandState.EXPIRED, "maintenance")
    assert stored.detail == "never sent: greenhouse was not back within 10 s"


class MaintainingLedger(InlineLedger):
    """Maintenance begins when a command has been recorded and is about to be sent."""

    begin: ExitStack
    bench: QueueBench

    def save_command(self, record: CommandRecord, durable: bool = True) -> InlineTicket:
        if record.state is CommandState.SENT:
            self.begin.enter_context(self.bench.house.devices.maintenance("greenhouse", "fuse"))
        return super().save_command(record, durable)


def test_one_that_comes_too_late_is_recorded_as_never_sent(bench: QueueBench) -> None:
    with ExitStack() as stack:
        ledger = MaintainingLedger(bench.house.journal, bench.clock.monotonic)
        ledger.begin, ledger.bench = stack, bench
        with pytest.raises(CommandError) as refused:
            bench.make_commander(ledger=ledger).execute(FAN)
        assert refused.value.code == "maintenance"
        record = refused.value.record
        assert record is not None
        assert (record.state, record.error) == (CommandState.EXPIRED, "maintenance")
    assert bench.transport.commands == 0


def test_maintenance_waits_for_the_command_under_way(bench: QueueBench) -> None:
    devices, seen = bench.house.devices, []

    def maintain() -> None:
        with devices.maintenance("greenhouse", "firmware"):
            seen.append(bench.transport.commands)

    maintaining = threading.Thread(target=maintain)

    def while_sending() -> None:
        held = devices.maintenance("greenhouse", "firmware", timeout_s=0.01)
        with pytest.raises(MaintenanceTimeout, match=r"still in use after 0\.01 s"), held:
            pass
        view = bench.house.view("greenhouse")
        assert (view.maintenance, view.detail) == (None, None)
        maintaining.start()
        until(lambda: bench.poller.held)

    bench.device.hook = while_sending
    assert bench.commander.execute(FAN).state is CommandState.DONE
    maintaining.join(20.0)
    assert seen == [1]


def test_an_unknown_outcome_is_asked_for_afterwards(bench: QueueBench) -> None:
    bench.device.result = OutcomeUnknown("no answer")
    with pytest.raises(CommandError):
        bench.commander.execute(FAN)
    bench.device.result = None
    with bench.house.devices.maintenance("greenhouse", "firmware"):
        (inquiry,) = bench.commander.inquiries()
        bench.commander.inquire(inquiry)
        bench.step()
        assert bench.commander.inquiries() == [inquiry]
        assert bench.transport.commands == 0
    bench.house.run(2.0, bench.poller)
    bench.step()
    assert bench.commander.inquiries() == []


def test_a_device_that_only_sends_takes_no_commands(bench: QueueBench) -> None:
    bench.house.devices.declare(DeviceDescription("tracker", None, origin="http"))
    for order in (replace(FAN, device="tracker"), replace(PATIENT, device="tracker")):
        with pytest.raises(CommandError) as refused:
            bench.commander.submit(order)
        assert refused.value.code == "unknown_command"
        assert refused.value.detail == (
            "tracker takes no commands: it sends its readings through http"
        )
    assert bench.all_stored() == []
