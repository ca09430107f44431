"""The parts of the gateway: one line a part, of names only: a part that is not configured is not imported.

A part is imported when gateway.toml has one of its tables, or .env one of its secrets. A line repeats from
the part's module what must be known before; `tests/config/test_parts.py` compares them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PartLine:
    """One part. Its module has `SECTION`, a `gateway.config.section.Section` or a tuple of them.

    `sections`: the tables of gateway.toml that are the part's; the one of its name unless set. `secrets`: its
    keys of .env, all spellings. `commands`: its commands of the terminal, each with a line of help.
    """

    name: str
    module: str
    sections: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    commands: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.sections:
            object.__setattr__(self, "sections", (self.name,))


PARTS: tuple[PartLine, ...] = (
    PartLine("mongo", "gateway.sinks.mongo.part", secrets=("MONGO_URI", "MONGOURI")),
)
