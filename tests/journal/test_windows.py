"""What SQLite sums up is what summing up the readings gives."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.history.history import History
from gateway.journal import Journal, JournalReader
from gateway.journal.types import Order
from gateway.model.limits import Limits
from gateway.model.reading import Reading, ReadingValue
from gateway.model.windows import Aggregate, ChannelKind, Window, WindowQuery, summed_up
from tests.support.clock import FakeClock

CHANNELS = {
    "a": ChannelKind.NUMBER,
    "door": ChannelKind.TRUTH,
    "note": ChannelKind.TEXT,
    "none": ChannelKind.NUMBER,
    'odd"name': ChannelKind.NUMBER,
}
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "a": st.none() | st.floats(-1e6, 1e6) | st.integers(-1000, 1000),
        "door": st.none() | st.booleans(),
        "note": st.none() | st.sampled_from(["", "x", '"a":1', "5"]),
    },
)
START = 1_700_000_040_000
BOUND = st.none() | st.integers(-900, 900) | st.floats(-1e6, 1e6) | st.just(10**30)
LIMITS = st.builds(Limits, BOUND, BOUND)
TIMES = st.lists(st.tuples(st.integers(1, 400), VALUES), max_size=30)


def near(found: ReadingValue, wanted: ReadingValue) -> bool:
    if isinstance(found, float) and isinstance(wanted, float):
        return math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-6)
    return found == wanted and isinstance(found, bool) == isinstance(wanted, bool)


def same(found: list[Window], wanted: list[Window]) -> bool:
    return [one.start_ms for one in found] == [one.start_ms for one in wanted] and all(
        near(one.values[channel][aggregate], other.values[channel][aggregate])
        for one, other in zip(found, wanted, strict=True)
        for channel in CHANNELS
        for aggregate in one.values[channel]
    )


@settings(max_examples=60, deadline=None)
@given(
    steps=TIMES,
    every=st.integers(1, 2000),
    aggregates=st.sets(st.sampled_from(list(Aggregate)), min_size=1),
    limits=st.fixed_dictionaries({}, optional=dict.fromkeys(("a", "door", "note", "none"), LIMITS)),
    limit=st.integers(1, 5),
    order=st.sampled_from(list(Order)),
)
def test_windows_in_sql_equal_windows_in_python(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[int, dict[str, ReadingValue]]],
    every: int,
    aggregates: set[Aggregate],
    limits: dict[str, Limits],
    limit: int,
    order: Order,
) -> None:
    path = tmp_path_factory.mktemp("j") / "journal.db"
    time_ms, readings = 1_000_000, []
    for step, values in steps:
        time_ms += step
        readings.append(Reading("d", time_ms, values))
    journal = Journal(path, clock=FakeClock(), keep_s=1e10)
    journal.open()
    journal.append([*readings, Reading("other", 1_000_100, {"a": 1e9})])
    journal.step(1e6)
    reader = JournalReader(path)
    query = WindowQuery("d", CHANNELS, sorted(aggregates), every, 1_000_100, 1_009_000, limits)
    within = [one for one in readings if query.since_ms <= one.time_ms < query.until_ms]
    wanted = list(summed_up(within, query))
    assert same(reader.windows(query), wanted)
    paged: list[Window] = []
    cursor = None
    while True:
        page = History(reader).window_page(query, limit, order, cursor)
        assert len(page.windows) <= limit
        paged += page.windows
        cursor = page.next
        if cursor is None:
            break
    assert same(paged if order is Order.ASC else paged[::-1], wanted)
    reader.close()
    journal.close()


def test_the_error_values_of_a_sensor_enter_nothing(
    reader: JournalReader, journal: Journal
) -> None:
    """21.5, 21.5, -127 and 85 in turn had a mean of 0.25."""
    values = [21.5, 21.5, -127.0, 85.0] * 10
    found = [Reading("d", START + 1000 * at, {"t": t, "h": 45}) for at, t in enumerate(values)]
    journal.append(found)
    journal.step(1e6)
    channels = {"t": ChannelKind.NUMBER, "h": ChannelKind.NUMBER}
    limits = {"t": Limits(-55, 60)}
    query = WindowQuery("d", channels, list(Aggregate), 60_000, 0, 10**15, limits)
    wanted = {"mean": 21.5, "min": 21.5, "max": 21.5, "count": 20, "first": 21.5, "last": 21.5}
    (window,) = reader.windows(query)
    assert window.values["t"] == wanted
    assert window.values["h"] == dict.fromkeys(wanted, 45) | {"count": 40}
    assert list(summed_up(found, query)) == [window]


def test_a_query_reads_the_index_alone(reader: JournalReader, journal: Journal) -> None:
    with reader._pool.connection() as connection:
        plan = connection.execute(
            'EXPLAIN QUERY PLAN SELECT time_ms, json_extract("values", ?) FROM readings'
            " WHERE device = ? AND time_ms >= ? AND time_ms < ?",
            ("$.a", "d", 1, 2),
        ).fetchall()
    assert "COVERING INDEX readings_by_device" in plan[0][3]
