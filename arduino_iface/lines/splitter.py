"""Lines cut out of bytes, each with the time when its end came."""

import re
from dataclasses import dataclass

from arduino_iface.lines.unread import Unread

LINE_MAX = 1024
"""Bytes of one line; a longer one is skipped as a whole."""

ENCODINGS = ("utf-8", "latin-1", "cp1252", "cp437", "shift_jis")
"""Encodings that can be configured."""

_ENDS = re.compile(rb"\r\n|\n\r|\r|\n")
_OTHER_HALF = {b"\r": b"\n", b"\n": b"\r"}
_SHOWN_MAX = 80
# Bytes beyond ASCII that sketches print for a degree sign, a micro sign or a small exponent.
_SIGNS = re.compile(rb"[\x09\x20-\x7e\xa0\xb0-\xb5\xb7\xba]*")
# What colours a terminal or clears it, and what scales and readers put around a line (STX, ETX).
_COLOURS = re.compile(rb"\x1b\[[0-9;]*[A-Za-z]")
_AROUND = b"\0\x02\x03\x0c"
_CONTROLS = re.compile(r"[\x01-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class ArrivedLine:
    """One line without its end; "" is a blank line. `at_mono` (monotonic seconds): when its end came.

    `problem` tells why it cannot be read, None for a whole line.
    """

    text: str
    at_mono: float
    problem: Unread | None = None


class LineSplitter:
    """Bytes in, lines out. Not thread-safe.

    The first line after a `reset` cannot be read: its beginning may be missing, and the rest of a number is a
    number too.

    Without an `encoding` a line is UTF-8, or Latin-1 if that is all that makes sense of its degree sign.
    """

    def __init__(self, encoding: str | None = None) -> None:
        self._encoding = encoding
        self._rest = bytearray()
        self._length = 0  # of the line that has begun, also of what was not kept
        self._last = b""  # the line end, if the bytes before ended with one
        self._beginning = True

    @property
    def untouched(self) -> bool:
        """Whether nothing was received since the `reset`."""
        return self._beginning and not self._length

    @property
    def pending(self) -> int:
        """Bytes of the line that has begun."""
        return self._length

    @property
    def has_noise(self) -> bool:
        """Whether the line that has begun is not text."""
        return bool(self._length) and not self._decoded(bytes(self._rest))[1]

    def reset(self) -> None:
        """Forget received bytes: the port was opened again."""
        self._begin_line()
        self._last = b""
        self._beginning = True

    def drop_rest(self) -> str | None:
        """Forget a line that has begun; the next byte begins a line. What is forgotten, None: nothing."""
        dropped = None
        if self._length and not self._beginning:
            dropped = self._decoded(bytes(self._rest[:_SHOWN_MAX]))[0]
        self._begin_line()
        self._beginning = False
        return dropped

    def feed(self, data: bytes, at_mono: float = 0.0, byte_s: float = 0.0) -> list[ArrivedLine]:
        """The lines that are complete now.

        `at_mono`: when the last byte of `data` came; each byte before it came `byte_s` earlier.
        """
        if not data:
            return []
        size = len(data)
        begin = 1 if _OTHER_HALF.get(self._last) == data[:1] else 0
        self._last = b""
        lines: list[ArrivedLine] = []
        for end in _ENDS.finditer(data, begin):
            self._keep(data[begin : end.start()])
            lines.append(self._finish(at_mono - (size - end.end()) * byte_s))
            begin = end.end()
            self._last = end[0] if begin == size and len(end[0]) == 1 else b""
        self._keep(data[begin:])
        return lines

    def _keep(self, piece: bytes) -> None:
        self._length += len(piece)
        self._rest += piece
        del self._rest[LINE_MAX:]

    def _begin_line(self) -> None:
        self._rest.clear()
        self._length = 0

    def _finish(self, at_mono: float) -> ArrivedLine:
        piece, length = bytes(self._rest), self._length
        beginning, self._beginning = self._beginning, False
        self._begin_line()
        text, is_text = self._decoded(piece[:_SHOWN_MAX] if length > LINE_MAX else piece)
        problem = None if is_text else Unread.NOT_TEXT
        if beginning:
            problem = Unread.BEGINNING if length else None
        elif length > LINE_MAX:
            problem = Unread.TOO_LONG
        return ArrivedLine(text, at_mono, problem)

    def _decoded(self, piece: bytes) -> tuple[str, bool]:
        """The text, and whether it is one."""
        piece = _COLOURS.sub(b"", piece).strip(_AROUND)
        encoding = self._encoding
        if encoding is None:
            encoding = "utf-8"
            if not piece.isascii() and _SIGNS.fullmatch(piece) is not None:
                encoding = "latin-1"
        text = piece.decode(encoding, errors="replace")
        return text, "\ufffd" not in text and _CONTROLS.search(text) is None
