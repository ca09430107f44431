"""Many readings on their way out of the journal, at as little cost as a backlog needs.

SQLite packs a whole batch into one JSON text: one step of one statement, during which other threads run,
instead of one for each row. A `Reading` is made of a row only when somebody looks at it; a sink that writes
rows may take the columns as they are.
"""

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, overload

from gateway.model.reading import Quality, Reading, StoredReading

SELECT_BATCH: Final = """
    SELECT json_group_array(json_array(row, key, device, time_ms, uid, boot, seq, boot_id, boottime_ms,
        quality, simulated, json("values"), metadata)) FROM (
        SELECT * FROM readings
        WHERE row > ?
        AND row < ifnull((SELECT min(row) FROM unsynced), 9e18)
        ORDER BY row LIMIT ?)"""
"""After a row, at most so many; up to the first reading whose time is not known yet."""

_QUALITIES: Final = {quality.value: quality for quality in Quality}


class RowBatch(Sequence[StoredReading]):
    """Readings in the order of their rows; immutable, but for `ready`, which the sink's code may set.

    `columns`: for each reading row, key, device, time_ms, uid, boot, seq, boot_id, boottime_ms, quality,
    simulated (0 or 1), values by channel, and metadata as JSON text (see `metadata_of`). `ready`: the
    records that a sink has made of them ahead of time, or None.
    """

    def __init__(self, text: str) -> None:
        """`text` is the answer of `SELECT_BATCH`."""
        self.columns: list[list[Any]] = json.loads(text)
        self.ready: list[dict[str, Any]] | None = None

    def __len__(self) -> int:
        return len(self.columns)

    @overload
    def __getitem__(self, index: int) -> StoredReading: ...

    @overload
    def __getitem__(self, index: slice) -> list[StoredReading]: ...

    def __getitem__(self, index: int | slice) -> StoredReading | list[StoredReading]:
        if isinstance(index, slice):
            return [stored_reading(row, row[11]) for row in self.columns[index]]
        row = self.columns[index]
        return stored_reading(row, row[11])

    def __iter__(self) -> Iterator[StoredReading]:
        return (stored_reading(row, row[11]) for row in self.columns)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]


@functools.lru_cache(maxsize=256)
def metadata_of(text: str) -> Mapping[str, str]:
    """The metadata in a column; devices have few, so one object serves many readings."""
    found: dict[str, str] = json.loads(text)
    return MappingProxyType(found)


def stored_reading(row: Sequence[Any], values: Mapping[str, Any]) -> StoredReading:
    """A reading of its columns; `values` are those of the column, read from JSON."""
    reading = Reading(
        device=row[2],
        time_ms=row[3],
        uid=row[4],
        boot=row[5],
        seq=row[6],
        boot_id=row[7],
        boottime_ms=row[8],
        quality=_QUALITIES[row[9]],
        simulated=bool(row[10]),
        values=values,
        metadata=metadata_of(row[12]),
    )
    return StoredReading(row[0], row[1], reading)
