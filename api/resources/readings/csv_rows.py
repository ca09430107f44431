"""Readings and windows as CSV (RFC 4180), a row at a time."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from api.times import format_ms
from gateway.model.reading import ReadingValue, StoredReading
from gateway.model.windows import Aggregate, Window

CONTENT_TYPE = "text/csv"


class _CsvLine(io.StringIO):
    """One line at a time, handed over as bytes."""

    def take(self) -> bytes:
        """What was written since."""
        text = self.getvalue()
        self.seek(0)
        self.truncate()
        return text.encode()


def readings_csv(readings: Iterable[StoredReading], channels: Sequence[str]) -> Iterator[bytes]:
    """`time,key,quality` and a column for each channel; a missing value is an empty cell."""
    line = _CsvLine()
    writer = csv.writer(line)
    writer.writerow(["time", "key", "quality", *channels])
    yield line.take()
    for stored in readings:
        reading = stored.reading
        values = [_cell(reading.values.get(channel)) for channel in channels]
        time = format_ms(reading.time_ms)
        writer.writerow([time, stored.key, reading.quality.value, *values])
        yield line.take()


def windows_csv(
    windows: Iterable[Window], channels: Sequence[str], aggregates: Sequence[Aggregate]
) -> Iterator[bytes]:
    """`time` and a column `channel_aggregate` for each of both."""
    line = _CsvLine()
    writer = csv.writer(line)
    columns = [(channel, aggregate) for channel in channels for aggregate in aggregates]
    writer.writerow(["time", *(f"{channel}_{aggregate}" for channel, aggregate in columns)])
    yield line.take()
    for window in windows:
        values = [_cell(window.values[channel][aggregate]) for channel, aggregate in columns]
        writer.writerow([format_ms(window.start_ms), *values])
        yield line.take()


def _cell(value: ReadingValue) -> object:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else value
