"""A part with two tables: an array of tables, and one with a key that must be there and a plain secret."""

from dataclasses import dataclass, field

from gateway.config.fields import ListOf, TableSchema, Text, Whole
from gateway.config.section import Secret, Section


@dataclass(frozen=True)
class Horn:
    name: str
    tones: tuple[int, ...] = ()


@dataclass(frozen=True)
class Brass:
    maker: str
    code: str | None = field(default=None, repr=False)


class HornSchema(TableSchema):
    name = Text("alto", required=True)
    tones = ListOf(Whole(20, 20000))


class BrassSchema(TableSchema):
    maker = Text("Adolphe", required=True)


SECTION = (
    Section("horn", Horn, HornSchema, many=True),
    Section("brass", Brass, BrassSchema, secrets=(Secret("HORN_CODE", "code", (), "1234"),)),
)
