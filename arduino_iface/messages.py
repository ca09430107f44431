"""The payloads of the device protocol, version 1, as values that encode and decode themselves.

Both directions are here, since the simulated boards answer with the same code. Integers are
little-endian. Every `decode` raises `BadFrame` for a payload of the wrong shape.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Self

from arduino_iface.errors import BadFrame

PROTOCOL_VERSION = 1
"""The version of docs/protocol.md."""


class RequestType(IntEnum):
    """TYPE of a request; its reply has bit 7 set as well."""

    HELLO = 0x01
    DESCRIBE = 0x02
    POLL = 0x03
    COMMAND = 0x04


ERROR_REPLY = 0xFF
"""TYPE of the error reply: 7F with the reply bit."""


class ErrorCode(IntEnum):
    """Why a device answered with an error reply."""

    UNKNOWN_TYPE = 1
    MALFORMED_PAYLOAD = 2
    VERSION_NOT_SPOKEN = 3


class HelloFlag(IntFlag):
    """Flags of the HELLO reply."""

    SAFE_STATE = 1
    WINDOWED_POLL = 2


class PollFlag(IntFlag):
    """Flags of the POLL reply."""

    MORE = 1
    SAFE_STATE = 2


class CommandStatus(IntEnum):
    """The status of a command."""

    DONE = 0
    RUNNING = 1
    UNKNOWN_COMMAND = 2
    BAD_ARGUMENT = 3
    REFUSED = 4
    FAILED = 5


class BuiltIn(IntEnum):
    """Command codes every board understands."""

    SET_INTERVAL = 0xFD
    RESTART = 0xFE
    IDENTIFY = 0xFF


def _unpack(layout: struct.Struct, payload: bytes, what: str) -> tuple[int, ...]:
    if len(payload) != layout.size:
        raise BadFrame(f"{what} of {len(payload)} bytes; {layout.size} expected")
    return layout.unpack(payload)


@dataclass(frozen=True, slots=True)
class HelloRequest:
    """Asks for a board's identity. `version` is the protocol version the gateway speaks."""

    version: int = PROTOCOL_VERSION

    def encode(self) -> bytes:
        """The payload."""
        return bytes((self.version,))

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """From a payload."""
        if len(payload) != 1:
            raise BadFrame(f"HELLO of {len(payload)} bytes; 1 expected")
        return cls(payload[0])


_HELLO_REPLY = struct.Struct("<B8sHHHBBBI")
_NO_FLAGS = HelloFlag(0)


@dataclass(frozen=True, slots=True)
class HelloReply:
    """A board's identity. `uid` is 8 bytes; frame limits count whole frames; uptime in ms."""

    uid: bytes
    boot: int
    schema_crc: int
    schema_length: int
    request_max: int
    reply_max: int
    flags: HelloFlag = _NO_FLAGS
    uptime_ms: int = 0
    version: int = PROTOCOL_VERSION

    def encode(self) -> bytes:
        """The payload."""
        return _HELLO_REPLY.pack(
            self.version,
            self.uid,
            self.boot,
            self.schema_crc,
            self.schema_length,
            self.request_max,
            self.reply_max,
            self.flags,
            self.uptime_ms,
        )

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """From a payload."""
        if len(payload) != _HELLO_REPLY.size:
            raise BadFrame(f"HELLO reply of {len(payload)} bytes; {_HELLO_REPLY.size} expected")
        version, uid, boot, crc, length, request_max, reply_max, flags, uptime_ms = (
            _HELLO_REPLY.unpack(payload)
        )
        return cls(
            uid, boot, crc, length, request_max, reply_max, HelloFlag(flags), uptime_ms, version
        )


_U16 = struct.Struct("<H")


@dataclass(frozen=True, slots=True)
class DescribeRequest:
    """Asks for the schema text from byte `offset` on."""

    offset: int

    def encode(self) -> bytes:
        """The payload."""
        return _U16.pack(self.offset)

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """From a payload."""
        (offset,) = _unpack(_U16, payload, "DESCRIBE")
        return cls(offset)


@dataclass(frozen=True, slots=True)
class DescribeReply:
    """Part of the schema text from byte `offset` on, as many bytes as fit; empty at or past the end."""

    offset: int
    piece: bytes

    def encode(self) -> bytes:
        """The payload."""
        return _U16.pack(self.offset) + self.piece

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """From a payload."""
        if len(payload) < _U16.size:
            raise BadFrame("DESCRIBE reply without an offset")
        return cls(_U16.unpack_from(payload)[0], payload[_U16.size :])


_POLL = struct.Struct("<HI")
_POLL_WINDOWED = struct.Struct("<HIH")


@dataclass(frozen=True, slots=True)
class PollRequest:
    """Asks for samples. `next` is the lowest number not durably stored; the board may forget older ones.

    `skip` samples from `next` on were received but are not stored yet: the board keeps them and
    answers with those after them. It is sent only when not zero, and only to a board whose HELLO
    has the flag `WINDOWED_POLL`.
    """

    boot: int
    next: int
    skip: int = 0

    def encode(self) -> bytes:
        """The payload."""
        if self.skip:
            return _POLL_WINDOWED.pack(self.boot, self.next, self.skip)
        return _POLL.pack(self.boot, self.next)

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """From a payload, in its short or its windowed form."""
        if len(payload) == _POLL_WINDOWED.size:
            return cls(*_POLL_WINDOWED.unpack(payload))
        return cls(*_unpack(_POLL, payload, "POLL"))


SAMPLE_NUMBER_MAX = 0xFFFF_FFFF
"""Highest number that fits the field for the next sample."""

_POLL_REPLY = struct.Struct("<HBIB")


@dataclass(frozen=True, slots=True)
class PollReply:
    """`count` packed samples, numbered from `first` on, which is the next to come when none are."""

    boot: int
    flags: PollFlag
    first: int
    count: int
    samples: bytes

    OVERHEAD = _POLL_REPLY.size
    """Bytes of the payload before the samples."""

    def encode(self) -> bytes:
        """The payload."""
        return _POLL_REPLY.pack(self.boot, self.flags, self.first, self.count) + self.samples

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """From a payload; that the samples fill it exactly is checked where their size is known."""
        if len(payload) < _POLL_REPLY.size:
            raise BadFrame(f"POLL reply of {len(payload)} bytes; at least {_POLL_REPLY.size}")
        boot, flags, first, count = _POLL_REPLY.unpack_from(payload)
        return cls(boot, PollFlag(flags), first, count, payload[_POLL_REPLY.size :])


_COMMAND = struct.Struct("<HB")


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """Execute once: a repeated `token` is answered, not executed again."""

    token: int
    code: int
    arguments: bytes = b""

    def encode(self) -> bytes:
        """The payload."""
        return _COMMAND.pack(self.token, self.code) + self.arguments

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """From a payload; the arguments are checked where their types are known."""
        if len(payload) < _COMMAND.size:
            raise BadFrame(f"COMMAND of {len(payload)} bytes; at least {_COMMAND.size}")
        token, code = _COMMAND.unpack_from(payload)
        return cls(token, code, payload[_COMMAND.size :])


@dataclass(frozen=True, slots=True)
class CommandReply:
    """What became of the command with this token."""

    token: int
    status: CommandStatus

    def encode(self) -> bytes:
        """The payload."""
        return _COMMAND.pack(self.token, self.status)

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """From a payload. A status that version 1 does not know is a `BadFrame`."""
        token, status = _unpack(_COMMAND, payload, "COMMAND reply")
        try:
            return cls(token, CommandStatus(status))
        except ValueError as error:
            raise BadFrame(f"command status {status} is not of version 1") from error


def decode_error(payload: bytes) -> int:
    """The error number of an error reply (see `ErrorCode`)."""
    if len(payload) != 1:
        raise BadFrame(f"error reply of {len(payload)} bytes; 1 expected")
    return payload[0]
