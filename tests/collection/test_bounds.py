"""Which numbers are possible: by the uptime, by what was heard last, by the interval."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arduino_iface import schema
from arduino_iface.device import Identity, Polled
from arduino_iface.errors import BadFrame
from arduino_iface.sample import AGE_MS_MAX, Sample
from gateway.drivers.protocol.bounds import (
    INTERVAL_MAX_MS,
    REFUSALS_MAX,
    UPTIME_MODULUS_MS,
    Bounds,
    Mark,
    usable_interval_ms,
)

SECOND = schema.parse("gw 1\nname bench\nsample 1000\nchannel t u8 - 1 0\n")
NOW = 10_000_000_000
HOUR = 3_600_000
DAY = 24 * HOUR


def bounds(uptime_ms: int, mark: Mark | None = None, uptime_max_ms: int | None = None) -> Bounds:
    identity = Identity("0011223344556677", 5, SECOND, True, 32, 32, uptime_ms)
    return Bounds(identity, NOW, mark, uptime_max_ms)


def polled(first: int, count: int = 0, *, apart_ms: int = 1000, more: bool = False) -> Polled:
    samples = [
        Sample(first + place, (count - 1 - place) * apart_ms, {"t": 1}) for place in range(count)
    ]
    return Polled(first, samples, more, False, 0.0)


def possible(limits: Bounds, reply: Polled, now_ms: int = NOW) -> bool:
    try:
        limits.check(reply, now_ms)
    except BadFrame:
        return False
    return True


def test_a_board_cannot_have_counted_further_than_its_uptime_allows() -> None:
    for first, is_possible in [(0, False), (1, True), (60, True), (130, True), (200, False)]:
        assert possible(bounds(60_000), polled(first)) is is_possible, first


def test_a_board_that_does_not_tell_its_uptime_is_believed_for_some_hundred_days() -> None:
    assert possible(bounds(0), polled(30 * 86_400))
    assert not possible(bounds(0), polled(1 << 31))


def test_the_uptime_is_no_longer_than_the_time_since_the_boot_before() -> None:
    assert possible(bounds(40 * DAY), polled(3_000_000))
    assert not possible(bounds(40 * DAY, uptime_max_ms=60_000), polled(3_000_000))


@pytest.mark.parametrize("days", [50, 60, 100, 365])
def test_an_uptime_that_began_anew_is_understood(days: int) -> None:
    limits = bounds(days * DAY % UPTIME_MODULUS_MS)
    assert possible(limits, polled(days * 86_400, 2))


def test_two_billion_samples_are_never_possible_at_one_second() -> None:
    for uptime_ms in (0, 1, HOUR, 40 * DAY, UPTIME_MODULUS_MS - 1):
        assert not possible(bounds(uptime_ms), polled(1 << 31, 2)), uptime_ms


def test_samples_that_lie_closer_show_a_shorter_interval() -> None:
    """Another gateway had set 100 ms, and the samples in the ring are still of that time."""
    assert not possible(bounds(HOUR), polled(30_000, 2))
    assert possible(bounds(HOUR), polled(30_000, 2, apart_ms=100))
    assert not possible(bounds(HOUR), polled(1 << 31, 2, apart_ms=100))


def test_an_earlier_run_may_have_set_a_shorter_interval() -> None:
    """A frame with one sample does not show it."""
    mark = Mark(1000, NOW - HOUR)
    assert possible(bounds(2 * HOUR, mark), polled(1000 + 36_000, 1))
    assert not possible(bounds(2 * HOUR, mark), polled(1000 + 36_000, 2))
    assert not possible(bounds(2 * HOUR, mark), polled(2_000_000, 1))


def test_a_clock_that_was_wrong_in_an_earlier_run_refuses_nothing() -> None:
    """A Pi without a battery was off for two days and believes that it was a minute."""
    assert possible(bounds(3 * DAY, Mark(86_400, NOW - 60_000)), polled(3 * 86_400, 2))


def test_what_was_heard_last_bounds_what_comes() -> None:
    limits = bounds(40 * DAY)
    limits.check(polled(1000), NOW)
    limits.accept(polled(1000), NOW)
    assert possible(limits, polled(1000), NOW + 1000)
    assert not possible(limits, polled(1500), NOW + 1000)
    assert possible(limits, polled(1500), NOW + 500_000)


def test_after_three_refusals_a_board_may_be_as_fast_as_any() -> None:
    limits = bounds(HOUR)
    limits.accept(polled(100), NOW)
    for _ in range(REFUSALS_MAX):
        assert not possible(limits, polled(700), NOW + 10_000)
    assert not possible(limits, polled(1 << 31), NOW + 10_000)
    assert possible(limits, polled(700), NOW + 10_000)
    limits.accept(polled(700), NOW + 10_000)
    assert not possible(limits, polled(1400), NOW + 20_000)


def test_a_sample_is_not_older_than_the_board() -> None:
    old = Polled(1, [Sample(1, 10_000, {"t": 1})], False, False, 0.0)
    assert possible(bounds(9_000), old)
    assert not possible(bounds(5_000), old)
    assert possible(bounds(0), old)


def test_nor_than_the_answer_that_said_there_is_none() -> None:
    limits = bounds(DAY)
    limits.accept(polled(100), NOW)
    late = Polled(100, [Sample(100, 60_000, {"t": 1})], False, False, 0.0)
    assert not possible(limits, late, NOW + 10_000)
    assert possible(limits, late, NOW + 60_000)


def test_a_board_that_never_says_more_is_read_after_three_refusals() -> None:
    limits = bounds(DAY)
    limits.accept(polled(100, 2), NOW)
    late = Polled(102, [Sample(102, 60_000, {"t": 1})], False, False, 0.0)
    for _ in range(REFUSALS_MAX):
        assert not possible(limits, late, NOW + 1000)
    assert possible(limits, late, NOW + 1000)
    limits.accept(late, NOW + 1000)
    later = Polled(103, [Sample(103, 60_000, {"t": 1})], False, False, 0.0)
    assert possible(limits, later, NOW + 2000)
    assert not possible(limits, Polled(104, [Sample(104, 2 * DAY, {"t": 1})], False, False, 0.0))


def test_an_answer_with_more_behind_it_says_nothing_of_ages() -> None:
    limits = bounds(DAY)
    limits.accept(polled(100, 2, more=True), NOW)
    assert possible(limits, Polled(102, [Sample(102, HOUR, {"t": 1})], False, False, 0.0))


def test_the_highest_age_is_of_anything_older() -> None:
    limits = bounds(DAY)
    assert possible(limits, Polled(1, [Sample(1, AGE_MS_MAX, {"t": 1})], False, False, 0.0))


def test_the_interval_is_a_day_at_most() -> None:
    assert usable_interval_ms(0xFFFF_FFFF) == INTERVAL_MAX_MS
    assert usable_interval_ms(1000) == 1000


@given(
    uptime_ms=st.integers(1, 45 * DAY),
    silence_ms=st.integers(0, 5 * DAY),
    ring=st.integers(1, 255),
    taken=st.integers(1, 10),
)
def test_a_board_that_counts_right_is_never_refused(
    uptime_ms: int, silence_ms: int, ring: int, taken: int
) -> None:
    """It samples each second, its ring overwrites, and it is silent for a while in between."""

    def answer(following: int, at_uptime_ms: int) -> Polled:
        upcoming = at_uptime_ms // 1000 + 1
        first = max(following, upcoming - ring)
        count = max(0, min(taken, upcoming - first))
        samples = [
            Sample(seq, min(at_uptime_ms - (seq - 1) * 1000, AGE_MS_MAX), {"t": 1})
            for seq in range(first, first + count)
        ]
        return Polled(first, samples, first + count < upcoming, False, 0.0)

    limits = bounds(uptime_ms)
    before = answer(1, uptime_ms)
    limits.check(before, NOW)
    limits.accept(before, NOW)
    after = answer(before.following, uptime_ms + silence_ms)
    limits.check(after, NOW + silence_ms)
