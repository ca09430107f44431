"""The tables of gateway.toml: which keys each has. gateway.example.toml must explain every one."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import RAISE, Schema

from gateway.config.driver_fields import (
    ARGUMENTS_MAX,
    CHANNELS_MAX,
    COMMANDS_MAX,
    REGISTER_MAX,
    Bits,
    Bits8Or16,
    Columns,
    Echo,
    Exact,
    Flag,
    Number,
    Numbers,
    Pattern,
    RegisterKind,
    Sendable,
    Separator,
    Tables,
    Words,
    field_name,
    small_name,
    unit,
)
from gateway.config.fields import (
    MISSING,
    UNKNOWN,
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


class DiscoverySchema(TableSchema):
    """[discovery]."""

    serial = Flag()


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
    driver = Driver(("protocol", "registers", "lines"))
    metadata = Metadata()


class ProtocolDeviceSchema(DeviceSchema):
    """[[device]] that speaks our protocol: it describes the rest itself."""


_REQUIRED: Mapping[str, Any] = {"required": True, "error_messages": {"required": MISSING}}
_EXAMPLES = {
    "name": 'write for example name = "temperature"',
    "register": "write for example register = 0x00",
    "type": 'write for example type = "u16be"',
    "template": 'write for example template = "FAN {speed}\\n"',
}
_ARGUMENT_EXAMPLES = {**_EXAMPLES, "type": "write integer, number, bool or choice, in quotes"}


class ChannelSchema(TableSchema):
    """What the channels of existing sketches have in common."""

    name = small_name(**_REQUIRED)
    unit = unit()
    scale = Exact(zero=False)
    offset = Exact(zero=True)
    minimum = Number()
    maximum = Number()


class RegisterChannelSchema(ChannelSchema):
    """[[device.channels]] of driver = "registers"."""

    register = Whole(0, REGISTER_MAX, **_REQUIRED)
    type = RegisterKind(**_REQUIRED)
    bit = Whole(0, 63)
    bits = Bits()
    missing = Numbers()
    tolerance = Number(0.0)


class RegisterCommandSchema(TableSchema):
    """[[device.commands]] of driver = "registers"."""

    name = small_name(**_REQUIRED)
    register = Whole(0, REGISTER_MAX, **_REQUIRED)
    type = RegisterKind(**_REQUIRED)
    scale = Exact(zero=False)
    offset = Exact(zero=True)
    minimum = Number()
    maximum = Number()
    argument = small_name()
    verify = Flag()


class RegisterDeviceSchema(DeviceSchema):
    """[[device]] with driver = "registers"."""

    channels = Tables(RegisterChannelSchema, CHANNELS_MAX, _EXAMPLES, **_REQUIRED)
    commands = Tables(RegisterCommandSchema, COMMANDS_MAX, _EXAMPLES)
    register_size = Bits8Or16()
    block_max = Whole(1, 32)
    verify = Choice(("twice", "echo", "none"))
    echo = Echo()


class LineChannelSchema(ChannelSchema):
    """[[device.channels]] of driver = "lines"."""

    field = field_name()
    column = Whole(1, 128)
    type = Choice(("number", "integer", "bool", "text"))


class LineArgumentSchema(TableSchema):
    """[[device.commands.arguments]] of driver = "lines"."""

    name = small_name(**_REQUIRED)
    type = Choice(("integer", "number", "bool", "choice"), **_REQUIRED)
    minimum = Number()
    maximum = Number()
    choices = Words(1, 32, '["auto", "off"]')
    words = Words(2, 2, '["OFF", "ON"]')


class LineCommandSchema(TableSchema):
    """[[device.commands]] of driver = "lines"."""

    name = small_name(**_REQUIRED)
    template = Sendable(**_REQUIRED)
    arguments = Tables(LineArgumentSchema, ARGUMENTS_MAX, _ARGUMENT_EXAMPLES)
    reply = Pattern()
    failure = Pattern()
    timeout = Duration(0.01, 60.0, attribute="timeout_s")


class LineDeviceSchema(DeviceSchema):
    """[[device]] with driver = "lines"."""

    format = Choice(("json", "csv", "keyvalue"), **_REQUIRED)
    channels = Tables(LineChannelSchema, CHANNELS_MAX, _EXAMPLES)
    columns = Columns()
    delimiter = Separator()
    pairs = Separator()
    equals = Separator()
    request = Sendable()
    reply_timeout = Duration(0.01, 60.0, attribute="reply_timeout_s")
    commands = Tables(LineCommandSchema, COMMANDS_MAX, _EXAMPLES)


DEVICE_SCHEMAS: Mapping[str, type[DeviceSchema]] = {
    "protocol": ProtocolDeviceSchema,
    "registers": RegisterDeviceSchema,
    "lines": LineDeviceSchema,
}
"""The keys of a device by its driver."""

SECTION_SCHEMAS: Mapping[str, type[TableSchema]] = {
    "gateway": GatewaySchema,
    "api": ApiSchema,
    "journal": JournalSchema,
    "discovery": DiscoverySchema,
    "mongo": MongoSchema,
    "logging": LoggingSchema,
}
"""The tables that there is one of."""


def documented_keys() -> set[tuple[str, str]]:
    """Every (table, key) that can be written: what the example must explain."""
    schemas: list[tuple[str, type[Schema]]] = list(SECTION_SCHEMAS.items())
    schemas += [("bus", schema) for schema in BUS_SCHEMAS.values()]
    schemas += [("device", schema) for schema in DEVICE_SCHEMAS.values()]
    return {pair for table, schema in schemas for pair in _keys(table, schema)}


def _keys(table: str, schema: type[Schema]) -> Iterator[tuple[str, str]]:
    for key, field in schema().fields.items():
        yield table, key
        if isinstance(field, Tables):
            yield from _keys(f"{table}.{key}", field.schema)
