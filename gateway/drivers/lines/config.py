"""[[device]] with driver = "lines": its keys."""

import math
import re
from collections.abc import Mapping
from typing import Any

from arduino_iface.lines.format import FormatKind
from arduino_iface.lines.match import LinePattern
from arduino_iface.lines.places import LinePlaces
from arduino_iface.lines.record import Record
from arduino_iface.lines.splitter import ENCODINGS
from arduino_iface.lines.template import WORD_MAX, sendable_problem, word_problem
from gateway.config.driver import DriverConfig
from gateway.config.fields import (
    Choice,
    ConfigField,
    Duration,
    RealNumber,
    Text,
    WholeNumber,
    refuse,
    shown,
)
from gateway.config.schemas import DeviceTable
from gateway.config.settings import BusType
from gateway.config.tables import ListOf, TableOf, TableSchema
from gateway.drivers.channels import CHANNELS_MAX, COMMANDS_MAX, ChannelTable, small_name
from gateway.drivers.lines.build import line_settings
from gateway.drivers.lines.checks import check_lines

ARGUMENTS_MAX = 16
CHOICES_MAX = 32
KINDS_MAX = 16
MISSING_MAX = 64
PATTERNS_MAX = 32

_FIELD = re.compile(r"[^\x00-\x1f\x7f]{1,128}")
_COLUMN = re.compile(r"[^\x00-\x1f\x7f]{0,128}")
_MARKER = re.compile(r"[^\x00-\x1f\x7f]{1,64}")
_RECORD_MARKER = re.compile(r"[^\x00-\x1f\x7f]{0,64}")
_SEPARATOR = re.compile(r"[^\r\n]{1,4}")
_PATTERN_HINT = "use few of * + ? { } and |, none of them on a group with another in it"
_COLUMNS_HINT = 'write for example ["time", "temperature"], "" for a column to leave out'


def _sendable(text: str) -> str:
    problem = sendable_problem(text)
    if problem:
        raise ValueError(problem)
    return text


def _word(text: str) -> str:
    problem = word_problem(text)
    if problem:
        raise ValueError(problem)
    return text


def _distinct(words: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(words)) != len(words):
        raise ValueError("has a word twice")
    return words


def _columns(names: tuple[str, ...]) -> tuple[str, ...]:
    named = [name for name in names if name]
    if len(set(named)) != len(named):
        raise ValueError("has a name twice")
    if not named:
        raise ValueError("names no column")
    return names


def _record(values: Mapping[str, str]) -> Record:
    if not values:
        raise ValueError("names neither what begins a record nor what ends it")
    return Record(values.get("begin"), values.get("end"))


class NumberOrText(ConfigField):
    """A finite number, or a text of 1 to 32 characters."""

    wanted = "a number or a text"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("-127", **kwargs)

    def read(self, value: object) -> int | float | str:
        """As it was written, a text without blanks around it."""
        if isinstance(value, str):
            if not 0 < len(value.strip()) <= WORD_MAX:
                raise refuse(f"{shown(value)} is not 1 to {WORD_MAX} characters long", self.hint)
            return value.strip()
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.not_this_kind(value)
        if not math.isfinite(value):
            raise refuse(f"{shown(value)} is not a finite number", "nan is missing without it")
        return value


def missing_key() -> ListOf:
    """Printed values that mean "no value"."""
    return ListOf(NumberOrText(), maximum=MISSING_MAX, single=True, example="[-127, 85]")


def marker_key(example: str) -> Text:
    """A text at one end of a line."""
    return Text(example, _MARKER, "is not 1 to 64 printable characters", blank=True)


def sent_key(example: str, *, required: bool = False) -> Text:
    """A text that is sent to a sketch."""
    return Text(example, blank=True, parse=_sendable, required=required)


def separator_key(example: str) -> Text:
    """What stands between parts of a line; may be a blank or a tabulator."""
    return Text(example, _SEPARATOR, "is not 1 to 4 characters", blank=True)


def pattern_key(example: str) -> Text:
    """A regular expression for the beginning of a line."""
    return Text(example, parse=LinePattern.of, hint=_PATTERN_HINT)


def words_key(minimum: int, maximum: int, example: str) -> ListOf:
    """Words that stand for values of an argument."""
    word = Text("ON", blank=True, parse=_word)
    return ListOf(word, minimum=minimum, maximum=maximum, example=example, parse=_distinct)


class LineChannelTable(ChannelTable):
    """[[device.channels]] of driver = "lines"."""

    field = Text("temperature", _FIELD, "cannot be the name of a field")
    column = WholeNumber(1, 128)
    type = Choice(("number", "integer", "bool", "text"))
    missing = missing_key()


class LineArgumentTable(TableSchema):
    """[[device.commands.arguments]] of driver = "lines"."""

    name = small_name(required=True)
    type = Choice(("integer", "number", "bool", "choice"), required=True)
    minimum = RealNumber()
    maximum = RealNumber()
    choices = words_key(1, CHOICES_MAX, '["auto", "off"]')
    words = words_key(2, 2, '["OFF", "ON"]')


class LineCommandTable(TableSchema):
    """[[device.commands]] of driver = "lines"."""

    name = small_name(required=True)
    template = sent_key("FAN {speed}\\n", required=True)
    arguments = ListOf(
        TableOf(LineArgumentTable, '{ name = "speed", type = "integer" }'), maximum=ARGUMENTS_MAX
    )
    reply = pattern_key("OK")
    failure = pattern_key("ERR")
    timeout = Duration(0.01, 60.0, attribute="timeout_s")


class RecordTable(TableSchema):
    """`record` of driver = "lines"."""

    begin = marker_key("Temperature")
    end = Text("---", _RECORD_MARKER, "is not up to 64 printable characters", blank=True)


class LineFormTable(TableSchema):
    """How one kind of line is read: keys of [[device]] and of [[device.line]]."""

    format = Choice({one.value: one for one in FormatKind})
    channels = ListOf(TableOf(LineChannelTable, '{ name = "temperature" }'), maximum=CHANNELS_MAX)
    columns = ListOf(
        Text("temperature", _COLUMN, "cannot be the name of a column", blank=True),
        minimum=1,
        maximum=CHANNELS_MAX,
        hint=_COLUMNS_HINT,
        parse=_columns,
    )
    delimiter = separator_key(",")
    pairs = separator_key(",")
    equals = separator_key(":")
    pattern = ListOf(
        Text("T={temperature} H={humidity}", parse=LinePlaces.of),
        minimum=1,
        maximum=PATTERNS_MAX,
        single=True,
    )
    prefix = marker_key("$")
    suffix = marker_key("#")
    decimal = Choice((".", ","))
    record = TableOf(RecordTable, '{ end = "" }', parse=_record)
    missing = missing_key()


class LineDeviceTable(LineFormTable, DeviceTable):
    """[[device]] with driver = "lines"."""

    line = ListOf(TableOf(LineFormTable, '{ format = "csv" }'), minimum=1, maximum=KINDS_MAX)
    encoding = Choice(ENCODINGS)
    request = sent_key("READ\\n")
    reply_timeout = Duration(0.01, 60.0, attribute="reply_timeout_s")
    commands = ListOf(
        TableOf(LineCommandTable, '{ name = "fan", template = "FAN\\n" }'), maximum=COMMANDS_MAX
    )


CONFIG = DriverConfig(LineDeviceTable, line_settings, check_lines, BusType.SERIAL)
