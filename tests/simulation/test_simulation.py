"""The whole gateway against seeded faults, always the same ones: `make simulate` looks for new ones."""

import re

import pytest

from arduino_iface.device import ProtocolDevice
from gateway.delivery.lane import Lane
from gateway.drivers.protocol.intake import Intake
from gateway.journal.pending import PendingQueue
from tests.simulation import schedule
from tests.simulation.runner import LENGTH_S, replay, run_seed, shrink
from tests.simulation.world import Result

BLOCK = 10
SHORT, ALL = 4, 40
"""Blocks that every test run has, and those of `make test-long`."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "block", [*range(SHORT), *(pytest.param(n, marks=pytest.mark.long) for n in range(SHORT, ALL))]
)
def test_nothing_is_lost_and_nothing_happens_twice(block: int) -> None:
    results = [run_seed(seed) for seed in range(block * BLOCK, (block + 1) * BLOCK)]
    failed = [f"{one.violation}\n  {replay(one.seed)}" for one in results if one.violation]
    assert not failed, "\n".join(failed)
    # Not because nothing happened:
    assert sum(one.stored for one in results) > 100 * BLOCK
    assert sum(one.deaths for one in results) > BLOCK / 2
    assert sum(one.overwritten for one in results) > 0


def test_a_seed_is_always_the_same() -> None:
    runs: list[list[str]] = [[], []]
    results = [run_seed(7, trace=lines.append) for lines in runs]
    assert results[0] == results[1]
    place = re.compile(r"/\S*simulation-\w+")
    first, second = ([place.sub("", line) for line in lines] for lines in runs)
    assert first == second
    assert len(first) > 50


def test_an_event_left_out_changes_no_other() -> None:
    assert schedule.make(3, LENGTH_S) == schedule.make(3, LENGTH_S)
    assert schedule.make(3, LENGTH_S) != schedule.make(4, LENGTH_S)


def first_violation(seeds: range) -> Result:
    for seed in seeds:
        result = run_seed(seed)
        if result.violation is not None:
            return result
    raise AssertionError("the simulation did not notice")


def test_it_notices_a_gateway_that_lets_boards_forget_too_early(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Intake, "window", lambda self: (self._expected, 0))
    result = first_violation(range(10))
    assert "told to forget" in str(result.violation)


def test_it_notices_a_queue_that_drops_what_was_not_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    def drop(queue: PendingQueue) -> None:
        queue.remove(queue.take())

    monkeypatch.setattr(PendingQueue, "put_back", drop)
    assert first_violation(range(20)).violation


def test_it_notices_rejected_readings_that_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    settle = Lane._settle
    monkeypatch.setattr(Lane, "_settle", lambda self, batch, _: settle(self, batch, []))
    result = first_violation(range(60))
    assert "in 0 of sink and dead letters" in str(result.violation)


def test_it_notices_a_command_that_is_sent_again_to_a_board_that_has_restarted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ProtocolDevice, "_require_same_boot", lambda *_: None)
    result = first_violation(range(60))
    assert "has acted twice" in str(result.violation)


def test_it_finds_the_events_that_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Intake, "window", lambda self: (self._expected, 0))
    assert len(shrink(2, 5.0)) <= 1
