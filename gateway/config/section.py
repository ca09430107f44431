"""What a part says of its own tables in gateway.toml and of its secrets in .env.

A part imports this and the kinds of values in `fields`; the configuration finds the part by its line in
`gateway.parts` and imports it when its table or one of its secrets is there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from gateway.config.tables import TableSchema
from gateway.parts import PartLine


@dataclass(frozen=True, slots=True)
class Secret:
    """One key of .env, which becomes `field` of the section's settings; None when it is not set.

    `schemes`: how the address may begin, such as "mongodb"; empty for a secret that is no address. `example`
    is a whole value. `aliases` are other spellings of the key.
    """

    key: str
    field: str
    schemes: tuple[str, ...]
    example: str
    aliases: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The key and its other spellings."""
        return (self.key, *self.aliases)


@dataclass(frozen=True, slots=True)
class Section:
    """One table of gateway.toml, or with `many` an array of tables, each with settings of its own.

    `settings` is called with the checked values of `schema` and with the secrets. What it returns is shown in
    the log and by `gateway check`: neither its `str` nor its `repr` may contain a secret.
    """

    name: str
    settings: Callable[..., object]
    schema: type[TableSchema]
    secrets: tuple[Secret, ...] = ()
    many: bool = False

    def __post_init__(self) -> None:
        if self.many and self.secrets:
            raise ValueError(f"[[{self.name}]] cannot have secrets: which table would they be for?")


def sections_of(line: PartLine) -> tuple[Section, ...]:
    """The sections of a part, which is imported now at the latest."""
    found: Section | tuple[Section, ...] = import_module(line.module).SECTION
    return found if isinstance(found, tuple) else (found,)
