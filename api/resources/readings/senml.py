"""Readings and windows as SenML (RFC 8428), a reading at a time.

The base name is the device, the base time the reading's; a missing value has no record.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from gateway.model.reading import ReadingValue, StoredReading
from gateway.model.windows import Aggregate, Window

CONTENT_TYPE = "application/senml+json"

_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9:./_-]")
_Record = dict[str, object]
_Unit = Mapping[str, str | None]


def readings_pack(
    readings: Iterable[StoredReading], device: str, channels: Sequence[str] | None, units: _Unit
) -> Iterator[bytes]:
    """Of each reading the channels asked for, None for all it has."""

    def records(stored: StoredReading) -> Iterator[_Record]:
        values = stored.reading.values
        for channel in values if channels is None else channels:
            yield from _record(channel, values.get(channel), units.get(channel))

    return _pack(((stored.reading.time_ms, records(stored)) for stored in readings), device)


def windows_pack(windows: Iterable[Window], device: str, units: _Unit) -> Iterator[bytes]:
    """Of each window a record `channel/aggregate`, its time the beginning of the window."""

    def records(window: Window) -> Iterator[_Record]:
        for channel, summary in window.values.items():
            for aggregate, value in summary.items():
                unit = None if aggregate is Aggregate.COUNT else units.get(channel)
                yield from _record(f"{channel}/{aggregate}", value, unit)

    return _pack(((window.start_ms, records(window)) for window in windows), device)


def _pack(groups: Iterable[tuple[int, Iterator[_Record]]], device: str) -> Iterator[bytes]:
    yield b"["
    base: _Record = {"bn": _name(device) + "/"}
    separator = ""
    for time_ms, records in groups:
        base["bt"] = time_ms / 1000
        for record in records:
            text = json.dumps({**base, **record}, separators=(",", ":"), allow_nan=False)
            yield f"{separator}{text}".encode()
            separator = ","
            base = {}
    yield b"]"


def _record(name: str, value: ReadingValue, unit: str | None) -> Iterator[_Record]:
    record: _Record = {"n": _name(name)}
    if isinstance(value, bool):
        yield {**record, "vb": value}
    elif isinstance(value, str):
        yield {**record, "vs": value}
    elif value is not None and math.isfinite(value):
        yield {**record, **({"u": unit} if unit else {}), "v": value}


def _name(name: str) -> str:
    """With nothing in it that a SenML name must not have."""
    return _NOT_IN_NAME.sub("_", name)
