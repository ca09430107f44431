"""A part with two tables: an array of tables, and one with a key that must be there and a plain secret."""

from dataclasses import dataclass, field

from gateway.config.fields import Text, WholeNumber
from gateway.config.section import Secret, Section
from gateway.config.tables import ListOf, TableSchema


@dataclass(frozen=True)
class Horn:
    name: str
    tones: tuple[int, ...] = ()


@dataclass(frozen=True)
class Brass:
    maker: str
    code: str | None = field(default=None, repr=False)


class HornTable(TableSchema):
    name = Text("alto", required=True)
    tones = ListOf(WholeNumber(20, 20000))


class BrassTable(TableSchema):
    maker = Text("Adolphe", required=True)


SECTION = (
    Section("horn", Horn, HornTable, many=True),
    Section("brass", Brass, BrassTable, secrets=(Secret("HORN_CODE", "code", (), "1234"),)),
)
