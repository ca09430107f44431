"""The formats of an export: CSV, JSON lines, Parquet. The only file that uses pyarrow, which is optional."""

import contextlib
import csv
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.model.reading import StoredReading
from gateway.model.times import format_ms

Write = Callable[[Sequence[StoredReading]], None]
FIXED = ("time", "device", "key", "quality", "simulated")


@dataclass(slots=True)
class ExportPlan:
    """What an export will hold; the columns must be known before the first line is written."""

    last_row: int = 0
    readings: int = 0
    channels: dict[str, set[type]] = field(default_factory=dict)
    """Names of the channels with the types of their values, in order of appearance."""


class ExportError(Exception):
    """The export failed; the text has what to do."""


@contextlib.contextmanager
def make_writer(name: str, target: Path | None, survey: ExportPlan) -> Iterator[Write]:
    """A writer of pages in the format `name`; `target` None is standard output.

    Raises `ExportError`, `OSError`.
    """
    if name == "parquet":
        with _parquet(target, survey) as write:
            yield write
        return
    with contextlib.ExitStack() as stack:
        file = sys.stdout
        if target is not None:
            file = stack.enter_context(target.open("w", encoding="utf-8", newline=""))
        yield (_csv if name == "csv" else _json_lines)(file, survey)
        file.flush()


def _csv(file: Any, survey: ExportPlan) -> Write:
    channels = list(survey.channels)
    out = csv.writer(file, lineterminator="\n")
    out.writerow([*FIXED, *channels])

    def write(page: Sequence[StoredReading]) -> None:
        for stored in page:
            values = stored.reading.values
            out.writerow([*_fixed(stored), *(_cell(values.get(name)) for name in channels)])

    return write


def _json_lines(file: Any, _: ExportPlan) -> Write:
    def write(page: Sequence[StoredReading]) -> None:
        for stored in page:
            line = dict(zip(FIXED, _fixed(stored), strict=True))
            line["simulated"] = stored.reading.simulated
            line |= {
                "values": dict(stored.reading.values),
                "metadata": dict(stored.reading.metadata),
            }
            file.write(json.dumps(line, ensure_ascii=False) + "\n")

    return write


def _fixed(stored: StoredReading) -> list[Any]:
    reading = stored.reading
    simulated = "true" if reading.simulated else "false"
    return [
        format_ms(reading.time_ms),
        reading.device,
        stored.key,
        reading.quality.value,
        simulated,
    ]


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value


@contextlib.contextmanager
def _parquet(target: Path | None, survey: ExportPlan) -> Iterator[Write]:
    if target is None:
        raise ExportError("Parquet cannot be written to standard output; name a file with -o")
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise ExportError(
            "Parquet needs the package pyarrow: pip install 'arduino-gateway[parquet]'"
        ) from error
    kinds = {bool: pa.bool_(), int: pa.int64(), float: pa.float64()}

    def kind(types: set[type]) -> Any:
        given = types - {type(None)}
        if given == {int, float}:
            return pa.float64()
        return kinds.get(next(iter(given)), pa.string()) if len(given) == 1 else pa.string()

    channels = {name: kind(types) for name, types in survey.channels.items()}
    fixed = [("time", pa.timestamp("ms", "UTC")), ("simulated", pa.bool_())]
    texts = [(name, pa.string()) for name in ("device", "key", "quality")]
    schema = pa.schema(
        [*fixed, *texts, *((f"value.{name}", kind) for name, kind in channels.items())]
    )

    def row(stored: StoredReading) -> dict[str, Any]:
        reading = stored.reading
        found: dict[str, Any] = {
            "time": reading.time_ms,
            "device": reading.device,
            "key": stored.key,
            "quality": reading.quality.value,
            "simulated": reading.simulated,
        }
        for name, value in reading.values.items():
            as_text = channels[name] == pa.string() and value is not None
            found[f"value.{name}"] = str(value) if as_text else value
        return found

    with pq.ParquetWriter(target, schema) as writer:

        def write(page: Sequence[StoredReading]) -> None:
            if page:
                writer.write_table(pa.Table.from_pylist([row(one) for one in page], schema=schema))

        yield write
