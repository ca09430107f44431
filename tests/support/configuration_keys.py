"""Every key that can be written into gateway.toml, of the core, of every part and of every driver."""

from collections.abc import Iterator

from gateway.config.driver import driver_config
from gateway.config.fields import ConfigField
from gateway.config.loader import CORE
from gateway.config.schemas import BUS_SCHEMAS
from gateway.config.section import sections_of
from gateway.config.tables import ListOf, TableOf, TableSchema
from gateway.drivers.table import DRIVERS
from gateway.parts import PARTS


def documented_keys() -> set[tuple[str, str]]:
    """Every (table, key): what the example and the reference must explain."""
    sections = [*CORE, *(section for line in PARTS for section in sections_of(line))]
    schemas = [(section.name, section.schema()) for section in sections]
    schemas += [("bus", schema()) for schema in BUS_SCHEMAS.values()]
    schemas += [("device", driver_config(driver).schema()) for driver in DRIVERS]
    return {pair for table, schema in schemas for pair in _keys(table, schema)}


def _keys(table: str, schema: TableSchema) -> Iterator[tuple[str, str]]:
    for key, field in schema.fields.items():
        yield table, key
        assert isinstance(field, ConfigField)
        if isinstance(field, ListOf) and isinstance(field.item, TableOf):
            assert field.item.schema is not None
            yield from _keys(f"{table}.{key}", field.item.schema())
