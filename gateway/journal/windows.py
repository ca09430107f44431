"""Windows of time, summed up by SQLite itself, which is ten times as fast as reading the readings.

`readings_by_device` holds the values too, so a query reads nothing but that index. A value outside its
channel's limits becomes NULL, which no function counts.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final

from arduino_iface.values import EXACT_MAX, Number
from gateway.model.limits import Limits
from gateway.model.reading import ReadingValue
from gateway.model.windows import Aggregate, ChannelKind, Summary, Window, WindowQuery

_FUNCTIONS: Final[Mapping[Aggregate, str]] = {
    Aggregate.MEAN: "avg",
    Aggregate.MIN: "min",
    Aggregate.MAX: "max",
    Aggregate.COUNT: "count",
}
_RANGE: Final = "FROM readings WHERE device = :device AND time_ms >= :since AND time_ms < :until"
_START: Final = "time_ms - time_ms % :every"
Found = dict[int, dict[str, dict[Aggregate, ReadingValue]]]


def read_windows(connection: sqlite3.Connection, query: WindowQuery) -> list[Window]:
    """Every window that has a reading, oldest first. Raises `sqlite3.Error`."""
    names = [name for name in query.channels if _has_path(name)]
    limits = [query.limits.get(name) for name in names]
    values = [_value_sql(number, one) for number, one in enumerate(limits)]
    parameters: dict[str, object] = {
        **_limit_parameters(limits),
        "device": query.device,
        "since": query.since_ms,
        "until": query.until_ms,
        "every": query.every_ms,
        **{f"path{number}": f'$."{name}"' for number, name in enumerate(names)},
    }
    found: Found = {}
    _sum_up(connection, query, names, values, parameters, found)
    for aggregate, function in ((Aggregate.FIRST, "min"), (Aggregate.LAST, "max")):
        if aggregate in query.aggregates:
            for number, name in enumerate(names):
                rows = connection.execute(_end_sql(values[number], function), parameters)
                for start, value, _ in rows:
                    found[start].setdefault(name, {})[aggregate] = value
    return [
        Window(
            start,
            {
                name: _summary(found[start].get(name, {}), kind, query.aggregates)
                for name, kind in query.channels.items()
            },
        )
        for start in sorted(found)
    ]


def _sum_up(
    connection: sqlite3.Connection,
    query: WindowQuery,
    names: Sequence[str],
    values: Sequence[str],
    parameters: Mapping[str, object],
    found: Found,
) -> None:
    wanted = [one for one in _FUNCTIONS if one in query.aggregates]
    columns = [(number, aggregate) for number in range(len(names)) for aggregate in wanted]
    rows = connection.execute(_summing_sql(values, wanted), parameters)
    for start, *results in rows:
        window = found.setdefault(start, {})
        for (number, aggregate), value in zip(columns, results, strict=True):
            window.setdefault(names[number], {})[aggregate] = value


def _value_sql(number: int, limits: Limits | None) -> str:
    """The value of a channel, NULL outside its limits."""
    extract = f'json_extract("values", :path{number})'
    if limits is None or limits == Limits():
        return extract
    # A text is above every number for SQLite, and a truth value is 1 or 0: limits are not meant for either.
    outside = " OR ".join(
        f"{extract} {operator} :{end}{number}"
        for end, operator, limit in (("low", "<", limits.minimum), ("high", ">", limits.maximum))
        if limit is not None
    )
    numeric = f"json_type(\"values\", :path{number}) IN ('integer', 'real')"
    return f"CASE WHEN {numeric} AND ({outside}) THEN NULL ELSE {extract} END"


def _limit_parameters(limits: Sequence[Limits | None]) -> dict[str, object]:
    found: dict[str, object] = {}
    for number, one in enumerate(limits):
        if one is not None:
            found |= {f"low{number}": _number(one.minimum), f"high{number}": _number(one.maximum)}
    return found


def _number(limit: Number | None) -> Number | None:
    """A limit as SQLite takes it: its whole numbers have 64 bits."""
    return float(limit) if isinstance(limit, int) and abs(limit) > EXACT_MAX else limit


def _summing_sql(extracts: Sequence[str], wanted: Sequence[Aggregate]) -> str:
    channels = len(extracts)
    if len(wanted) <= 1:
        columns = [f"{_FUNCTIONS[one]}({extract})" for extract in extracts for one in wanted]
        return f"SELECT {', '.join([_START + ' AS start', *columns])} {_RANGE} GROUP BY start"
    # Kept in between, because SQLite would take each value out of its JSON once for each function.
    inner = ", ".join(f"{extract} AS v{number}" for number, extract in enumerate(extracts))
    outer = [f"{_FUNCTIONS[one]}(v{number})" for number in range(channels) for one in wanted]
    return (
        f"WITH taken AS MATERIALIZED (SELECT {_START} AS start, {inner} {_RANGE})"
        f" SELECT {', '.join(['start', *outer])} FROM taken GROUP BY start"
        if channels
        else f"SELECT DISTINCT {_START} AS start {_RANGE}"
    )


def _end_sql(value: str, function: str) -> str:
    # Beside a single min or max, SQLite gives the other columns of the row that has it.
    return (
        f"SELECT {_START} AS start, {value} AS value,"
        f" {function}(time_ms) {_RANGE} AND value IS NOT NULL GROUP BY start"
    )


def _summary(
    found: Mapping[Aggregate, ReadingValue], kind: ChannelKind, aggregates: Sequence[Aggregate]
) -> Summary:
    return {one: _value(one, found.get(one), kind) for one in aggregates}


def _value(aggregate: Aggregate, value: ReadingValue, kind: ChannelKind) -> ReadingValue:
    if aggregate is Aggregate.COUNT:
        return value or 0
    if kind is ChannelKind.TEXT and aggregate not in (Aggregate.FIRST, Aggregate.LAST):
        return None
    if kind is ChannelKind.TRUTH and aggregate is not Aggregate.MEAN and value is not None:
        return bool(value)  # SQLite has none
    return value


def _has_path(name: str) -> bool:
    """Whether SQLite can name this member; every channel of this gateway it can."""
    return '"' not in name and "\\" not in name and "\0" not in name
