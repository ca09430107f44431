"""[[device]] with driver = "registers": its keys."""

from collections.abc import Mapping

from arduino_iface.registers.map import (
    FIRST_BYTE,
    READ_MAX,
    REGISTER_TYPES,
    EchoRegister,
    Verify,
)
from gateway.config.driver import DriverConfig
from gateway.config.fields import Choice, Flag, ListOf, Number, TableOf, TableSchema, Whole
from gateway.config.schemas import DeviceSchema
from gateway.config.settings import BusType
from gateway.drivers.channels import (
    CHANNELS_MAX,
    COMMANDS_MAX,
    ChannelSchema,
    exact_offset,
    exact_scale,
    small_name,
)
from gateway.drivers.registers.build import register_map
from gateway.drivers.registers.checks import REGISTER_MAX, check_registers

_MISSING_MAX = 64


def register_key(*, required: bool = False) -> Whole:
    """The number of a register."""
    return Whole(0, REGISTER_MAX, hexadecimal=True, required=required)


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


class EchoSchema(TableSchema):
    """`echo` of driver = "registers"."""

    register = register_key(required=True)


class BitsSchema(TableSchema):
    """`bits` of [[device.channels]]."""

    offset = Whole(0, 63, required=True)
    width = Whole(1, 64, required=True)


class RegisterChannelSchema(ChannelSchema):
    """[[device.channels]] of driver = "registers"."""

    register = register_key(required=True)
    type = type_key()
    bit = Whole(0, 63)
    bits = TableOf(BitsSchema, "{ offset = 4, width = 3 }", parse=_offset_and_width)
    missing = ListOf(Number(), maximum=_MISSING_MAX, single=True)
    tolerance = Number(0.0)


class RegisterCommandSchema(TableSchema):
    """[[device.commands]] of driver = "registers"."""

    name = small_name(required=True)
    register = register_key(required=True)
    type = type_key()
    scale = Number(parse=exact_scale)
    offset = Number(parse=exact_offset)
    minimum = Number()
    maximum = Number()
    argument = small_name()
    verify = Flag()


class RegisterDeviceSchema(DeviceSchema):
    """[[device]] with driver = "registers"."""

    channels = ListOf(
        TableOf(RegisterChannelSchema, '{ name = "level", register = 0x00, type = "u16be" }'),
        maximum=CHANNELS_MAX,
        required=True,
    )
    commands = ListOf(
        TableOf(RegisterCommandSchema, '{ name = "set_pump", register = 0x10, type = "u8" }'),
        maximum=COMMANDS_MAX,
    )
    register_size = Choice((8, 16))
    block_max = Whole(1, READ_MAX)
    verify = Choice({one.value: one for one in Verify})
    echo = TableOf(
        EchoSchema,
        "{ register = 0xFE }",
        words={"first_byte": FIRST_BYTE},
        parse=_echo_register,
    )


CONFIG = DriverConfig(RegisterDeviceSchema, register_map, check_registers, BusType.I2C)
