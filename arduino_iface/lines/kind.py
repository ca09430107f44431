"""One kind of line that a sketch prints: its lines, its records, its channels."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from arduino_iface.lines.channel import LineChannel, PrintedUnit
from arduino_iface.lines.format import FormatKind, LineFormat
from arduino_iface.lines.learning import HeldLine, Learner
from arduino_iface.lines.numbers import Unreadable, has_other_mark
from arduino_iface.lines.record import RECORD_LINES_MAX, Gathered, JsonText, Record
from arduino_iface.lines.unread import LineAccount, Unread
from arduino_iface.values import Number, Readable


@dataclass(frozen=True, slots=True)
class LineKind:
    """How lines of one kind are read. Without `channels` they are learned from the lines.

    `record`: what begins or ends a record of several lines. `missing` is for channels that are learned.
    """

    format: LineFormat
    channels: tuple[LineChannel, ...] = ()
    record: Record | None = None
    missing: tuple[Number | str, ...] = ()


@dataclass(frozen=True, slots=True)
class LineValues:
    """The values of one line or record by channel, None for missing. `at_mono`: when it was complete.

    `size`: characters that it was printed with.
    """

    values: Mapping[str, Readable]
    out_of_range: bool
    at_mono: float
    size: int = 0


@dataclass(slots=True)
class _State:
    """What is kept between lines."""

    gathered: Gathered | None = None
    fresh: bool = True  # no record has begun since the port was opened
    printed: dict[str, PrintedUnit] = field(default_factory=dict)


class KindReader:
    """Reads the lines of one kind. Not thread-safe. `found` are readings, for the caller to take."""

    def __init__(self, kind: LineKind, account: LineAccount) -> None:
        """Lines that turn out later to be no readings are noted in `account`."""
        self.found: list[LineValues] = []
        self._kind = kind
        self._account = account
        self._described = {one.field: one for one in kind.channels}
        self._learner: Learner | None = None
        if not kind.channels:
            quoted = kind.format.kind is FormatKind.JSON
            self._learner = Learner(kind.missing, kind.format.decimal, quoted=quoted)
        self._json = JsonText()
        self._state = _State()

    @property
    def channels(self) -> Mapping[str, LineChannel]:
        """By field, as far as they are known."""
        return self._described if self._learner is None else self._learner.channels

    def restart(self, at_mono: float) -> None:
        """The port was opened again: what has begun will not be completed."""
        if self._json.lines:
            self._give_up(self._json.lines, at_mono)
            self._json.lines = []
        if self._state.gathered is not None:
            self._give_up(self._state.gathered.texts, at_mono)
        self._state = _State(printed=self._state.printed)
        if self._learner is not None:
            self._learner.restart()
            self._note_ignored()

    def offer(self, line: str, at_mono: float) -> Unread | None:
        """Take a line of this kind. None: it is one, and is read or kept; else why it is not."""
        if self._kind.record is not None:
            return self._gather(self._kind.record, line, at_mono)
        if not line.strip():
            return Unread.FORMAT
        if self._kind.format.kind is FormatKind.JSON:
            return self._json_line(line, at_mono)
        fields = self._kind.format.fields(line)
        return Unread.FORMAT if fields is None else self._read(fields, at_mono, [line])

    # JSON over several lines

    def _json_line(self, line: str, at_mono: float) -> Unread | None:
        if self._json.lines:
            return self._json_goes_on(line.strip(), at_mono)
        body = self._kind.format.body(line)
        text = "" if body is None else body.strip(" \t\0")
        if self._json.begins(text):
            return None
        fields = self._kind.format.fields(line)
        if fields is None:
            return Unread.DAMAGED if text.startswith("{") else Unread.FORMAT
        return self._read(fields, at_mono, [line])

    def _json_goes_on(self, line: str, at_mono: float) -> Unread | None:
        if self._json.interrupts(line):
            self._give_up(self._json.lines, at_mono)
            self._json.lines = []
            return self._json_line(line, at_mono)
        if not self._json.add(line):
            return None
        lines = list(self._json.lines)
        fields = self._json.taken()
        if fields is None:
            self._give_up(lines, at_mono)
            return None
        reason = self._read(fields, at_mono, lines)
        if reason is not None:
            self._note(lines, reason, at_mono)
        return None

    # Records

    def _gather(self, record: Record, line: str, at_mono: float) -> Unread | None:
        state, form = self._state, self._kind.format
        if record.begins(line):
            self._finish(at_mono)
            state.gathered, state.fresh = Gathered(), False
        elif state.gathered is None:
            if not line.strip():
                if record.ends(line):
                    state.fresh = False
                return Unread.FORMAT
            if record.begin is not None:
                # Before the first beginning, or behind a record that is complete.
                return Unread.BEGINNING if state.fresh else Unread.OUTSIDE
            state.gathered = Gathered()
        gathered = state.gathered
        assert gathered is not None
        marker = record.begins(line) or record.ends(line)
        fits = gathered.add(form, line, at_mono) if line.strip() else False
        gathered.lines += fits or (marker and bool(line.strip()))
        if gathered.lines > RECORD_LINES_MAX:
            self._give_up(gathered.texts, at_mono)
            state.gathered = None
            return None
        if record.ends(line) or self._complete(gathered):
            self._finish(at_mono)
        return None if fits or marker else Unread.FORMAT

    def _complete(self, gathered: Gathered) -> bool:
        """Whether nothing more can come that is wanted; what ends the record comes otherwise."""
        record = self._kind.record
        return (
            record is not None
            and record.end is None
            and bool(self._described)
            and self._described.keys() <= gathered.fields.keys()
        )

    def _finish(self, at_mono: float) -> None:
        """The record is at its end."""
        state, gathered = self._state, self._state.gathered
        state.gathered = None
        if gathered is None or not gathered.texts:
            return
        partial = not self._described or not self._described.keys() <= gathered.fields.keys()
        fresh, state.fresh = state.fresh, False
        if fresh and partial:
            self._note(gathered.texts, Unread.BEGINNING, at_mono)
        elif not gathered.fields:
            self._give_up(gathered.texts, at_mono)
        else:
            reason = self._read(gathered.fields, gathered.at_mono, gathered.texts)
            if reason is not None:
                self._note(gathered.texts, reason, at_mono)

    def _give_up(self, lines: list[str], at_mono: float) -> None:
        """One reading is lost, whatever it was printed on."""
        self._note(lines[:1], Unread.DAMAGED, at_mono)
        self._note(lines[1:], Unread.INCOMPLETE, at_mono)

    def _note(self, lines: list[str], reason: Unread, at_mono: float) -> None:
        for line in lines:
            self._account.note(line, reason, at_mono)

    # Values

    def _read(
        self, fields: Mapping[str, object], at_mono: float, lines: list[str]
    ) -> Unread | None:
        if self._learner is None:
            values = self._values(fields, at_mono, sum(map(len, lines)))
            if values is None:
                return self._fate(fields)
            self._account.complete += 1
            self._take(values, len(lines))
            return None
        if fields.keys().isdisjoint(self.channels) and self._fate(fields) is Unread.DECIMAL:
            return Unread.DECIMAL
        self._account.complete += 1
        size = sum(map(len, lines))
        for held in self._learner.learn(HeldLine(fields, at_mono, lines[0], len(lines), size)):
            values = self._values(held.fields, held.at_mono, held.size)
            if values is not None:
                self._take(values, held.lines)
            elif held.at_mono == at_mono and held.fields is fields:
                return Unread.NO_VALUE
            else:
                self._note([held.text] * held.lines, Unread.NO_VALUE, held.at_mono)
        self._note_ignored()
        return None

    def _fate(self, fields: Mapping[str, object]) -> Unread:
        """Why none of the fields has a value."""
        decimal = self._kind.format.decimal
        if any(has_other_mark(value, decimal) for value in fields.values()):
            return Unread.DECIMAL
        return Unread.NO_VALUE

    def _note_ignored(self) -> None:
        assert self._learner is not None
        for held in self._learner.ignored:
            self._note([held.text] * held.lines, Unread.BANNER, held.at_mono)
        self._learner.ignored.clear()

    def _take(self, values: LineValues, lines: int) -> None:
        self._account.measured += lines
        self.found.append(values)

    def _values(self, fields: Mapping[str, object], at_mono: float, size: int) -> LineValues | None:
        """The values of the channels; None when no field of theirs can be read."""
        values: dict[str, Readable] = {}
        usable = out_of_range = False
        for name, channel in self.channels.items():
            values[channel.name] = None
            if name not in fields:
                continue
            try:
                value = channel.value(fields[name], self._kind.format.decimal, self._printed(name))
            except Unreadable:
                continue
            values[channel.name] = value
            usable = True
            out_of_range |= not channel.fits(value)
        return LineValues(values, out_of_range, at_mono, size) if usable else None

    def _printed(self, name: str) -> PrintedUnit:
        if self._learner is not None:
            return self._learner.printed(name)
        return self._state.printed.setdefault(name, PrintedUnit())
