"""The interval of a sketch that prints by itself, learned from its readings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.drivers.lines.pace import PATIENCE_S, Pace


def learned(times: list[float]) -> Pace:
    pace = Pace()
    for at in times:
        pace.take(at)
    return pace


@pytest.mark.parametrize(
    ("times", "interval_s"),
    [
        ([], None),
        ([0], None),
        ([0, 12], 12),
        ([0, 12.04, 24.02, 36.1], 12),
        ([0, 1, 2, 3], 1),
        ([0, 0.1, 0.2], None),
        ([number / 10 for number in range(20)], 1),
        ([number / 400 for number in range(4000)], 1),
        # Three lines at once every 12 s: the pause counts, not the gaps inside.
        ([burst * 12 + line * 0.02 for burst in range(6) for line in range(3)], 12),
        # The board was silent for ten minutes once.
        ([0, 12, 24, 624, 636, 648], 12),
        ([0, 300, 600], 300),
    ],
)
def test_the_interval(times: list[float], interval_s: float | None) -> None:
    assert learned(times).interval_s == interval_s


def test_a_sketch_is_given_time_until_its_interval_is_known() -> None:
    assert learned([]).expected_s == 1
    assert learned([5]).expected_s == PATIENCE_S
    assert learned([5, 35]).expected_s == 30
    lost = learned([5])
    lost.pause()
    assert lost.expected_s == 1
    lost.take(1000)
    lost.take(1012)
    assert lost.interval_s == 12


@given(st.floats(1, 3600), st.lists(st.floats(-0.05, 0.05), min_size=2, max_size=30))
def test_a_steady_sketch_with_jitter(interval_s: float, jitter: list[float]) -> None:
    times = [number * interval_s * 1.05 + one * interval_s for number, one in enumerate(jitter)]
    found = learned(times).interval_s
    assert found is not None
    assert 0.9 * interval_s <= found <= 1.25 * interval_s
