import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.quantities import duration_text, parse_duration_s, parse_size, size_text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1.0),
        ("500ms", 0.5),
        ("0s", 0.0),
        ("1.5 h", 5400.0),
        ("5min", 300.0),
        ("7d", 604800.0),
        ("2w", 1209600.0),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration_s(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "1", "s", "-1s", "1 parsec", "1S", "1m", "1s ", "1e3s", "\u0661s"]
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration_s(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [("10MiB", 10 << 20), ("1gib", 1 << 30), ("500KB", 500_000), ("1.5kB", 1500), ("7 B", 7)],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "1", "MiB", "-1B", "1M", "0.5B", "1.0001KiB", "1 MiB "])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="is not a"):
        parse_size(text)


@given(st.integers(0, 10**12))
def test_a_duration_written_is_read_back(milliseconds: int) -> None:
    assert parse_duration_s(duration_text(milliseconds / 1000)) == milliseconds / 1000


@given(st.integers(0, 1 << 49))
def test_a_size_written_is_read_back(size: int) -> None:
    assert parse_size(size_text(size)) == size
