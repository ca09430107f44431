"""The delivery's rules, with a real journal and a sink in memory that fails in every way."""

import itertools
import random
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.delivery.consumer import Rejected, SinkUnavailable
from gateway.delivery.lane import ATTEMPTS_ALONE, BATCH_MAX
from gateway.delivery.state import DeliveryStatus
from gateway.delivery.worker import (
    AWAY_CAP_S,
    REFUSED_CAP_S,
    REFUSED_FIRST_S,
    DeliveryWorker,
)
from gateway.journal import JournalUnavailable
from gateway.model.command import CommandState
from gateway.model.reading import StoredReading
from gateway.runtime.clock import MachineClock
from tests.delivery.fake_sink import FakeSink
from tests.delivery.house import House
from tests.delivery.records import command_record


class Bug(Exception):
    """Something no sink has a name for."""


@pytest.fixture
def sink() -> FakeSink:
    return FakeSink()


@pytest.fixture
def house(tmp_path: Path, sink: FakeSink) -> Iterator[House]:
    house = House(tmp_path, sink).open()
    yield house
    house.close()


def away(batch: Sequence[StoredReading]) -> None:
    raise SinkUnavailable("it is away")


def broken(batch: Sequence[StoredReading]) -> None:
    raise Bug("it is broken")


def works(batch: Sequence[StoredReading]) -> None:
    pass


def test_the_wait_grows_while_the_sink_is_away_and_nothing_moves(
    house: House, sink: FakeSink
) -> None:
    sink.before = away
    house.make(5)
    waits = [house.step() for _ in range(12)]
    assert waits[0] <= 0.5
    assert all(later > earlier for earlier, later in itertools.pairwise(waits[:6]))
    assert 0.75 * AWAY_CAP_S <= waits[-1] <= AWAY_CAP_S
    assert house.worker.state().lag_rows == 5
    assert house.reader.dead_letters() == []
    sink.before = works
    house.until(house.drained)
    assert len(sink.readings) == 5


def test_a_commit_does_not_shorten_the_back_off(house: House, sink: FakeSink) -> None:
    sink.before = away
    house.make(1)
    wait_s = house.worker.step(house.now)
    house.make(1)
    assert house.worker.step(house.now + wait_s / 2) == pytest.approx(wait_s / 2)
    assert sink.calls == [1]


def test_a_batch_that_was_stored_but_not_confirmed_comes_again(
    house: House, sink: FakeSink
) -> None:
    sink.after = away
    house.make(5)
    house.step()
    assert len(sink.readings) == 5
    assert house.worker.state().delivered == 0
    sink.after = works
    house.until(house.drained)
    assert sink.duplicates == 5
    assert house.worker.state().delivered == 5


def test_a_refused_login_backs_off_longer_and_keeps_everything(
    house: House, sink: FakeSink
) -> None:
    def refuse(batch: Sequence[StoredReading]) -> None:
        raise SinkUnavailable("check the password", misconfigured=True)

    sink.before = refuse
    house.make(5)
    tries = []
    while house.now < 1000:
        calls = len(sink.calls)
        at = house.now
        house.step()
        if len(sink.calls) > calls:
            tries.append(at)
    gaps = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert 0.75 * REFUSED_FIRST_S <= gaps[0] <= REFUSED_FIRST_S + 1
    assert 0.75 * REFUSED_CAP_S <= gaps[-1] <= REFUSED_CAP_S + 1
    assert house.worker.state().error == "check the password"
    # The other lanes go on: a gateway with a refused lane is not taken for dead.
    assert len(sink.heartbeats) > 90
    assert house.worker.state().lag_rows == 5


def test_one_record_that_nobody_understands_is_put_aside_alone(
    house: House, sink: FakeSink
) -> None:
    def fail_on_7(batch: Sequence[StoredReading]) -> None:
        if any(one.reading.seq == 7 for one in batch):
            raise Bug("seven is not to my taste")

    sink.before = fail_on_7
    house.make(100)
    house.until(house.drained)
    house.commit()
    (dead,) = house.reader.dead_letters("fake")
    assert dead.stored.reading.seq == 7
    assert "Bug: seven is not to my taste" in dead.reason
    assert sink.calls.count(1) >= ATTEMPTS_ALONE
    assert sorted(one.reading.seq or 0 for one in sink.readings.values()) == [
        seq for seq in range(1, 101) if seq != 7
    ]
    assert house.worker.state().error is None


def test_a_sink_that_fails_for_every_record_puts_none_aside(house: House, sink: FakeSink) -> None:
    sink.before = broken
    house.make(50)
    while house.now < 1000:
        house.step()
    state = house.worker.state()
    assert (state.lag_rows, state.rejected, state.status) == (50, 0, DeliveryStatus.BACKING_OFF)
    assert "Bug: it is broken" in (state.error or "")
    sink.before = works
    house.until(house.drained)
    assert len(sink.readings) == 50


def test_batches_grow_again_after_a_passing_fault(house: House, sink: FakeSink) -> None:
    house.make(5 * BATCH_MAX)
    sink.before = broken
    for _ in range(4):
        house.step()
    sink.before = works
    house.until(house.drained)
    assert sink.calls[:5] == [BATCH_MAX >> halvings for halvings in range(5)]
    assert max(sink.calls[5:]) == BATCH_MAX


def test_a_heartbeat_that_fails_oddly_holds_up_nothing(house: House, sink: FakeSink) -> None:
    def fail() -> None:
        raise Bug("no")

    sink.beat = fail
    house.make(5)
    house.until(house.drained)
    assert "heartbeat fails: Bug: no" in (house.worker.state().error or "")


def test_an_idle_delivery_notices_that_its_sink_has_gone_and_come_back(
    house: House, sink: FakeSink
) -> None:
    def gone() -> None:
        raise SinkUnavailable("it is away")

    house.step()
    assert house.worker.state().status is DeliveryStatus.IDLE
    sink.beat = gone
    house.until(lambda: house.worker.state().status is DeliveryStatus.BACKING_OFF)
    sink.beat = lambda: None
    house.until(lambda: house.worker.state().status is DeliveryStatus.IDLE)
    assert house.worker.state().last_error == "it is away"


def test_a_journal_that_cannot_be_read_is_waited_for(
    house: House, sink: FakeSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> list[StoredReading]:
        raise JournalUnavailable("the disk reports an error")

    house.make(5)
    with monkeypatch.context() as patch:
        patch.setattr(house.reader, "undelivered", fail)
        house.step()
        assert "the disk reports an error" in (house.worker.state().error or "")
    house.until(house.drained)
    assert len(sink.readings) == 5


def test_a_journal_that_was_replaced_is_delivered_from_its_beginning(
    tmp_path: Path, sink: FakeSink
) -> None:
    house = House(tmp_path, sink).open()
    house.make(20)
    house.until(house.drained)
    house.journal.close()
    path = house.journal.path
    path.write_bytes(b"\0" * path.stat().st_size)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    house.journal.open()
    house.make(5)
    house.until(lambda: len(sink.readings) == 25)
    house.close()


def test_stopping_while_the_sink_is_away_tries_nothing_more(house: House, sink: FakeSink) -> None:
    sink.before = away
    house.make(5)
    house.step()
    house.worker.shut_down()
    assert sink.calls == [5]
    assert sink.closed
    assert sink.timeout_s is not None


def test_a_command_has_its_latest_state_after_any_trouble(house: House, sink: FakeSink) -> None:
    for state in (CommandState.QUEUED, CommandState.SENT, CommandState.DONE):
        house.journal.save_command(command_record("c1", state))
        house.commit()
        house.step()
    assert sink.commands["c1"].record.state is CommandState.DONE


FAULTS = ("works", "away", "unconfirmed", "refused", "rejects", "bug")


@settings(max_examples=60, deadline=None)
@given(
    faults=st.lists(st.sampled_from(FAULTS), max_size=40),
    makes=st.lists(st.integers(0, 30), min_size=1, max_size=20),
    poison=st.sets(st.integers(1, 200), max_size=3),
    seed=st.integers(0, 1000),
)
def test_every_reading_ends_in_the_sink_or_among_the_dead_letters(
    faults: list[str], makes: list[int], poison: set[int], seed: int
) -> None:
    rng = random.Random(seed)
    sink = FakeSink()
    schedule = iter(faults)
    fault = "works"

    def before(batch: Sequence[StoredReading]) -> Sequence[Rejected]:
        nonlocal fault
        fault = next(schedule, "works")
        if any(one.reading.seq in poison for one in batch) or fault == "bug":
            raise Bug("no idea")
        if fault in ("away", "refused"):
            raise SinkUnavailable(fault, misconfigured=fault == "refused")
        if fault == "rejects":
            one = rng.choice(batch)
            if one.key not in sink.readings:
                return [Rejected(one.row, one.key, "not this one")]
        return ()

    def after(batch: Sequence[StoredReading]) -> None:
        if fault == "unconfirmed":
            raise SinkUnavailable("said nothing")

    sink.before, sink.after = before, after
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder), sink).open()
        made = 0
        for count in makes:
            house.make(count)
            made += count
            house.step()
            stored = {one.row for one in sink.readings.values()}
            behind = set(range(1, house.worker._lanes[0].cursor + 1))
            house.commit()
            dead = {one.stored.row for one in house.reader.dead_letters("fake", limit=1000)}
            assert behind <= stored | dead
        # A last healthy record, so that poison at the end is told from a broken sink.
        house.make(250)
        house.until(house.drained)
        house.commit()
        dead = {one.stored.row for one in house.reader.dead_letters("fake", limit=1000)}
        stored = {one.row for one in sink.readings.values()}
        assert stored | dead == set(range(1, made + 251))
        state = house.worker.state()
        assert state.delivered + state.rejected == made + 250
        house.close()


def test_a_new_worker_sends_nothing_that_was_put_aside_a_moment_ago(
    house: House, sink: FakeSink
) -> None:
    readings = house.make(3)
    sink.before = lambda batch: [Rejected(one.row, one.key, "never") for one in batch]
    house.worker.step(house.now)  # put aside, and not on disk yet
    house.worker.shut_down()
    sink.before = works
    sink.closed = False
    house.worker = DeliveryWorker(
        sink.name,
        sink.consumers(house.describe),
        house.journal,
        house.reader,
        MachineClock(),
        random.Random(2),
    )
    house.worker.start_up()
    house.until(house.drained)
    house.commit()
    assert sink.readings == {}
    assert {one.stored.key for one in house.reader.dead_letters()} == {one.key for one in readings}
