"""MongoDB as a part of the gateway: readings, commands and heartbeats go there, and old readings come back.

The driver is imported when an address is configured, not before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.config.fields import Text
from gateway.config.redact import redact_uri
from gateway.config.section import Secret, Section
from gateway.config.tables import TableSchema
from gateway.host.part import Part
from gateway.model.finding import Finding, Verdict
from gateway.model.heartbeat import Heartbeat

if TYPE_CHECKING:
    from gateway.host.host import Host

CHECK_TIMEOUT_S = 5.0
"""How long `gateway check` waits for the server."""

_DATABASE = re.compile(r"[A-Za-z0-9_-]{1,63}", re.ASCII)
"""What MongoDB takes as the name of a database on every system."""


@dataclass(frozen=True, slots=True)
class MongoSettings:
    """Delivery to MongoDB; `uri` None means that the journal is the only store."""

    uri: str | None = field(default=None, repr=False)
    database: str = "gateway"

    def __str__(self) -> str:
        return redact_uri(self.uri) if self.uri else "none"


class MongoTable(TableSchema):
    """[mongo]; the address itself is a secret and stands in .env."""

    database = Text("gateway", _DATABASE, "cannot be the name of a database")


SECTION = Section(
    "mongo",
    MongoSettings,
    MongoTable,
    secrets=(
        Secret(
            "MONGO_URI",
            "uri",
            schemes=("mongodb", "mongodb+srv"),
            example="mongodb://user:password@192.168.1.20/",
            aliases=("MONGOURI",),
        ),
    ),
)


def start_problems(settings: MongoSettings) -> Iterator[str]:
    """What is wrong with the address; asks neither a server nor DNS."""
    if settings.uri is not None:
        from gateway.sinks.mongo.uri import problems_of

        yield from (f"MONGO_URI: {problem}" for problem in problems_of(settings.uri))


def checks(settings: MongoSettings) -> Iterator[Finding]:
    """Whether the server is there; takes seconds when it is not."""
    if settings.uri is None:
        return
    from gateway.sinks.mongo.target import probe

    problem = probe(settings.uri, settings.database, CHECK_TIMEOUT_S)
    if problem is None:
        yield Finding(Verdict.OK, "MongoDB is reachable")
        return
    # Its absence is a normal state: readings wait in the journal.
    remedy = "until it answers, readings are kept in the journal and delivered later"
    yield Finding(Verdict.NOTE, problem, remedy)


def build(host: Host, settings: MongoSettings) -> Part | None:
    """The consumers and the archive; None without an address. Connects to nothing."""
    uri, database = settings.uri, settings.database
    if uri is None:
        return None
    from gateway.sinks.mongo.consumers import make
    from gateway.sinks.mongo.history import MongoHistory

    def describe() -> Heartbeat:
        return Heartbeat(
            version=host.version,
            address=host.address(),
            devices=[view.id for view in host.registry.all()],
            seen_at_ms=host.clock.wall_ms(),
        )

    archive = MongoHistory(uri, database, host.gateway_id, host.clock.monotonic)
    return Part(
        consumers=lambda: make(uri, database, host.gateway_id, describe),
        archive=archive,
        close=archive.close,
    )
