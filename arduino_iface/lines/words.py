"""Why nothing can be read, in words: a wrong baud rate, lines that are too long, another format."""

from collections.abc import Sequence

from arduino_iface.lines.reader import LineSettings
from arduino_iface.lines.splitter import LINE_MAX, LineSplitter
from arduino_iface.lines.unread import Unread, UnreadLine


def silence_words(
    settings: LineSettings, splitter: LineSplitter, unread: Sequence[UnreadLine], baud_rate: int
) -> str:
    """Why there is no reading, by the last unread lines and the line that has begun."""
    reasons = {one.reason for one in unread}
    if Unread.NOT_TEXT in reasons or splitter.has_noise:
        return (
            f"what arrives is not text: the baud rate is probably not {baud_rate}; write that of the"
            " sketch's Serial.begin() into [[bus]] baud_rate"
        )
    if Unread.TOO_LONG in reasons or splitter.pending > LINE_MAX:
        return (
            f"a line has more than {LINE_MAX} bytes: the sketch must end each line, as Serial.println()"
            " does"
        )
    if not unread:
        if splitter.pending:
            return "bytes arrive and no end of a line: the sketch must use Serial.println()"
        return "no line with a reading arrived"
    return f"no line with a reading arrived; {_reason(settings, unread)}{shown(unread)}"


def _reason(settings: LineSettings, unread: Sequence[UnreadLine]) -> str:
    if all(one.reason is Unread.FORMAT for one in unread):
        formats = " or ".join(
            dict.fromkeys(f'"{kind.format.kind.value}"' for kind in settings.kinds)
        )
        return f"none has the format {formats}; "
    return ""


def shown(unread: Sequence[UnreadLine]) -> str:
    """The last unread lines."""
    return f"not read: {'; '.join(map(str, unread))}"
