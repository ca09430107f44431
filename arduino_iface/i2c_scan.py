"""Looking for boards on I2C by reading only, which is safe for other devices.

A write could alter an EEPROM or a clock chip, so HELLO goes only to an address whose bytes show a board that
speaks the protocol: a beacon, or the reply to an earlier request, which stays readable until the next one.
"""

from dataclasses import dataclass
from enum import StrEnum

from arduino_iface import frame
from arduino_iface.bus import I2cBus
from arduino_iface.errors import BadFrame, BusFault, DeviceSilent
from arduino_iface.lock import Priority

LOOK_TIMEOUT_S = 1.0
"""How long a look waits for the bus, seconds; looks have the lowest priority."""

_LOOKS_MAX = 3
_NOTHING_DRIVEN = b"\xff" * frame.BEACON_LENGTH


class SightingKind(StrEnum):
    """The result of a look at one address."""

    ABSENT = "absent"
    """The address was not acknowledged."""
    BOARD = "board"
    """A board that speaks the device protocol."""
    STRANGER = "stranger"
    """Another device; nothing is written to it."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What was seen at an address; `data` are the bytes that were read, `error` the errno if none were."""

    address: int
    kind: SightingKind
    data: bytes = b""
    error: int | None = None


def look(bus: I2cBus, address: int, timeout_s: float = LOOK_TIMEOUT_S) -> Sighting:
    """Read four bytes from an address, and a whole frame only when they begin like a reply.

    Raises `BusBusy` when the bus was not free and `PortLost` when the adapter is gone.
    """
    try:
        data = bus.read(address, frame.BEACON_LENGTH, Priority.SCAN, timeout_s)
        if frame.beacon(data) is not None:
            return Sighting(address, SightingKind.BOARD, data)
        if _begins_like_a_reply(data):
            data = bus.read(address, frame.I2C_FRAME_MAX, Priority.SCAN, timeout_s)
            if _is_reply(data, address):
                return Sighting(address, SightingKind.BOARD, data)
    except BusFault as error:
        return Sighting(address, SightingKind.ABSENT, error=error.errno)
    return Sighting(address, SightingKind.STRANGER, data)


def require_board(bus: I2cBus, address: int) -> None:
    """Raise `DeviceSilent` unless a board that speaks the protocol is there; a damaged read is retried."""
    sighting = look(bus, address)
    for _ in range(_LOOKS_MAX - 1):
        if sighting.kind is not SightingKind.STRANGER:
            break
        sighting = look(bus, address)
    if sighting.kind is SightingKind.ABSENT:
        raise DeviceSilent(f"nothing acknowledged address 0x{address:02x}")
    if sighting.kind is SightingKind.STRANGER:
        raise DeviceSilent(
            f"the device at address 0x{address:02x} does not speak the device protocol; nothing is sent"
        )


def _begins_like_a_reply(data: bytes) -> bool:
    plausible = frame.OVERHEAD - 1 <= data[0] < frame.I2C_FRAME_MAX
    return plausible and bool(data[1] & frame.REPLY) and data != _NOTHING_DRIVEN


def _is_reply(data: bytes, address: int) -> bool:
    try:
        return bool(frame.decode(data, address, padded=True).type & frame.REPLY)
    except BadFrame:
        return False
