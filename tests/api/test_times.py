from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.times import format_ms, ms_of, parse_ms

FIRST = ms_of(datetime(1, 1, 2, tzinfo=UTC))
LAST = ms_of(datetime(9999, 12, 30, tzinfo=UTC))
moments = st.integers(FIRST, LAST)


@pytest.mark.parametrize(
    ("time_ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_795_158_000_123, "2026-11-20T07:00:00.123Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
    ],
)
def test_the_form_of_the_contract(time_ms: int, text: str) -> None:
    assert format_ms(time_ms) == text


@given(moments)
def test_what_is_written_is_read_back(time_ms: int) -> None:
    text = format_ms(time_ms)
    assert parse_ms(text) == time_ms
    assert len(text) == 24


@given(moments, moments)
def test_texts_sort_as_times_do(one: int, other: int) -> None:
    assert (format_ms(one) < format_ms(other)) == (one < other)


@given(moments, st.integers(-23 * 60, 23 * 60), st.sampled_from(["T", "t"]))
def test_any_offset_means_the_same_moment(time_ms: int, minutes: int, letter: str) -> None:
    zone = timezone(timedelta(minutes=minutes))
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time_ms)
    text = moment.astimezone(zone).isoformat(timespec="milliseconds")
    if minutes == 0:
        text = text.replace("Z", "+00:00")
    assert parse_ms(text.replace("T", letter)) == time_ms


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-11-20T07:00:00Z", "2026-11-20T07:00:00.000Z"),
        ("2026-11-20t07:00:00.5z", "2026-11-20T07:00:00.500Z"),
        ("2026-11-20T07:00:00.123999999Z", "2026-11-20T07:00:00.123Z"),
        ("2026-11-20T09:30:00+02:30", "2026-11-20T07:00:00.000Z"),
        ("2026-11-20T07:00:00-00:00", "2026-11-20T07:00:00.000Z"),
        ("2016-12-31T23:59:60.5Z", "2017-01-01T00:00:00.000Z"),
    ],
)
def test_forms_that_are_read(text: str, written: str) -> None:
    assert format_ms(parse_ms(text)) == written


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-11-20",
        "2026-11-20T07:00:00",
        "2026-11-20 07:00:00Z",
        "2026-11-20T07:00Z",
        "2026-11-20T07:00:00.Z",
        "2026-13-20T07:00:00Z",
        "2026-02-30T07:00:00Z",
        "2026-11-20T24:00:00Z",
        "2026-11-20T07:00:61Z",
        "2026-11-20T07:00:00+24:00",
        "2026-11-20T07:00:00+01:60",
        "0000-01-01T00:00:00Z",
        "2026-11-20T07:00:00Z\n",
        "٢٠٢٦-11-20T07:00:00Z",
    ],
)
def test_forms_that_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_ms(text)


@given(st.text())
def test_any_text_is_a_time_or_a_value_error(text: str) -> None:
    try:
        parse_ms(text)
    except ValueError:
        return


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        ms_of(datetime(2026, 11, 20))
