"""The ledger's arithmetic, whatever comes in whatever order."""

from collections import Counter, defaultdict

from hypothesis import given
from hypothesis import strategies as st

from gateway.model.ledger import (
    HOUR_MS,
    HOURS_MAX,
    Account,
    absent_between,
    due_polls,
    hour_of,
    losses_of,
    spread,
)
from gateway.model.reading import Loss, LossReason, Reading, Through

UID = "0011223344556677"
MOMENTS = st.integers(-(10**13), 10**13)


@given(st.integers(0, 10**6), MOMENTS, st.integers(0, 10**7))
def test_a_spread_loses_no_sample_and_goes_back_in_time(
    count: int, newest_ms: int, interval_ms: int
) -> None:
    parts = list(spread(count, newest_ms, interval_ms))
    hours = [hour for hour, _ in parts]
    assert sum(inside for _, inside in parts) == count
    assert all(inside > 0 for _, inside in parts)
    assert all(hour % HOUR_MS == 0 for hour in hours)
    assert hours == sorted(set(hours), reverse=True)
    assert len(parts) <= HOURS_MAX
    assert not count or hours[0] == hour_of(newest_ms)


@given(st.integers(0, 400), MOMENTS, st.integers(1, 3 * HOUR_MS))
def test_a_spread_is_the_hours_of_each_sample(count: int, newest_ms: int, interval_ms: int) -> None:
    each = Counter(hour_of(newest_ms - number * interval_ms) for number in range(count))
    assert dict(spread(count, newest_ms, interval_ms)) == each


@given(MOMENTS, MOMENTS, st.integers(0, 10**7))
def test_an_absence_is_never_negative(last_ms: int, started_ms: int, interval_ms: int) -> None:
    assert absent_between(last_ms, started_ms, interval_ms) >= 0


def test_an_absence_is_one_sample_each_interval() -> None:
    assert absent_between(1000, 1000, 100) == 0
    assert absent_between(1000, 1099, 100) == 0
    assert absent_between(1000, 1100, 100) == 1
    assert absent_between(1000, 4000, 100) == 30


@given(st.lists(st.floats(-0.4, 0.4), min_size=1, max_size=50), st.floats(0.01, 100))
def test_polls_that_are_early_or_late_are_each_due_once(
    jitter: list[float], interval_s: float
) -> None:
    assert due_polls(0.0, interval_s, interval_s) == 1
    assert due_polls(5.0, 5.0 + 10 * interval_s, interval_s) == 10
    assert all(due_polls(0.0, (1 + late) * interval_s, interval_s) == 1 for late in jitter)


def reading(seq: int, time_ms: int) -> Reading:
    return Reading("greenhouse", time_ms, {}, uid=UID, boot=1, seq=seq)


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 20), st.booleans()), min_size=1, max_size=30
    ),
    st.integers(0, HOUR_MS),
)
def test_expected_is_stored_and_lost_in_every_hour(
    polls: list[tuple[int, int, bool]], interval_ms: int
) -> None:
    """Polls: (overwritten before, samples there, whether the journal had all of them already)."""
    account = Account(lambda key: 1)
    stored: Counter[int] = Counter()
    lost: Counter[int] = Counter()
    following = 1
    for overwritten, count, repeated in polls:
        first = following + overwritten
        samples = [reading(seq, seq * interval_ms) for seq in range(first, first + count)]
        following = first + count
        through = Through(UID, 1, following)
        losses = [
            Loss("greenhouse", LossReason.OVERWRITTEN, inside, hour, through)
            for hour, inside in spread(overwritten, (first - 1) * interval_ms, interval_ms)
        ]
        absent = losses_of("greenhouse", LossReason.DEVICE_ABSENT, 3, first, 7)
        account.book(samples, samples, [*losses, *absent])
        if repeated:
            account.book(samples, [], [])
        stored.update(hour_of(one.time_ms) for one in samples)
        for loss in (*losses, *absent):
            lost[hour_of(loss.time_ms)] += loss.count
    assert account.unexplained == 0
    assert account.following[UID, 1] == following if following > 1 else True
    for (_, hour), count in account.hours.items():
        assert count.stored == stored[hour]
        assert count.expected == count.stored + lost[hour]


def test_a_gap_that_nobody_explains_shows() -> None:
    account = Account(lambda key: 1)
    account.book([reading(5, 0)], [reading(5, 0)], [])
    assert account.unexplained == 4
    (count,) = account.hours.values()
    assert (count.expected, count.stored) == (5, 1)


def test_a_loss_that_is_counted_twice_shows() -> None:
    loss = Loss("greenhouse", LossReason.OVERWRITTEN, 4, 0, Through(UID, 1, 5))
    account = Account(lambda key: 1)
    account.book([], [], [loss])
    account.book([], [], [loss])
    assert account.unexplained == -4


def test_numbers_of_two_boots_are_apart() -> None:
    account = Account(defaultdict(lambda: 1, {(UID, 1): 8}).__getitem__)
    account.book([reading(8, 0)], [reading(8, 0)], [])
    second = Reading("greenhouse", 0, {}, uid=UID, boot=2, seq=1)
    account.book([second], [second], [])
    assert account.unexplained == 0
    assert account.following == {(UID, 1): 9, (UID, 2): 2}


def test_a_reading_that_is_stamped_again_takes_its_account_along() -> None:
    account = Account(lambda key: 1)
    account.move("greenhouse", 0, HOUR_MS)
    account.move("greenhouse", HOUR_MS, 2 * HOUR_MS)
    assert {hour: (one.expected, one.stored) for (_, hour), one in account.hours.items()} == {
        0: (-1, -1),
        HOUR_MS: (0, 0),
        2 * HOUR_MS: (1, 1),
    }
