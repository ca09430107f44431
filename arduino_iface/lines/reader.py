"""From printed lines to the values of channels, which can be learned from the lines."""

from collections.abc import Mapping
from dataclasses import dataclass

from arduino_iface.lines.channel import LineChannel
from arduino_iface.lines.format import LineFormat
from arduino_iface.lines.kind import KindReader, LineKind, LineValues
from arduino_iface.lines.record import Record
from arduino_iface.lines.splitter import ArrivedLine
from arduino_iface.lines.template import LineCommand
from arduino_iface.lines.unread import LineAccount, Unread
from arduino_iface.schema import Schema
from arduino_iface.values import Number


@dataclass(frozen=True, slots=True)
class LineSettings:
    """The configuration of a sketch that prints lines.

    `format`, `channels`, `record` and `missing` are those of the first kind of line, `more` are further
    kinds. Without `channels` they are learned. With `request` the sketch prints when it receives that text,
    within `reply_timeout_s`; without it, by itself. `encoding`: None is UTF-8, with signs of Latin-1.
    """

    format: LineFormat
    channels: tuple[LineChannel, ...] = ()
    commands: tuple[LineCommand, ...] = ()
    request: str | None = None
    reply_timeout_s: float = 1.0
    record: Record | None = None
    missing: tuple[Number | str, ...] = ()
    more: tuple[LineKind, ...] = ()
    encoding: str | None = None

    @property
    def kinds(self) -> tuple[LineKind, ...]:
        """Every kind of line, in the order in which they are tried."""
        return (LineKind(self.format, self.channels, self.record, self.missing), *self.more)


# From the reason that tells most to the one that tells least, of several kinds that do not fit.
_TELLING = (
    *(
        Unread.DAMAGED,
        Unread.DECIMAL,
        Unread.NO_VALUE,
        Unread.BEGINNING,
        Unread.OUTSIDE,
        Unread.FORMAT,
    ),
)


class LineReader:
    """Reads the lines of one sketch. Not thread-safe; `schema` may be asked from any thread."""

    def __init__(self, settings: LineSettings, name: str) -> None:
        """`name` is what the schema calls the device."""
        self.account = LineAccount()
        self._settings = settings
        self._name = name
        self._kinds = [KindReader(kind, self.account) for kind in settings.kinds]
        self._known: list[Mapping[str, LineChannel]] = []
        self.schema = self._described()

    @property
    def channels(self) -> tuple[LineChannel, ...]:
        """The channels of all kinds of line, as far as they are known."""
        return tuple(channel for kind in self.by_kind for channel in kind)

    @property
    def by_kind(self) -> tuple[tuple[LineChannel, ...], ...]:
        """The channels of each kind of line, in the order of the settings."""
        return tuple(tuple(kind.channels.values()) for kind in self._kinds)

    def restart(self, at_mono: float) -> None:
        """The port was opened again; the board may start anew."""
        for kind in self._kinds:
            kind.restart(at_mono)

    def read(self, line: ArrivedLine) -> list[LineValues]:
        """The readings that are complete with this line, oldest first; it is accounted for."""
        if line.problem is not None:
            self.account.note(line.text, line.problem, line.at_mono)
            return []
        reasons = set()
        for kind in self._kinds:
            reason = kind.offer(line.text, line.at_mono)
            if reason is None:
                break
            reasons.add(reason)
        else:
            self._note(line, reasons)
        found = [values for kind in self._kinds for values in kind.found]
        for kind in self._kinds:
            kind.found.clear()
        known = [kind.channels for kind in self._kinds]
        if any(new is not old for new, old in zip(known, self._known, strict=True)):
            self.schema = self._described()
        return found

    def _note(self, line: ArrivedLine, reasons: set[Unread]) -> None:
        if not line.text.strip():
            return
        reason = next(one for one in _TELLING if one in reasons)
        commands = self._settings.commands
        if any(one.status_of(line.text) is not None for one in commands):
            reason = Unread.REPLY
        self.account.note(line.text, reason, line.at_mono)

    def _described(self) -> Schema:
        commands = self._settings.commands
        self._known = [kind.channels for kind in self._kinds]
        return Schema(
            self._name,
            channels=tuple(channel.described for channel in self.channels),
            commands=tuple(one.described(code) for code, one in enumerate(commands)),
        )
