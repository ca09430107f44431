"""Appends every reading to a file, one JSON object per line: a small part with all that a part may bring."""

import json
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.config.fields import Text
from gateway.config.section import Section
from gateway.config.tables import TableSchema
from gateway.delivery.consumer import Entry, Kind, Rejected, SinkUnavailable
from gateway.host.host import Host
from gateway.host.part import Part
from gateway.host.view import PartView
from gateway.journal.types import StoredReading
from gateway.model.finding import Finding, Verdict
from gateway.observe.metrics import counter


@dataclass(frozen=True, slots=True)
class JsonLinesSettings:
    """[jsonlines]. Its `str` is shown by `gateway check` and must hold no secret."""

    path: str = "readings.jsonl"


class JsonLinesTable(TableSchema):
    """The keys of [jsonlines]."""

    path = Text("readings.jsonl")


class JsonLinesSink:
    """A consumer of readings. Its delivery thread calls it."""

    name = "jsonlines"
    kinds = frozenset({Kind.READING.value})

    def __init__(self, path: Path) -> None:
        self.path = path
        self.written = 0

    def take(self, entries: Sequence[Entry], deadline: float) -> Sequence[Rejected]:
        """On return the lines are on disk. Raises `SinkUnavailable` when the file cannot be written."""
        readings = [entry for entry in entries if isinstance(entry, StoredReading)]
        lines = [json.dumps({"key": one.key, **one.reading.values}) + "\n" for one in readings]
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.writelines(lines)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise SinkUnavailable(f"{self.path}: {error.strerror}") from error
        self.written += len(lines)
        return ()

    def idle(self, now: float) -> float:
        """Without entries there is nothing to do."""
        return math.inf


SECTION = Section("jsonlines", JsonLinesSettings, JsonLinesTable)
RESOURCES = ("tests.parts.jsonlines.resource",)
VIEW = PartView("jsonlines", "JSON lines", "tests.parts.jsonlines", "view.js")


def checks(settings: JsonLinesSettings) -> Iterator[Finding]:
    """For `gateway check`: whether the folder exists."""
    folder = Path(settings.path).absolute().parent
    if folder.is_dir():
        yield Finding(Verdict.OK, f"JSON lines are written into {folder}")
    else:
        yield Finding(Verdict.WRONG, f"there is no folder {folder}", f"mkdir {folder}")


def build(host: Host, settings: JsonLinesSettings) -> Part:
    """Make the part; nothing is opened yet."""
    sink = JsonLinesSink(Path(settings.path))
    return Part(
        consumers=lambda: [sink],
        status=lambda: {"path": settings.path, "written": sink.written},
        metrics=lambda: [counter("gateway_jsonlines", "Lines written.", (), [((), sink.written)])],
        api=sink,
    )
