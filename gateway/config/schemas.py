"""The tables of gateway.toml: which keys each has. gateway.example.toml must explain every one."""

import re
from collections.abc import Mapping

from marshmallow import RAISE, Schema

from gateway.config.fields import (
    Address,
    Addresses,
    BaudRate,
    Choice,
    Driver,
    Duration,
    Host,
    Metadata,
    Name,
    Origins,
    Size,
    Text,
    Whole,
)
from gateway.config.names import DATABASE

UNKNOWN = "unknown key"
MISSING = "missing key"

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

_ABSOLUTE = re.compile(r"/[^\x00-\x1f\x7f]+")
_PATH = re.compile(r"[^\x00-\x1f\x7f]+")
_DAY_S = 86400.0
_TIB = 1 << 40


class TableSchema(Schema):
    """A table whose keys are all known."""

    class Meta:
        """An unknown key is an error."""

        unknown = RAISE

    error_messages = {"unknown": UNKNOWN}  # noqa: RUF012 - marshmallow's own way to say it


class GatewaySchema(TableSchema):
    """[gateway]."""

    id = Name()


class ApiSchema(TableSchema):
    """[api]."""

    host = Host()
    port = Whole(1, 65535)
    cors_origins = Origins()


class JournalSchema(TableSchema):
    """[journal]."""

    path = Text("journal.db", _PATH, "cannot be a path")
    keep = Duration(60.0, 36500 * _DAY_S, attribute="keep_s")
    max_size = Size(1 << 20, _TIB, attribute="max_bytes")
    commit_interval = Duration(0.0, 60.0, attribute="commit_interval_s")


class MongoSchema(TableSchema):
    """[mongo]; the address itself is a secret and stands in .env."""

    database = Text("gateway", DATABASE, "cannot be the name of a database")


class LoggingSchema(TableSchema):
    """[logging]."""

    level = Choice(LEVELS)
    max_size = Size(64 << 10, _TIB, attribute="max_bytes")
    backups = Whole(1, 1000)
    format = Choice(("text", "json"))


class BusSchema(TableSchema):
    """What every [[bus]] has."""

    name = Name(required=True, error_messages={"required": MISSING})
    type = Choice(("i2c", "serial"), required=True, error_messages={"required": MISSING})
    port = Text(
        "/dev/i2c-1",
        _ABSOLUTE,
        "is not the full path of a port",
        required=True,
        error_messages={"required": MISSING},
    )


class I2cBusSchema(BusSchema):
    """[[bus]] with type = "i2c"."""

    discover = Addresses()


class SerialBusSchema(BusSchema):
    """[[bus]] with type = "serial"."""

    baud_rate = BaudRate()


class AnyBusSchema(I2cBusSchema, SerialBusSchema):
    """For a [[bus]] whose type is not known: so that one mistake gives one message."""


BUS_SCHEMAS: Mapping[str, type[BusSchema]] = {"i2c": I2cBusSchema, "serial": SerialBusSchema}
"""The keys of a bus by its type."""


class DeviceSchema(TableSchema):
    """What every [[device]] has; a driver adds its own keys in a schema that inherits from this."""

    id = Name(required=True, error_messages={"required": MISSING})
    bus = Name(required=True, error_messages={"required": MISSING})
    address = Address()
    interval = Duration(0.01, _DAY_S, attribute="interval_s")
    driver = Driver(allowed=("protocol",), planned=("registers", "lines"))
    metadata = Metadata()


class ProtocolDeviceSchema(DeviceSchema):
    """[[device]] that speaks our protocol: it describes the rest itself."""


DEVICE_SCHEMAS: Mapping[str, type[DeviceSchema]] = {"protocol": ProtocolDeviceSchema}
"""The keys of a device by its driver."""

SECTION_SCHEMAS: Mapping[str, type[TableSchema]] = {
    "gateway": GatewaySchema,
    "api": ApiSchema,
    "journal": JournalSchema,
    "mongo": MongoSchema,
    "logging": LoggingSchema,
}
"""The tables that there is one of."""


def documented_keys() -> set[tuple[str, str]]:
    """Every (table, key) that can be written: what the example must explain."""
    schemas: list[tuple[str, type[Schema]]] = list(SECTION_SCHEMAS.items())
    schemas += [("bus", schema) for schema in BUS_SCHEMAS.values()]
    schemas += [("device", schema) for schema in DEVICE_SCHEMAS.values()]
    return {(table, key) for table, schema in schemas for key in schema().fields}
