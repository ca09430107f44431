"""Reading while the writer writes, and after the file has changed under the reader."""

import random
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.journal import (
    InvalidCursor,
    Journal,
    JournalCorrupt,
    JournalReader,
    JournalUnavailable,
    Order,
)
from gateway.journal.cursors import decode_cursor, encode_cursor
from gateway.model.reading import Reading
from tests.journal.conftest import MakeJournal
from tests.journal.records import T0, line, sample, samples
from tests.support.clock import FakeClock


def store(journal: Journal, clock: FakeClock, *readings: Reading) -> None:
    journal.append(readings, urgent=True)
    journal.step(clock.monotonic())


def all_pages(reader: JournalReader, **query: object) -> list[int]:
    rows: list[int] = []
    cursor: str | None = None
    while True:
        page = reader.readings(**query, cursor=cursor)  # type: ignore[arg-type]
        rows += [stored.row for stored in page.readings]
        cursor = page.next
        if cursor is None:
            return rows


def test_before_there_is_a_journal(reader: JournalReader, make: MakeJournal) -> None:
    with pytest.raises(JournalUnavailable):
        reader.latest()
    make().open()
    assert reader.latest() == []
    assert reader.readings().next is None
    stats = reader.stats()
    assert (stats.rows, stats.last_row, stats.oldest_ms, stats.newest_ms) == (0, 0, None, None)


def test_since_is_inclusive_and_until_exclusive(
    journal: Journal, reader: JournalReader, clock: FakeClock
) -> None:
    store(journal, clock, *(line(T0 + n) for n in range(5)))
    for order in Order:
        page = reader.readings(since_ms=T0 + 1, until_ms=T0 + 3, order=order)
        assert sorted(stored.reading.time_ms - T0 for stored in page.readings) == [1, 2]
    assert reader.stats().oldest_ms == T0
    assert reader.stats().newest_ms == T0 + 4


def test_the_latest_of_each_device(
    journal: Journal, reader: JournalReader, clock: FakeClock
) -> None:
    store(journal, clock, line(T0 + 5, "b"), line(T0 + 3, "b"), line(T0, "a"), line(T0, "a"))
    store(journal, clock, line(T0 + 9, "c"))
    assert [(one.reading.device, one.row) for one in reader.latest()] == [
        ("a", 4),
        ("b", 1),
        ("c", 5),
    ]


@pytest.mark.parametrize("limit", [0, -1, 10_001])
def test_limits_are_limited(journal: Journal, reader: JournalReader, limit: int) -> None:
    with pytest.raises(ValueError, match="limit"):
        reader.readings(limit=limit)


def test_numbers_beyond_64_bits_are_refused(journal: Journal, reader: JournalReader) -> None:
    with pytest.raises(ValueError, match="64 bits"):
        reader.readings(since_ms=2**70)


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "ä",
        "bm9uc2Vuc2U",
        "A" * 300,
        encode_cursor(Order.DESC, 1, 2),
        encode_cursor(Order.ASC, 1),
        encode_cursor(Order.ASC, 1, 2**63),
        "WyJhc2MiLHRydWUsMV0",
        "W1tbW1tbW1tb",
        "bnVsbA",
    ],
)
def test_cursors_of_others_are_refused(
    journal: Journal, reader: JournalReader, cursor: str
) -> None:
    with pytest.raises(InvalidCursor):
        reader.readings(cursor=cursor)


@given(st.text(max_size=300) | st.binary(max_size=100).map(lambda data: data.hex()))
def test_any_text_is_a_cursor_or_is_refused(text: str) -> None:
    try:
        position = decode_cursor(text, Order.ASC, 2)
    except InvalidCursor:
        return
    assert len(position) == 2


@given(st.tuples(st.integers(-(2**63) + 1, 2**63 - 1), st.integers(0, 2**63 - 1)))
def test_a_cursor_comes_back(position: tuple[int, int]) -> None:
    for order in Order:
        assert decode_cursor(encode_cursor(order, *position), order, 2) == position


DEVICES = st.sampled_from("abc")
TIMES = st.integers(0, 6)
STORED = st.lists(st.tuples(DEVICES, TIMES), max_size=25)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    before=STORED,
    between=STORED,
    device=st.none() | DEVICES,
    since=st.none() | TIMES,
    until=st.none() | TIMES,
    limit=st.integers(1, 5),
    order=st.sampled_from(Order),
)
def test_pages_are_like_a_sorted_list(
    tmp_path_factory, before, between, device, since, until, limit, order
) -> None:
    """Rows that come between two pages never make one of the others be skipped or repeated."""
    path = tmp_path_factory.mktemp("pages") / "journal.db"
    clock = FakeClock()
    journal, reader = Journal(path, clock=clock), JournalReader(path)
    journal.open()
    store(journal, clock, *(line(T0 + time, name) for name, time in before))
    query = {
        "device": device,
        "since_ms": None if since is None else T0 + since,
        "until_ms": None if until is None else T0 + until,
        "limit": limit,
        "order": order,
    }
    rows: list[int] = []
    cursor: str | None = None
    for step in range(100):
        page = reader.readings(cursor=cursor, **query)
        assert len(page.readings) <= limit
        rows += [stored.row for stored in page.readings]
        cursor = page.next
        if cursor is None:
            break
        if step < len(between):
            name, time = between[step]
            store(journal, clock, line(T0 + time, name))
    expected = [
        (T0 + time, row)
        for row, (name, time) in enumerate(before, 1)
        if device in (None, name)
        and (since is None or time >= since)
        and (until is None or time < until)
    ]
    expected.sort(reverse=order is Order.DESC)
    assert [row for row in rows if row <= len(before)] == [row for _, row in expected]
    assert len(rows) == len(set(rows))
    journal.close()
    reader.close()


def test_reading_while_writing(make: MakeJournal, reader: JournalReader, clock: FakeClock) -> None:
    """Many readers see every row once and in order, whatever the writer does meanwhile."""
    journal = make(commit_interval_s=0.0)
    journal.open()
    store(journal, clock, sample(1))
    finished = threading.Event()
    failures: list[str] = []

    def follow() -> None:
        seen: list[int] = []
        while len(seen) < 2000:
            last = finished.is_set()
            seen += [one.row for one in reader.readings_after(seen[-1] if seen else 0, 137)]
            if seen[-100:] != list(range(max(1, len(seen) - 99), len(seen) + 1)):
                failures.append(f"not in order: {seen[-5:]}")
                return
            if last and len(seen) < 2000 and not reader.readings_after(seen[-1], 1):
                failures.append(f"missing: {seen[-1]}")
                return

    def page() -> None:
        while not finished.is_set():
            rows = all_pages(reader, limit=500, order=Order.DESC)
            if rows != sorted(rows, reverse=True) or rows[-1] != 1:
                failures.append("a page is wrong")
            reader.stats()

    threads = [threading.Thread(target=work) for work in (follow, follow, page)]
    for thread in threads:
        thread.start()
    for start in range(2, 2001, 20):
        journal.append(samples(start, min(start + 19, 2000)))
        journal.step(clock.monotonic())
    finished.set()
    for thread in threads:
        thread.join(60)
    assert failures == []


def test_a_replaced_file_is_read_anew(
    journal: Journal, reader: JournalReader, path: Path, clock: FakeClock
) -> None:
    store(journal, clock, sample(1))
    assert reader.stats().rows == 1
    journal.close()
    path.write_bytes(b"garbage" * 1000)
    with pytest.raises((JournalCorrupt, JournalUnavailable)):
        reader.stats()
    path.unlink()
    path.with_name("journal.db-wal").unlink(missing_ok=True)
    journal.open()
    store(journal, clock, sample(2), sample(3))
    assert [one.reading.seq for one in reader.readings_after(0, 10)] == [2, 3]


def test_a_file_set_aside_is_not_read_any_more(
    journal: Journal, reader: JournalReader, path: Path, clock: FakeClock
) -> None:
    store(journal, clock, sample(1))
    assert reader.stats().rows == 1
    journal.close()
    path.rename(path.with_name("aside"))
    journal.open()
    assert reader.stats().rows == 0
    assert reader.stats().journal_id == journal.state().journal_id


def test_connections_are_bounded(journal: Journal, path: Path) -> None:
    reader = JournalReader(path, connections_max=1, timeout_s=0.01)
    with (
        reader._pool.connection(),
        pytest.raises(JournalUnavailable, match="no reading connection"),
    ):
        reader.latest()
    assert reader.latest() == []
    reader.close()


def test_a_closed_reader_says_so(journal: Journal, reader: JournalReader) -> None:
    reader.latest()
    reader.close()
    reader.close()
    with pytest.raises(JournalUnavailable, match="closed"):
        reader.latest()


def test_readers_cannot_write(journal: Journal, reader: JournalReader) -> None:
    with (
        pytest.raises(JournalUnavailable, match="read-only"),
        reader._pool.connection() as connection,
    ):
        connection.execute("DELETE FROM readings")


def test_queries_use_an_index(journal: Journal, reader: JournalReader, clock: FakeClock) -> None:
    """A page deep in a big journal costs as much as the first: no sorting, no scanning."""
    rng = random.Random(1)
    store(journal, clock, *(line(T0 + rng.randrange(100), rng.choice("ab")) for _ in range(100)))
    plans = []
    for condition, direction in (("> (?, ?)", ""), ("< (?, ?)", " DESC")):
        for device in ("", "device = 'a' AND "):
            with reader._pool.connection() as connection:
                plans += connection.execute(
                    f"EXPLAIN QUERY PLAN SELECT * FROM readings WHERE {device}(time_ms, row)"
                    f" {condition} ORDER BY time_ms{direction}, row{direction} LIMIT 10",
                    (T0, 5),
                ).fetchall()
    text = "\n".join(plan[-1] for plan in plans)
    assert text.count("USING INDEX") == 4
    assert "SCAN" not in text
    assert "TEMP B-TREE" not in text
