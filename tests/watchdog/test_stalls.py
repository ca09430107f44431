"""What hangs is found by its progress, freed once, and given up when that does not help."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.collection.stalls import HEALS_WITHIN_S, StallVerdict, StallWatch

LIMIT_S = 30.0


def test_what_ends_in_time_is_left_alone() -> None:
    watch = StallWatch(LIMIT_S)
    assert watch.look(0.0, {"a": None, "b": 0.0}) == {}
    assert watch.look(LIMIT_S, {"a": None, "b": 0.0}) == {}
    assert watch.look(LIMIT_S + 1, {"a": None, "b": LIMIT_S}) == {}
    assert watch.hanging == {}


def test_what_hangs_is_freed_once_and_then_given_up() -> None:
    watch = StallWatch(LIMIT_S)
    assert watch.look(31.0, {"a": 0.0}) == {"a": StallVerdict.CLOSE}
    assert watch.look(32.0, {"a": 0.0}) == {}
    assert watch.hanging == {"a": 0.0}
    assert watch.look(31.0 + HEALS_WITHIN_S, {"a": 0.0}) == {}
    assert watch.look(31.5 + HEALS_WITHIN_S, {"a": 0.0}) == {"a": StallVerdict.GIVE_UP}


def test_what_comes_back_is_over_also_when_it_is_busy_again() -> None:
    for busy in (None, 31.2):
        watch = StallWatch(LIMIT_S)
        watch.look(31.0, {"a": 0.0})
        assert watch.look(31.5, {"a": busy}) == {"a": StallVerdict.OVER}
        assert watch.hanging == {}
        assert watch.look(32.0, {"a": busy}) == {}


def test_what_has_gone_is_no_longer_watched() -> None:
    watch = StallWatch(LIMIT_S)
    watch.look(31.0, {"a": 0.0})
    assert watch.look(32.0, {}) == {"a": StallVerdict.OVER}
    assert watch.look(99.0, {}) == {}


@given(st.lists(st.tuples(st.floats(0.0, 20.0), st.booleans()), max_size=40))
def test_each_beginning_has_one_end(steps: list[tuple[float, bool]]) -> None:
    watch = StallWatch(LIMIT_S)
    now, since, hangs = 0.0, 0.0, False
    for wait_s, ends in steps:
        now += wait_s
        since = now if ends else since
        verdict = watch.look(now, {"a": since}).get("a")
        if verdict is StallVerdict.CLOSE:
            assert not hangs
            assert now - since > LIMIT_S
        elif verdict is not None:
            assert hangs
        hangs = "a" in watch.hanging
