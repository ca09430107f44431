"""[[device]] with driver = "registers": its keys."""

from collections.abc import Mapping

from arduino_iface.registers.map import (
    FIRST_BYTE,
    READ_MAX,
    EchoRegister,
    Layout,
    Verify,
)
from arduino_iface.registers.types import LENGTH_MAX, REGISTER_TYPES
from gateway.config.driver import DriverConfig
from gateway.config.fields import Boolean, Choice, Duration, RealNumber, WholeNumber
from gateway.config.schemas import DeviceTable
from gateway.config.settings import BusType
from gateway.config.tables import ListOf, TableOf, TableSchema
from gateway.drivers.channels import (
    CHANNELS_MAX,
    COMMANDS_MAX,
    ChannelTable,
    exact_offset,
    exact_scale,
    small_name,
)
from gateway.drivers.registers.build import doubts, register_map
from gateway.drivers.registers.checks import REGISTER_MAX, check_registers

_MISSING_MAX = 64
SETTLE_MAX_S = 1.0
"""Longest pause between a number and the read, seconds."""


def register_key(*, required: bool = False) -> WholeNumber:
    """The number of a register."""
    return WholeNumber(0, REGISTER_MAX, hexadecimal=True, required=required)


def type_key() -> Choice:
    """The type of a register."""
    return Choice(REGISTER_TYPES, suggest=_with_order, example='"u16be"', required=True)


def _with_order(word: str) -> str | None:
    """A type without its byte order: both that it could be."""
    low, high = (f"{word.lower()}{order}" for order in ("le", "be"))
    if low not in REGISTER_TYPES:
        return None
    return f'write "{low}" (low byte first) or "{high}" (high byte first)'


def _echo_register(values: Mapping[str, int]) -> EchoRegister:
    return EchoRegister(values["register"])


def _offset_and_width(values: Mapping[str, int]) -> tuple[int, int]:
    return values["offset"], values["width"]


class EchoTable(TableSchema):
    """`echo` of driver = "registers"."""

    register = register_key(required=True)


class BitsTable(TableSchema):
    """`bits` of [[device.channels]]."""

    offset = WholeNumber(0, 63, required=True)
    width = WholeNumber(1, 64, required=True)


class RegisterChannelTable(ChannelTable):
    """[[device.channels]] of driver = "registers"."""

    register = register_key(required=True)
    at = WholeNumber(0, READ_MAX - 1)
    type = type_key()
    length = WholeNumber(1, LENGTH_MAX, example="8")
    clears = Boolean()
    bit = WholeNumber(0, 63)
    bits = TableOf(BitsTable, "{ offset = 4, width = 3 }", parse=_offset_and_width)
    missing = ListOf(RealNumber(), maximum=_MISSING_MAX, single=True)
    tolerance = RealNumber(0.0)


class RegisterCommandTable(TableSchema):
    """[[device.commands]] of driver = "registers"."""

    name = small_name(required=True)
    register = register_key(required=True)
    type = type_key()
    scale = RealNumber(parse=exact_scale)
    offset = RealNumber(parse=exact_offset)
    minimum = RealNumber()
    maximum = RealNumber()
    argument = small_name()
    verify = Boolean()


class RegisterDeviceTable(DeviceTable):
    """[[device]] with driver = "registers"."""

    channels = ListOf(
        TableOf(RegisterChannelTable, '{ name = "level", register = 0x00, type = "u16be" }'),
        maximum=CHANNELS_MAX,
        required=True,
    )
    commands = ListOf(
        TableOf(RegisterCommandTable, '{ name = "set_pump", register = 0x10, type = "u8" }'),
        maximum=COMMANDS_MAX,
    )
    layout = Choice({one.value: one for one in Layout})
    number = register_key()
    settle = Duration(0.0, SETTLE_MAX_S, attribute="settle_s")
    register_size = Choice((8, 16))
    block_max = WholeNumber(1, READ_MAX)
    verify = Choice({one.value: one for one in Verify})
    echo = TableOf(
        EchoTable,
        "{ register = 0xFE }",
        words={"first_byte": FIRST_BYTE},
        parse=_echo_register,
    )


CONFIG = DriverConfig(RegisterDeviceTable, register_map, check_registers, BusType.I2C, doubts)
