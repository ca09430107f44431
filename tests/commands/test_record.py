"""The record before the command, tokens over restarts, and requests that are repeated."""

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.commands.commander import IDEMPOTENCY_KEPT_MS
from gateway.commands.order import CommandOrder
from gateway.commands.tokens import TOKENS
from gateway.journal.errors import JournalFull
from gateway.model.command import CommandRecord, CommandState
from gateway.model.errors import CommandError
from tests.arduino_iface.waiting import running
from tests.commands.bench import FAN, TARE, Bench, UnreadableHistory, keyed


def code_of(execute: Callable[[], CommandRecord]) -> str:
    with pytest.raises(CommandError) as caught:
        execute()
    return caught.value.code


def code(bench: Bench, order: CommandOrder) -> str:
    return code_of(lambda: bench.commander.execute(order))


def test_tokens_go_on_after_a_restart(bench: Bench) -> None:
    tokens = [bench.commander.execute(TARE).token for _ in range(3)]
    bench.commander = bench.make_commander()
    tokens += [bench.commander.execute(TARE).token for _ in range(3)]
    first = tokens[0]
    assert first is not None
    assert tokens == [(first + place) % TOKENS for place in range(6)]
    assert bench.board.executed["tare"] == 6


def test_the_last_token_is_followed_by_the_first(bench: Bench) -> None:
    record = bench.commander.execute(TARE)
    bench.ledger.save_command(replace(record, id="last", token=TOKENS - 1))
    bench.commander = bench.make_commander()
    assert bench.commander.execute(TARE).token == 0


def test_many_threads_never_share_a_token(bench: Bench) -> None:
    taken: list[int] = []

    def take() -> None:
        taken.extend(bench.commander._tokens.following("greenhouse") for _ in range(50))

    with running(*[take] * 4):
        pass
    assert len(set(taken)) == len(taken) == 200


@pytest.mark.parametrize("restarted", [False, True])
def test_the_same_key_gives_the_first_outcome_and_does_nothing(
    bench: Bench, restarted: bool
) -> None:
    first = bench.commander.execute(keyed(FAN))
    if restarted:
        bench.commander = bench.make_commander()
    assert bench.commander.execute(keyed(FAN)) == first
    assert bench.board.executed["fan"] == 1
    assert bench.transport.commands == 1
    assert bench.audited == [first]
    assert bench.commander.execute(keyed(FAN, "k2")).id != first.id


@pytest.mark.parametrize("restarted", [False, True])
def test_a_failure_is_repeated_as_such(bench: Bench, restarted: bool) -> None:
    bench.board.hang(True)
    assert code(bench, keyed(TARE)) == "outcome_unknown"
    bench.board.hang(False)
    bench.house.run(12.0, bench.poller)
    if restarted:
        bench.commander = bench.make_commander()
    sent = bench.transport.commands
    assert code(bench, keyed(TARE)) == "outcome_unknown"
    assert bench.transport.commands == sent
    assert len(bench.all_stored()) == 1


def test_the_same_key_for_something_else_is_refused(bench: Bench) -> None:
    bench.commander.execute(keyed(FAN))
    assert code(bench, keyed(TARE, body="other")) == "idempotency_mismatch"
    assert not bench.board.executed["tare"]


def test_a_key_is_forgotten_after_a_day(bench: Bench) -> None:
    first = bench.commander.execute(keyed(FAN))
    bench.clock.advance(IDEMPOTENCY_KEPT_MS / 1000 - 60)
    assert bench.commander.execute(keyed(FAN)) == first
    bench.clock.advance(120)
    bench.house.run(12.0, bench.poller)
    assert bench.commander.execute(keyed(FAN)).id != first.id


def test_the_same_key_at_the_same_time_is_told_to_wait(bench: Bench) -> None:
    entered, let_go = threading.Event(), threading.Event()

    def hang() -> None:
        entered.set()
        assert let_go.wait(20.0)

    bench.device.hook = hang
    done: list[CommandRecord] = []

    def first() -> None:
        done.append(bench.commander.execute(keyed(FAN)))

    # The journal is stepped by the thread that opened it: this one only asks.
    bench.ledger = _Immediate()  # type: ignore[assignment]
    bench.commander = bench.make_commander()
    with running(first):
        assert entered.wait(20.0)
        assert code(bench, keyed(FAN)) == "command_in_progress"
        bench.device.hook = None
        let_go.set()
    assert [record.state for record in done] == [CommandState.DONE]
    assert bench.board.executed["fan"] == 1


class _Immediate:
    """A ledger for more than one thread; keeps nothing."""

    def save_command(self, record: CommandRecord, durable: bool = True) -> "_Immediate":
        return self

    def wait(self, timeout_s: float) -> bool:
        return True


def test_an_outcome_that_is_not_stored_yet_is_asked_for_again(bench: Bench) -> None:
    bench.ledger.holds_back = {1}
    first = bench.commander.execute(keyed(FAN))
    assert code(bench, keyed(FAN)) == "command_in_progress"
    bench.house.journal.step(bench.clock.monotonic())
    assert bench.commander.execute(keyed(FAN)) == first
    assert bench.board.executed["fan"] == 1


def test_nothing_is_sent_while_the_record_cannot_be_stored(bench: Bench) -> None:
    bench.ledger.holds_back = {0, 1}
    with pytest.raises(CommandError) as caught:
        bench.commander.execute(keyed(FAN))
    error = caught.value
    assert (error.code, error.retry_after_s) == ("journal_unavailable", 5.0)
    assert error.record is not None
    assert error.record.state is CommandState.EXPIRED
    assert bench.audited == [error.record]
    assert bench.transport.commands == 0
    bench.house.journal.step(bench.clock.monotonic())
    assert bench.stored(error.record) == error.record


def test_nothing_is_sent_when_the_journal_takes_no_record(bench: Bench) -> None:
    bench.ledger.fails = {0: JournalFull("5000 records are waiting")}
    assert code(bench, FAN) == "journal_unavailable"
    assert bench.transport.commands == 0
    assert bench.commander.execute(FAN).state is CommandState.DONE


@pytest.mark.parametrize("order", [FAN, keyed(FAN)])
def test_nothing_is_sent_when_the_past_cannot_be_read(bench: Bench, order: CommandOrder) -> None:
    bench.commander = bench.make_commander(UnreadableHistory())
    assert code(bench, order) == "journal_unavailable"
    assert bench.transport.commands == 0
    assert bench.ledger.saved == []


def test_an_outcome_that_cannot_be_stored_is_told_all_the_same(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.ledger.fails = {1: JournalFull("5000 records are waiting")}
    record = bench.commander.execute(FAN)
    assert record.state is CommandState.DONE
    assert bench.audited == [record]
    assert "not stored" in caplog.text


def test_a_key_is_free_again_after_a_command_that_failed(bench: Bench) -> None:
    assert code(bench, keyed(CommandOrder("greenhouse", "explode", {}))) == "unknown_command"
    assert bench.commander.execute(keyed(FAN)).state is CommandState.DONE


def test_what_was_sent_and_not_finished_is_unknown_after_a_restart(bench: Bench) -> None:
    bench.ledger.fails = {1: JournalFull("gone")}
    bench.commander.execute(keyed(FAN))
    path = bench.house.journal.path
    bench.house.close()
    again = Bench(path)
    assert code_of(lambda: again.commander.execute(keyed(FAN))) == "outcome_unknown"
    assert again.transport.commands == 0
    again.house.close()
