"""[[device]] with driver = "lines": its keys."""

import re

from arduino_iface.lines.format import FormatKind
from arduino_iface.lines.match import LinePattern
from arduino_iface.lines.template import sendable_problem, word_problem
from gateway.config.driver import DriverConfig
from gateway.config.fields import Choice, Duration, RealNumber, Text, WholeNumber
from gateway.config.schemas import DeviceTable
from gateway.config.settings import BusType
from gateway.config.tables import ListOf, TableOf, TableSchema
from gateway.drivers.channels import CHANNELS_MAX, COMMANDS_MAX, ChannelTable, small_name
from gateway.drivers.lines.build import line_settings
from gateway.drivers.lines.checks import check_lines

ARGUMENTS_MAX = 16
CHOICES_MAX = 32

_FIELD = re.compile(r"[^\x00-\x1f\x7f]{1,128}")
_COLUMN = re.compile(r"[^\x00-\x1f\x7f]{0,128}")
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


class LineDeviceTable(DeviceTable):
    """[[device]] with driver = "lines"."""

    format = Choice({one.value: one for one in FormatKind}, required=True)
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
    request = sent_key("READ\\n")
    reply_timeout = Duration(0.01, 60.0, attribute="reply_timeout_s")
    commands = ListOf(
        TableOf(LineCommandTable, '{ name = "fan", template = "FAN\\n" }'), maximum=COMMANDS_MAX
    )


CONFIG = DriverConfig(LineDeviceTable, line_settings, check_lines, BusType.SERIAL)
