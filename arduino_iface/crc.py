"""The checksum of frames and schemas: CRC-16 with polynomial 0x1021, initial value 0xFFFF.

Not reflected, no final XOR; known as CRC-16/CCITT-FALSE and as CRC-16/IBM-3740. Its check value,
over the ASCII digits 123456789, is 0x29B1.
"""

from binascii import crc_hqx

INITIAL = 0xFFFF
"""Initial value of the checksum."""


def crc16(data: bytes, initial: int = INITIAL) -> int:
    """Checksum of `data`; pass an earlier result as `initial` to continue it."""
    return crc_hqx(data, initial)
