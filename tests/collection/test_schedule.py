"""Due times and waits: pure logic, by properties."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.collection.schedule import RETRY_TICK_S, Schedule, tick_s
from gateway.runtime.backoff import BackOff

intervals = st.floats(0.01, 86_400.0)
starts = st.floats(0.0, 1e6)


@given(intervals)
def test_a_tick_is_a_whole_fraction_of_the_interval_and_short(interval_s: float) -> None:
    tick = tick_s(interval_s)
    assert 0 < tick <= min(interval_s, RETRY_TICK_S)
    parts = interval_s / tick
    assert math.isclose(parts, round(parts), rel_tol=1e-9)


@given(st.floats(0.01, 100.0), starts, st.integers(1, 200))
def test_on_time_every_tick_that_is_due_is_used_and_none_missed(
    interval_s: float, start: float, polls: int
) -> None:
    schedule = Schedule(interval_s, start)
    per_poll = round(interval_s / tick_s(interval_s))
    used = missed = 0
    for place in range((polls - 1) * per_poll + 1):
        now = start + place * tick_s(interval_s)
        if schedule.is_due(now):
            used += 1
            missed += schedule.advance(now)
    assert (used, missed) == (polls, 0)


@example(10.844896114082456, [3.0])
@given(st.floats(0.01, 100.0), st.lists(st.floats(0.0, 10.0), max_size=30))
def test_what_is_used_and_what_is_missed_is_all_that_was_due(
    interval_s: float, delays: list[float]
) -> None:
    schedule = Schedule(interval_s, 0.0)
    now, used, missed = 0.0, 0, 0
    for delay in delays:
        now += delay * interval_s
        if schedule.is_due(now):
            used += 1
            missed += schedule.advance(now)
            assert schedule.due > now
    assert math.isclose(schedule.due, (used + missed) * interval_s, rel_tol=1e-6)


@given(intervals, starts, st.floats(0.0, 1e5))
def test_nothing_is_due_before_a_postponed_time(
    interval_s: float, start: float, wait: float
) -> None:
    schedule = Schedule(interval_s, start)
    schedule.postpone(start + wait)
    tolerance = 0.25 * tick_s(interval_s)
    assert schedule.is_due(start + wait)
    assert not schedule.is_due(start + wait - 2 * tolerance)
    assert schedule.advance(start + wait) == 0


def test_the_same_interval_keeps_the_phase_and_another_begins_now() -> None:
    schedule = Schedule(1.0, 10.0)
    schedule.change(1.0, 10.7)
    assert schedule.due == 10.0
    schedule.change(0.2, 10.7)
    assert schedule.interval_s == 0.2
    assert schedule.due == pytest.approx(10.9)


def test_waits_double_up_to_ten_seconds_and_begin_anew_after_success() -> None:
    back_off = BackOff()
    assert [back_off.failed() for _ in range(7)] == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    back_off.reset()
    assert back_off.failed() == 0.5
