"""The core's tables of gateway.toml: which keys each has. Parts and drivers bring their own."""

import re
from collections.abc import Mapping

from gateway.config.fields import Boolean, ByteSize, Choice, Duration, Text, WholeNumber
from gateway.config.names import NAME, NAME_RULE
from gateway.config.settings import BusType, LogFormat
from gateway.config.tables import ListOf, TableOf, TableSchema
from gateway.config.values import (
    ADDRESS_MAX,
    ADDRESS_MIN,
    USUAL_BAUD_RATES,
    address_range,
    driver_name,
    metadata,
    origin,
)

_ABSOLUTE = re.compile(r"/[^\x00-\x1f\x7f]+")
_PATH = re.compile(r"[^\x00-\x1f\x7f]+")
_HOST = re.compile(r"[A-Za-z0-9_.:%-]{1,253}", re.ASCII)
_HOST_HINT = 'write for example "127.0.0.1", or "0.0.0.0" for every address of this machine'
_DAY_S = 86400.0
_TIB = 1 << 40


def name_key(example: str, *, required: bool = False) -> Text:
    """The name of a gateway, bus or device."""
    return Text(example, NAME, "cannot be a name", hint=NAME_RULE, required=required)


class GatewayTable(TableSchema):
    """[gateway]."""

    id = name_key("pi-greenhouse")


class ApiTable(TableSchema):
    """[api]."""

    # Whether the address needs an access key is seen at the start.
    host = Text("127.0.0.1", _HOST, "is neither an IP address nor a host name", hint=_HOST_HINT)
    port = WholeNumber(1, 65535, example="8080")
    cors_origins = ListOf(Text("http://localhost:3000", parse=origin))


class JournalTable(TableSchema):
    """[journal]."""

    path = Text("journal.db", _PATH, "cannot be a path")
    keep = Duration(60.0, 36500 * _DAY_S, attribute="keep_s")
    max_size = ByteSize(1 << 20, _TIB, attribute="max_bytes")
    commit_interval = Duration(0.0, 60.0, attribute="commit_interval_s")


class DiscoveryTable(TableSchema):
    """[discovery]."""

    serial = Boolean()


class LoggingTable(TableSchema):
    """[logging]."""

    level = Choice(("DEBUG", "INFO", "WARNING", "ERROR"))
    max_size = ByteSize(64 << 10, _TIB, attribute="max_bytes")
    backups = WholeNumber(1, 1000)
    format = Choice({one.value: one for one in LogFormat})


class BusTable(TableSchema):
    """What every [[bus]] has."""

    name = name_key("i2c1", required=True)
    type = Choice({one.value: one for one in BusType}, required=True)
    port = Text("/dev/i2c-1", _ABSOLUTE, "is not the full path of a port", required=True)


class I2cBusTable(BusTable):
    """[[bus]] with type = "i2c"."""

    discover = ListOf(
        Text("0x08-0x2F", parse=address_range, hint='write for example "0x08-0x2F" or "0x12"')
    )


class SerialBusTable(BusTable):
    """[[bus]] with type = "serial"."""

    baud_rate = Choice(USUAL_BAUD_RATES, suggest=lambda _: "as in the sketch's Serial.begin()")


class AnyBusTable(I2cBusTable, SerialBusTable):
    """For a [[bus]] whose type is not known: so that one mistake gives one message."""


BUS_SCHEMAS: Mapping[str, type[BusTable]] = {"i2c": I2cBusTable, "serial": SerialBusTable}
"""The keys of a bus by its type."""


class DeviceTable(TableSchema):
    """What every [[device]] has; a driver adds its own keys in a schema that inherits from this."""

    id = name_key("greenhouse", required=True)
    bus = name_key("i2c1", required=True)
    address = WholeNumber(ADDRESS_MIN, ADDRESS_MAX, hexadecimal=True, example="0x12")
    interval = Duration(0.01, _DAY_S, attribute="interval_s")
    driver = Text("protocol", parse=driver_name)
    metadata = TableOf(None, '{ room = "A" }', parse=metadata)
