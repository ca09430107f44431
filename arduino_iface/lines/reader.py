"""From the fields of printed lines to the values of channels, which can be learned from the lines."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from arduino_iface.lines.format import FormatKind, LineFormat, Unreadable, convert
from arduino_iface.lines.template import LineCommand
from arduino_iface.schema import Channel, Schema, is_name
from arduino_iface.values import Number, Readable, ValueType, within

LEARN_LINES = 10
"""Channels are learned from this many lines with values; a field that first appears later is ignored."""

LEARNED_MAX = 64
"""Channels learned at most."""

_JOINTS = re.compile(r"[.\- ]")


@dataclass(frozen=True, slots=True)
class LineChannel:
    """One measured quantity in the lines: value = `field` x scale + offset, in `unit`.

    `type` is F64, I64, BOOL or TEXT. A value outside `minimum` and `maximum` is kept, and marked as out of
    range.
    """

    name: str
    field: str
    type: ValueType = ValueType.F64
    unit: str | None = None
    scale: Decimal = Decimal(1)
    offset: Decimal = Decimal(0)
    minimum: Number | None = None
    maximum: Number | None = None

    @property
    def described(self) -> Channel:
        """The channel as a schema describes it."""
        return Channel(self.name, self.type, self.unit, self.scale, self.offset)

    def value(self, field: object) -> Readable:
        """The value of a field; None when missing. Raises `Unreadable`."""
        raw = convert(field, self.type)
        if isinstance(raw, str):
            return raw
        return self.described.value(raw)

    def fits(self, value: Readable) -> bool:
        """Whether a value is within the limits; true for everything that is not a number."""
        return within(value, self.minimum, self.maximum)


@dataclass(frozen=True, slots=True)
class LineSettings:
    """The configuration of a sketch that prints lines.

    Without `channels` they are learned from the first lines (JSON and key=value only). With `request` the
    sketch prints when it receives that text, within `reply_timeout_s`; without it, by itself.
    """

    format: LineFormat
    channels: tuple[LineChannel, ...] = ()
    commands: tuple[LineCommand, ...] = ()
    request: str | None = None
    reply_timeout_s: float = 1.0


@dataclass(frozen=True, slots=True)
class LineValues:
    """The values of one line by channel, None for missing."""

    values: Mapping[str, Readable]
    out_of_range: bool


class LineReader:
    """Reads the lines of one sketch. Not thread-safe; `schema` may be asked from any thread."""

    def __init__(self, settings: LineSettings, name: str) -> None:
        """`name` is what the schema calls the device."""
        self._settings = settings
        self._name = name
        self._channels = {channel.field: channel for channel in settings.channels}
        self._lines_to_learn = 0 if settings.channels else LEARN_LINES
        self.schema = self._described()

    def read(self, line: str) -> LineValues | None:
        """The values in a line; None when it has no reading: another print, or no channel's value."""
        fields = self._settings.format.fields(line)
        if fields is None:
            return None
        if self._lines_to_learn:
            self._learn(fields)
        values: dict[str, Readable] = {}
        usable = False
        out_of_range = False
        for field, channel in self._channels.items():
            values[channel.name] = None
            if field not in fields:
                continue
            try:
                value = channel.value(fields[field])
            except Unreadable:
                continue
            values[channel.name] = value
            usable = True
            out_of_range |= not channel.fits(value)
        return LineValues(values, out_of_range) if usable else None

    def _learn(self, fields: Mapping[str, object]) -> None:
        known = {channel.name for channel in self._channels.values()}
        before = len(known)
        for field, value in fields.items():
            name = learned_name(field)
            if (
                field in self._channels
                or name is None
                or name in known
                or len(known) >= LEARNED_MAX
            ):
                continue
            kind = _kind_of(value, self._settings.format.kind)
            if kind is not None:
                known.add(name)
                self._channels[field] = LineChannel(name, field, kind)
        if known:
            self._lines_to_learn -= 1
        if len(known) > before:
            self.schema = self._described()

    def _described(self) -> Schema:
        commands = self._settings.commands
        return Schema(
            self._name,
            channels=tuple(channel.described for channel in self._channels.values()),
            commands=tuple(one.described(code) for code, one in enumerate(commands)),
        )


def learned_name(field: str) -> str | None:
    """A channel's name for a field: lower case, `_` for `.`, `-` and blanks; None: it makes no name."""
    name = _JOINTS.sub("_", field.lower())
    return name if is_name(name) else None


def _kind_of(value: object, form: FormatKind) -> ValueType | None:
    """The type of a field, by its first value; None when that does not show it."""
    if isinstance(value, bool):
        return ValueType.BOOL
    if isinstance(value, int | float):
        return ValueType.F64
    if not isinstance(value, str):
        return None
    if form is FormatKind.JSON:
        return ValueType.TEXT
    try:
        return None if convert(value, ValueType.F64) is None else ValueType.F64
    except Unreadable:
        return ValueType.BOOL if value.lower() in ("true", "false") else ValueType.TEXT
