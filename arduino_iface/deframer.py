"""From a serial byte stream to frames: split at zeros, undo COBS, check, count the rest."""

from arduino_iface import cobs, frame
from arduino_iface.errors import BadFrame
from arduino_iface.frame import Frame

_ENCODED_MAX = frame.SERIAL_FRAME_MAX + frame.SERIAL_FRAME_MAX // 254 + 1


class Deframer:
    """Takes received bytes, gives the valid frames. Its memory is bounded by one frame.

    `skipped_bytes` counts bytes outside valid frames (a sketch's prints, a boot loader, noise);
    `bad_frames` counts delimited pieces that failed their check.
    Not thread-safe: one reader owns it.
    """

    def __init__(self) -> None:
        """Not synchronised: bytes before the first zero may be the tail of a frame."""
        self.skipped_bytes = 0
        self.bad_frames = 0
        self._piece = bytearray()
        self._overlong = False

    def feed(self, data: bytes) -> list[Frame]:
        """The frames completed by `data`, in order."""
        frames: list[Frame] = []
        *complete, rest = data.split(b"\x00")
        for piece in complete:
            self._take(piece)
            found = self._finish()
            if found is not None:
                frames.append(found)
        self._take(rest)
        return frames

    def reset(self) -> None:
        """Forget a half-received piece, as after the port was opened again."""
        self.skipped_bytes += len(self._piece)
        self._piece.clear()
        self._overlong = False

    def _take(self, piece: bytes) -> None:
        if self._overlong or len(self._piece) + len(piece) > _ENCODED_MAX:
            self.skipped_bytes += len(self._piece) + len(piece)
            self._piece.clear()
            self._overlong = True
        else:
            self._piece += piece

    def _finish(self) -> Frame | None:
        piece, self._piece = bytes(self._piece), bytearray()
        overlong, self._overlong = self._overlong, False
        if overlong or not piece:
            self.bad_frames += overlong
            return None
        try:
            return frame.decode(cobs.decode(piece))
        except BadFrame:
            self.bad_frames += 1
            self.skipped_bytes += len(piece)
            return None


def enframe(message: Frame) -> bytes:
    """The bytes of `message` on a serial wire, a zero before and after."""
    return delimited(message.encode())


def delimited(data: bytes) -> bytes:
    """The bytes of an encoded frame on a serial wire, a zero before and after."""
    return b"\x00" + cobs.encode(data) + b"\x00"
