"""Commands that nobody waits for, on a simulated board, in one thread."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from arduino_iface.errors import BusBusy
from dummy_hw.commands import DONE
from gateway.commands.queue import QUEUE_MAX
from gateway.commands.worker import CommandWorker
from gateway.journal.types import StoredCommand
from gateway.model.command import CommandRecord, CommandState
from gateway.model.errors import CommandError
from tests.commands.bench import FAN, TARE, Bench, keyed

PATIENT = replace(FAN, queue_s=60.0)


class InlineWorker(CommandWorker):
    """Does what it begins at once, in the caller's thread."""

    def _begin(self, device: str, work: Callable[[], None]) -> None:
        work()


class QueueBench(Bench):
    """With the worker of the queue, and every state that was stored."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.worker = InlineWorker(self.commander, self.clock)
        self.told: list[str] = []
        self.house.journal.follow(self._tell)

    def _tell(self, stored: object) -> None:
        assert isinstance(stored, list)
        for one in stored:
            if isinstance(one, StoredCommand):
                self.told.append(str(one.record.state))

    def step(self) -> None:
        self.worker.step(self.clock.monotonic())
        self.clock.advance(0.6)

    def state(self, record: CommandRecord) -> CommandState:
        stored = self.stored(record)
        assert stored is not None
        return stored.state

    def leave(self) -> None:
        self.board.power_off()
        self.house.run(5.0, self.poller)
        assert self.commander.is_away("greenhouse")

    def come_back(self) -> None:
        self.board.power_on()
        self.house.run(15.0, self.poller, until=lambda: not self.commander.is_away("greenhouse"))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[QueueBench]:
    bench = QueueBench(tmp_path / "journal.db")
    yield bench
    bench.house.close()


def test_it_is_recorded_at_once_and_goes_through_its_states(bench: QueueBench) -> None:
    record = bench.commander.submit(FAN)
    assert (record.state, bench.state(record)) == (CommandState.QUEUED, CommandState.QUEUED)
    assert bench.transport.commands == 0
    bench.step()
    assert bench.state(record) is CommandState.DONE
    assert bench.told == ["queued", "sent", "done"]
    assert bench.board.executed["fan"] == 1
    assert bench.commander.queue.waiting() == []


def test_those_of_one_device_keep_their_order(bench: QueueBench) -> None:
    records = [bench.commander.submit(order) for order in (FAN, TARE, FAN)]
    done: list[str] = []
    for name in ("fan", "tare"):
        bench.board.on_command(name, lambda _, name=name: done.append(name) or DONE)  # type: ignore[misc,func-returns-value]
    for _ in records:
        bench.step()
    assert done == ["fan", "tare", "fan"]
    tokens = [(bench.stored(record) or record).token for record in records]
    assert tokens == sorted(tokens, key=lambda token: token or 0)


def test_a_device_that_is_away_is_waited_for_when_the_caller_says_so(bench: QueueBench) -> None:
    bench.leave()
    with pytest.raises(CommandError, match="nothing was sent") as refused:
        bench.commander.submit(FAN)
    assert refused.value.code == "device_offline"
    record = bench.commander.submit(PATIENT)
    for _ in range(10):
        bench.step()
    assert bench.state(record) is CommandState.QUEUED
    bench.come_back()
    bench.step()
    assert bench.state(record) is CommandState.DONE
    assert bench.board.executed["fan"] == 1


def test_one_that_does_not_come_back_in_time_never_gets_it(bench: QueueBench) -> None:
    bench.leave()
    record = bench.commander.submit(PATIENT)
    shorter = bench.commander.submit(replace(FAN, queue_s=10.0))
    bench.clock.advance(11.0)
    bench.step()
    assert bench.state(shorter) is CommandState.EXPIRED
    assert bench.state(record) is CommandState.QUEUED
    bench.clock.advance(60.0)
    bench.step()
    stored = bench.stored(record)
    assert stored is not None
    assert stored.state is CommandState.EXPIRED
    assert stored.detail == "never sent: greenhouse was not back within 60 s"
    bench.come_back()
    bench.step()
    assert bench.board.executed["fan"] == 0
    assert [one.state for one in bench.audited] == [CommandState.EXPIRED] * 2


def test_one_that_could_not_be_sent_after_all_goes_on_waiting(bench: QueueBench) -> None:
    bench.device.result = BusBusy("not free")
    record = bench.commander.submit(PATIENT)
    bench.step()
    assert bench.state(record) is CommandState.QUEUED
    bench.device.result = None
    bench.step()
    assert bench.state(record) is CommandState.DONE
    assert bench.told == ["queued", "sent", "queued", "sent", "done"]
    assert bench.board.executed["fan"] == 1


def test_without_patience_it_expires(bench: QueueBench) -> None:
    record = bench.commander.submit(FAN)
    bench.leave()
    bench.step()
    assert bench.state(record) is CommandState.EXPIRED
    bench.come_back()
    bench.step()
    assert bench.board.executed["fan"] == 0


def test_a_repetition_finds_the_first_however_far_it_has_come(bench: QueueBench) -> None:
    first = bench.commander.submit(keyed(PATIENT))
    assert bench.commander.submit(keyed(PATIENT)) == first
    with pytest.raises(CommandError) as progress:
        bench.commander.execute(keyed(FAN))
    assert progress.value.code == "command_in_progress"
    bench.step()
    assert bench.commander.submit(keyed(PATIENT)).state is CommandState.DONE
    assert bench.make_commander().execute(keyed(FAN)).id == first.id
    with pytest.raises(CommandError) as mismatch:
        bench.commander.submit(keyed(PATIENT, body="another"))
    assert mismatch.value.code == "idempotency_mismatch"
    assert bench.board.executed["fan"] == 1


def test_the_queue_is_bounded(bench: QueueBench) -> None:
    bench.leave()
    for _ in range(QUEUE_MAX):
        bench.commander.submit(PATIENT)
    with pytest.raises(CommandError) as full:
        bench.commander.submit(PATIENT)
    assert full.value.code == "queue_full"
    assert len(bench.all_stored()) == QUEUE_MAX
    bench.clock.advance(61.0)
    bench.step()
    bench.commander.submit(PATIENT)


def test_one_that_cannot_be_recorded_takes_no_place(bench: QueueBench) -> None:
    bench.ledger.holds_back = {0}
    with pytest.raises(CommandError) as refused:
        bench.commander.submit(FAN)
    assert refused.value.code == "journal_unavailable"
    assert bench.commander.queue.waiting() == []
    bench.step()
    assert bench.board.executed["fan"] == 0


def test_what_waits_at_the_end_expires(bench: QueueBench) -> None:
    bench.leave()
    record = bench.commander.submit(PATIENT)
    bench.worker.shut_down()
    assert bench.state(record) is CommandState.EXPIRED
    # Nothing was done under its key, so another try may be made with it.
    assert bench.commander.queue.waiting() == []
