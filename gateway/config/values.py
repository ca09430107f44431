"""What the core's own keys take beyond their kind: addresses, origins of web pages, drivers, metadata."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from marshmallow import ValidationError

from gateway.config.fields import refuse, shown
from gateway.config.names import METADATA_KEYS_MAX, metadata_problem
from gateway.config.problems import ValueProblem, close_match
from gateway.config.settings import AddressRange
from gateway.drivers.table import DRIVERS

ADDRESS_MIN = 0x03
"""A device may be configured from here on. I2C keeps 0x03 to 0x07 for buses that no board of ours is on."""

SEARCHED_MIN = 0x08
"""The search leaves the addresses below alone: it reads only where the specification has devices."""

ADDRESS_MAX = 0x77
"""I2C keeps the addresses above for itself."""

USUAL_BAUD_RATES = (
    *(1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200),
    *(230400, 250000, 460800, 500000, 921600, 1000000, 2000000),
)

_RANGE = re.compile(r"0x([0-9A-Fa-f]{1,2})(?:-0x([0-9A-Fa-f]{1,2}))?", re.ASCII)


def address_range(text: str) -> AddressRange:
    """From "0x08-0x2F" or "0x12". Raises `ValueError`."""
    match = _RANGE.fullmatch(text)
    if match is None:
        raise ValueError("is not an address or a range of addresses")
    first = int(match[1], 16)
    last = int(match[2] or match[1], 16)
    if first > last:
        raise ValueError("ends before it begins")
    if first < SEARCHED_MIN or last > ADDRESS_MAX:
        raise ValueError("is outside 0x08 to 0x77, the addresses of I2C devices that are searched")
    return AddressRange(first, last)


def origin(text: str) -> str:
    """The origin of a web page. Raises `ValueError` for anything else."""
    if text == "*":
        raise ValueError(
            "would let every web page that is open in a browser here command the devices"
        )
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("is not the origin of a web page")
    try:
        parts = urlsplit(text)
        host = parts.hostname
        _ = parts.port  # raises where it is not a port
    except ValueError as error:
        raise ValueError("is not the origin of a web page") from error
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        raise ValueError("is not the origin of a web page")
    if text != f"{parts.scheme}://{parts.netloc}":
        raise ValueError(f"is more than an origin ({parts.scheme}://{parts.netloc})")
    return text


def driver_name(text: str) -> str:
    """A driver of the table. Raises `ValidationError`."""
    if text not in DRIVERS:
        raise refuse(f"there is no driver {shown(text)}", close_match(text, tuple(DRIVERS)))
    return text


def metadata(raw: Mapping[str, object]) -> Mapping[str, str]:
    """Words of the user's own about a device. Raises `ValueError`."""
    if len(raw) > METADATA_KEYS_MAX:
        raise ValueError(f"has {len(raw)} keys; at most {METADATA_KEYS_MAX} are kept")
    wrong = {
        key: [ValueProblem(problem)]
        for key, item in raw.items()
        if (problem := metadata_problem(key, item))
    }
    if wrong:
        raise ValidationError(wrong)
    return {key: str(item) for key, item in raw.items()}
