"""What the drivers for existing sketches share: how the configuration describes channels and commands."""

import re
from decimal import Decimal
from typing import Any

from gateway.config.fields import RealNumber, Text
from gateway.config.locator import KeyPath
from gateway.config.report import Report, Table
from gateway.config.tables import TableSchema

CHANNELS_MAX = 64
COMMANDS_MAX = 64

SMALL_NAME = re.compile(r"[a-z][a-z0-9_]{0,23}", re.ASCII)
_SMALL_NAME_RULE = "is not 1 to 24 small letters, digits or _, beginning with a letter"
_UNIT = re.compile(r"[^\s\x00-\x1f\x7f]{1,24}")


def small_name(*, required: bool = False) -> Text:
    """The name of a channel, command or argument, as boards write them that describe themselves."""
    return Text("temperature", SMALL_NAME, _SMALL_NAME_RULE, required=required)


def exact_offset(number: int | float) -> Decimal:
    """A number in the digits in which it was written. Raises `ValueError`."""
    exact = Decimal(repr(number))
    if abs(exact) > Decimal("1e30") or 0 < abs(exact) < Decimal("1e-30"):
        raise ValueError("is not a usable number")
    return exact


def exact_scale(number: int | float) -> Decimal:
    """The same, and not 0. Raises `ValueError`."""
    if not number:
        raise ValueError("would make every value the same")
    return exact_offset(number)


class ChannelTable(TableSchema):
    """What every [[device.channels]] has."""

    name = small_name(required=True)
    unit = Text("Cel", _UNIT, "cannot be a unit: it has blanks or is too long")
    scale = RealNumber(parse=exact_scale)
    offset = RealNumber(parse=exact_offset)
    minimum = RealNumber()
    maximum = RealNumber()


def check_described(report: Report, device: Table) -> None:
    """Names stand once, and limits are in order."""
    for key, what in (("channels", "channel"), ("commands", "command")):
        check_names(report, device.tables(key), what)
    for channel in device.tables("channels"):
        minimum, maximum = channel.values.get("minimum"), channel.values.get("maximum")
        check_limits(report, channel.path, minimum, maximum)


def check_names(report: Report, tables: list[Table], what: str) -> None:
    """`what`: what they are the names of, in a word."""
    report.unique(
        (((*one.path, "name"), one.values["name"]) for one in tables),
        f'"{{value}}" is already the name of the {what} on line {{line}}',
    )


def check_limits(report: Report, path: KeyPath, minimum: Any, maximum: Any) -> bool:
    """Whether the limits are in order; None: there is no such limit."""
    if minimum is None or maximum is None or minimum <= maximum:
        return True
    report.problem((*path, "maximum"), f"{maximum} is below the minimum, {minimum}")
    return False
