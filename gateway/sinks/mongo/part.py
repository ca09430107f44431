"""MongoDB as a part of the gateway: its configuration."""

import re
from dataclasses import dataclass, field

from gateway.config.fields import Text
from gateway.config.redact import redact_uri
from gateway.config.section import Secret, Section
from gateway.config.tables import TableSchema

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
