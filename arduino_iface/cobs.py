"""Consistent Overhead Byte Stuffing: bytes without zeros, so that a zero can separate frames.

Source: S. Cheshire, M. Baker, "Consistent Overhead Byte Stuffing", IEEE/ACM Transactions on
Networking 7 (2), 1999. Overhead: one byte, and one more for each full 254 bytes without a zero.
"""

from arduino_iface.errors import BadFrame

DELIMITER = 0x00
"""The byte that separates frames."""

_BLOCK_MAX = 254


def encode(data: bytes) -> bytes:
    """`data` without zero bytes and without delimiters."""
    out = bytearray()
    blocks = data.split(b"\x00")
    for index, block in enumerate(blocks):
        rest = block
        while len(rest) >= _BLOCK_MAX:
            out.append(0xFF)
            out += rest[:_BLOCK_MAX]
            rest = rest[_BLOCK_MAX:]
            if not rest and index == len(blocks) - 1:
                return bytes(out)
        out.append(len(rest) + 1)
        out += rest
    return bytes(out)


def decode(data: bytes) -> bytes:
    """The inverse of `encode`; `data` comes without its delimiters.

    Raises `BadFrame` for a zero inside, an empty block, and a truncated one.
    """
    if not data:
        raise BadFrame("an empty COBS block")
    if DELIMITER in data:
        raise BadFrame("a zero byte inside a COBS block")
    out = bytearray()
    position = 0
    while position < len(data):
        code = data[position]
        end = position + code
        if end > len(data):
            raise BadFrame("a truncated COBS block")
        out += data[position + 1 : end]
        if code != 0xFF and end < len(data):
            out.append(DELIMITER)
        position = end
    return bytes(out)
