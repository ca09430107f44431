"""Is the wall clock right? Who says so, and from when on it counts."""

import pytest

from gateway.runtime.timekeeper import (
    LOOK_EVERY_S,
    MADE_MS,
    SETTLED_S,
    Timekeeper,
    Witness,
    judge,
    kernel_synchronised,
    time_service_waits,
)
from tests.support.clock import FakeClock

NOW_MS = MADE_MS + 10**9


@pytest.mark.parametrize(
    ("kernel", "wall_ms", "newest_ms", "waits", "right", "witness"),
    [
        (True, 0, None, False, True, Witness.KERNEL),
        (True, 0, NOW_MS, True, True, Witness.KERNEL),
        (False, NOW_MS, None, False, True, Witness.PLAUSIBLE),
        (False, NOW_MS, NOW_MS + 59_000, False, True, Witness.PLAUSIBLE),
        (False, NOW_MS, NOW_MS + 61_000, False, False, Witness.TOO_EARLY),
        (False, MADE_MS - 1, None, False, False, Witness.TOO_EARLY),
        (False, NOW_MS, None, True, False, Witness.TIME_SERVICE),
    ],
)
def test_the_kernels_no_needs_a_second_witness(
    kernel: bool, wall_ms: int, newest_ms: int | None, waits: bool, right: bool, witness: Witness
) -> None:
    view = judge(kernel, wall_ms, newest_ms, waits)
    assert (view.synchronised, view.witness, view.kernel) == (right, witness, kernel)


class Says:
    def __init__(self, answer: bool) -> None:
        self.answer = answer

    def __call__(self) -> bool:
        return self.answer


def test_a_clock_that_becomes_right_counts_when_it_has_settled() -> None:
    clock, kernel, waits = FakeClock(wall_ms=NOW_MS), Says(False), Says(True)
    keeper = Timekeeper(clock, kernel=kernel, service_waits=waits)
    assert not keeper.is_set()
    kernel.answer = True
    assert not keeper.is_set()
    clock.advance(LOOK_EVERY_S)
    assert not keeper.is_set()
    clock.advance(SETTLED_S)
    assert keeper.is_set()
    kernel.answer = False
    clock.advance(LOOK_EVERY_S)
    assert not keeper.is_set()


def test_a_clock_that_is_right_at_the_start_counts_at_once() -> None:
    keeper = Timekeeper(FakeClock(wall_ms=NOW_MS), kernel=Says(True), service_waits=Says(False))
    assert keeper.is_set()


def test_a_clock_behind_the_journal_is_wrong() -> None:
    clock = FakeClock(wall_ms=NOW_MS)
    keeper = Timekeeper(clock, kernel=Says(False), service_waits=Says(False))
    assert keeper.is_set()
    keeper.expect_after(NOW_MS + 86_400_000)
    assert keeper.view().witness is Witness.TOO_EARLY


def test_this_machine_can_be_asked() -> None:
    assert kernel_synchronised() in (True, False)
    assert time_service_waits() in (True, False)
