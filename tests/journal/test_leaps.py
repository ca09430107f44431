"""Sample numbers that cannot be, from a version that believed them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.journal.leaps import SUSPECT_MIN, before_leap
from gateway.model.reading import Loss, LossReason, Through
from tests.journal.conftest import MakeJournal
from tests.journal.records import T0, UID, sample, samples

WRONG = [1 << 31, (1 << 32) - 1, (1 << 32) - 20]


@pytest.mark.parametrize("number", WRONG)
def test_a_number_that_leapt_is_forgotten_at_the_next_start(make: MakeJournal, number: int) -> None:
    journal = make()
    journal.open()
    boot = sample(1).boot
    assert boot is not None
    journal.append(samples(1, 36))
    loss = Loss("d", LossReason.OVERWRITTEN, number - 37, 0, Through(UID, boot, number + 1))
    journal.append([replace(sample(number), time_ms=T0 + 37_000)], [loss])
    journal.close()
    assert journal.next_seq(UID, boot) == number + 1
    for _ in range(2):
        later = make()
        later.open()
        assert later.next_seq(UID, boot) == 37
        later.close()


def test_a_number_without_a_sample_too(make: MakeJournal) -> None:
    journal = make()
    journal.open()
    boot = sample(1).boot
    assert boot is not None
    journal.append(samples(1, 36))
    loss = Loss("d", LossReason.OVERWRITTEN, WRONG[0] - 37, 0, Through(UID, boot, WRONG[0]))
    journal.append([], [loss])
    journal.close()
    later = make()
    later.open()
    assert later.next_seq(UID, boot) == 37
    later.append(samples(37, 40))
    later.close()
    assert later.next_seq(UID, boot) == 41


def test_high_numbers_without_a_leap_are_believed() -> None:
    """A board that samples each 10 ms, and one gap that its time explains."""
    begin = SUSPECT_MIN + 5
    stored = [(begin + place, place * 10) for place in range(100)]
    assert before_leap(stored, begin + 100) == begin + 100
    stored.append((begin + 10_000_000, 100_000_000))
    assert before_leap(stored, begin + 10_000_001) == begin + 10_000_001


def test_without_samples_the_count_begins_anew() -> None:
    assert before_leap([], 1 << 31) == 1


@given(
    start=st.integers(1, 1 << 31),
    count=st.integers(1, 50),
    apart_ms=st.integers(1, 10_000),
    leap=st.integers(1 << 30, 1 << 31),
)
def test_a_leap_is_found_wherever_it_is(start: int, count: int, apart_ms: int, leap: int) -> None:
    stored = [(start + place, place * apart_ms) for place in range(count)]
    wrong = start + count + leap
    assert before_leap([*stored, (wrong, count * apart_ms)], wrong + 1) == start + count
    assert before_leap(stored, start + count) == start + count
