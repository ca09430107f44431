"""What becomes of the bytes that a sketch prints: for tests of the forms of lines."""

from collections.abc import Sequence
from dataclasses import dataclass

from arduino_iface.lines.reader import LineReader, LineSettings
from arduino_iface.lines.splitter import LineSplitter
from arduino_iface.lines.unread import LineCounts, Unread
from arduino_iface.values import Readable

Values = dict[str, Readable]


@dataclass(frozen=True)
class Printed:
    readings: list[Values]
    counts: LineCounts
    units: dict[str, str | None]
    last: Sequence[str]

    @property
    def unread(self) -> dict[Unread, int]:
        return dict(self.counts.unread)


def printed(settings: LineSettings, wire: str | bytes) -> Printed:
    """The port was opened before the first of these bytes came, at the beginning of a line."""
    splitter = LineSplitter(settings.encoding)
    splitter.drop_rest()
    reader = LineReader(settings, "sketch")
    readings: list[Values] = []
    lines = splitter.feed(wire.encode() if isinstance(wire, str) else wire)
    for line in lines:
        readings += [dict(found.values) for found in reader.read(line)]
    units = {one.name: one.unit for one in reader.channels}
    last = [str(one) for one in reader.account.last()]
    return Printed(readings, reader.account.counts, units, last)
