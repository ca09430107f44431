"""A sink of twenty lines, with everything that a part may bring."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from marshmallow import Schema

from gateway.config.fields import text
from gateway.config.section import Section
from gateway.delivery.consumer import Entry, Kind, Rejected
from gateway.host.host import Host
from gateway.host.part import Delivery, Part
from gateway.host.view import PartView
from gateway.model.finding import Finding, Verdict
from gateway.observe.metrics import counter


@dataclass(frozen=True, slots=True)
class JsonLinesSettings:
    path: str


class JsonLinesSchema(Schema):
    path = text(required=True)


SECTION = Section("jsonlines", JsonLinesSettings, JsonLinesSchema)
RESOURCES = ("gateway.sinks.jsonlines.resource",)
VIEW = PartView("jsonlines", "JSON lines", "gateway.sinks.jsonlines", "view.js")


class Lines:
    """Appends each reading to the file."""

    name = "jsonlines"
    kinds = frozenset({Kind.READING})

    def __init__(self, path: Path) -> None:
        self.path = path
        self.written = 0

    def take(self, entries: Sequence[Entry], deadline: float) -> Sequence[Rejected]:
        with self.path.open("a", encoding="utf-8") as file:
            for entry in entries:
                reading = entry.reading
                line = {"key": entry.key, "device": reading.device, "values": dict(reading.values)}
                file.write(json.dumps(line) + "\n")
        self.written += len(entries)
        return ()

    def idle(self, now: float) -> float:
        return 60.0


def checks(settings: JsonLinesSettings) -> Iterator[Finding]:
    there = Path(settings.path).parent.is_dir()
    yield Finding(Verdict.OK if there else Verdict.WRONG, f"the folder of {settings.path}", None)


def build(host: Host, settings: JsonLinesSettings) -> Part:
    lines = Lines(Path(settings.path))
    return Part(
        delivery=Delivery((lines.name,), lambda: [lines]),
        status=lambda: {"path": settings.path, "written": lines.written},
        metrics=lambda: [counter("gateway_jsonlines", "Lines written.", (), [((), lines.written)])],
        api=lines,
    )
