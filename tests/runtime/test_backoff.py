import random

from hypothesis import given
from hypothesis import strategies as st

from gateway.runtime.backoff import BackOff


@given(st.integers(), st.integers(1, 60))
def test_waits_double_up_to_the_cap_and_are_shortened_by_a_quarter_at_most(
    seed: int, failures: int
) -> None:
    backoff = BackOff(0.5, 30.0, random.Random(seed))
    for number in range(failures):
        whole = min(0.5 * 2**number, 30.0)
        assert 0.75 * whole <= backoff.failed() <= whole
    backoff.reset()
    assert backoff.failed() <= 0.5


def test_two_gateways_do_not_wait_equally_long() -> None:
    first, second = (BackOff(0.5, 30.0, random.Random(seed)) for seed in (1, 2))
    assert first.failed() != second.failed()
