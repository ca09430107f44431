"""After "unknown": the gateway finds out, and nothing is ever done twice or late."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from arduino_iface.errors import BusFault
from dummy_hw.commands import DONE, FAILED, REFUSED, Execution, running
from gateway.model.command import CommandRecord, CommandState
from gateway.model.errors import CommandError
from tests.commands.bench import COMMAND_TYPE, FAN, TARE, keyed
from tests.commands.test_queue import QueueBench


class LossyBench(QueueBench):
    """Loses what is sent to the board, or what it answers, as long as it is told to."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.loses_commands = False
        self.loses_replies = False
        self._write, self._read = self.transport.write, self.transport.read
        self.transport.write = self.write  # type: ignore[method-assign]
        self.transport.read = self.read  # type: ignore[method-assign]

    def write(self, address: int, data: bytes) -> None:
        if not (self.loses_commands and data[1] == COMMAND_TYPE):
            self._write(address, data)

    def read(self, address: int, length: int) -> bytes:
        if self.loses_replies:
            raise BusFault("lost")
        return self._read(address, length)

    def unknown(self, outcome: Execution = DONE, *, executed: bool = True) -> CommandRecord:
        """A command that was sent and not answered; then the wire works again."""
        self.board.on_command("tare", lambda _: outcome)
        self.loses_replies, self.loses_commands = executed, not executed
        with pytest.raises(CommandError) as raised:
            self.commander.execute(keyed(TARE))
        self.loses_replies = self.loses_commands = False
        assert raised.value.record is not None
        assert raised.value.record.state is CommandState.UNKNOWN
        assert self.board.executed["tare"] == int(executed)
        return raised.value.record


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[LossyBench]:
    bench = LossyBench(tmp_path / "journal.db")
    yield bench
    bench.house.close()


def settle(bench: LossyBench, polls: float = 3.0) -> None:
    """The board is polled again, and asked if that is possible."""
    bench.house.run(polls, bench.poller)
    for _ in range(6):
        bench.step()


@pytest.mark.parametrize(
    ("outcome", "state", "code"),
    [
        (DONE, CommandState.DONE, None),
        (REFUSED, CommandState.REFUSED, "refused"),
        (FAILED, CommandState.FAILED, "device_failed"),
    ],
)
def test_what_was_carried_out_is_found_out(
    bench: LossyBench, outcome: Execution, state: CommandState, code: str | None
) -> None:
    record = bench.unknown(outcome)
    settle(bench)
    stored = bench.stored(record)
    assert stored is not None
    assert (stored.state, stored.error) == (state, code)
    assert bench.board.executed["tare"] == 1
    assert [one.state for one in bench.audited] == [CommandState.UNKNOWN, state]
    assert bench.commander.inquiries() == []


def test_the_same_key_gives_what_was_found_out(bench: LossyBench) -> None:
    record = bench.unknown()
    settle(bench)
    assert bench.commander.execute(keyed(TARE)).id == record.id
    assert bench.board.executed["tare"] == 1


def test_what_never_arrived_is_never_done_not_even_late(bench: LossyBench) -> None:
    record = bench.unknown(executed=False)
    settle(bench)
    stored = bench.stored(record)
    assert stored is not None
    assert stored.state is CommandState.EXPIRED
    assert "not carried out" in (stored.detail or "")
    assert record.token is not None
    # A copy that was held up somewhere comes now: the board knows its token.
    bench.device.command(record.token, 1, b"")
    assert bench.board.executed["tare"] == 0
    # So it may be sent again, also under its key.
    assert bench.commander.execute(keyed(TARE)).state is CommandState.DONE
    assert bench.board.executed["tare"] == 1


def test_one_that_is_still_at_it_is_asked_again(bench: LossyBench) -> None:
    record = bench.unknown(running(30.0))
    settle(bench)
    assert bench.state(record) is CommandState.UNKNOWN
    bench.house.run(30.0, bench.poller)
    settle(bench)
    assert bench.state(record) is CommandState.DONE
    assert bench.board.executed["tare"] == 1


def restart(bench: LossyBench) -> None:
    bench.board.reset()


def restart_unnoticed(bench: LossyBench) -> None:
    bench.board.reset()
    bench.clock.advance(0.1)
    # As if it had been heard a moment ago: nobody asks who it is before the question is sent.
    bench.device.link.heard_mono = bench.clock.monotonic()


def another_command(bench: LossyBench) -> None:
    bench.commander.execute(FAN)


@pytest.mark.parametrize("executed", [True, False])
@pytest.mark.parametrize("happens", [restart, restart_unnoticed, another_command])
def test_what_nobody_can_know_stays_unknown(
    bench: LossyBench, happens: Callable[[LossyBench], None], executed: bool
) -> None:
    record = bench.unknown(executed=executed)
    bench.house.run(1.0, bench.poller)
    happens(bench)
    for _ in range(6):
        bench.step()
    settle(bench)
    assert bench.state(record) is CommandState.UNKNOWN
    assert bench.board.executed["tare"] == int(executed)
    assert bench.commander.inquiries() == []


def test_a_device_that_is_away_is_asked_when_it_is_back(bench: LossyBench) -> None:
    record = bench.unknown()
    bench.loses_replies = True
    settle(bench, 6.0)
    assert bench.commander.is_away("greenhouse")
    assert bench.state(record) is CommandState.UNKNOWN
    bench.loses_replies = False
    bench.house.run(15.0, bench.poller, until=lambda: not bench.commander.is_away("greenhouse"))
    settle(bench)
    assert bench.state(record) is CommandState.DONE
