"""The parts that a gateway may have, one line each. Strings only: a part that is not used is not imported."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PartLine:
    """What must be known of a part before it is imported.

    `module`: its `part.py`; `sections`: its tables in gateway.toml; `secrets`: its names in .env; `commands`:
    its commands of the terminal, with a line of help each.
    """

    name: str
    module: str
    sections: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    commands: Mapping[str, str] = field(default_factory=dict)


PARTS = (
    PartLine(
        "mongo",
        "gateway.sinks.mongo.part",
        sections=("mongo",),
        secrets=("MONGO_URI", "MONGOURI"),
    ),
)
