"""An independent, minimal client of the device protocol, for tests of the firmware.

It shares no code with the gateway: a mistake in one of the two shows as a disagreement.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import serial

from tests.support.avr import BusRefused, Uno

HELLO, DESCRIBE, POLL, COMMAND, ERROR = 1, 2, 3, 4, 0x7F
DONE, ACCEPTED, UNKNOWN_COMMAND, BAD_ARGUMENT, REFUSED, FAILED = range(6)
SET_INTERVAL, RESTART, IDENTIFY = 0xFD, 0xFE, 0xFF
IDLE_BEACON, BUSY_BEACON = bytes.fromhex("00475701"), bytes.fromhex("01475701")


class ProtocolRefusal(Exception):
    """The board answered with an error reply; `code` says which."""

    def __init__(self, code: int) -> None:
        super().__init__(f"error reply {code}")
        self.code = code


def crc16(data: bytes) -> int:
    """CRC-16, polynomial 0x1021, initial 0xFFFF, bit by bit."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def encode_frame(address: int, kind: int, seq: int, payload: bytes = b"") -> bytes:
    """A whole frame for the board at `address` (0 on serial)."""
    head = bytes([4 + len(payload), kind, seq]) + payload
    return head + struct.pack(">H", crc16(bytes([address]) + head))


def decode_frame(address: int, data: bytes) -> tuple[int, int, bytes] | None:
    """Type, SEQ and payload of the frame that `data` is or begins with; None if it is none."""
    if len(data) < 5 or data[0] < 4 or data[0] + 1 > len(data):
        return None
    frame = data[: data[0] + 1]
    if struct.pack(">H", crc16(bytes([address]) + frame[:-2])) != frame[-2:]:
        return None
    return frame[1], frame[2], frame[3:-2]


def cobs_encode(data: bytes) -> bytes:
    """The coded form, without the zeros around it."""
    out = bytearray()
    groups = data.split(b"\0")
    for index, group in enumerate(groups):
        rest = group
        while len(rest) > 254 or (len(rest) == 254 and index + 1 < len(groups)):
            out += b"\xff" + rest[:254]
            rest = rest[254:]
        out += bytes([len(rest) + 1]) + rest
    return bytes(out)


def cobs_decode(data: bytes) -> bytes | None:
    """The plain form of what stood between two zeros; None if it is not COBS."""
    out = bytearray()
    at = 0
    while at < len(data):
        code = data[at]
        group = data[at + 1 : at + code]
        if code == 0 or len(group) != code - 1 or 0 in group:
            return None
        out += group
        at += code
        if at < len(data) and code < 0xFF:
            out.append(0)
    return bytes(out)


class Hello(NamedTuple):
    """A HELLO reply."""

    version: int
    uid: bytes
    boot: int
    schema_crc: int
    schema_length: int
    request_max: int
    reply_max: int
    flags: int
    uptime_ms: int


class Sample(NamedTuple):
    """One sample as it came: number, age and the packed values."""

    number: int
    age_ms: int
    packed: bytes


@dataclass(frozen=True)
class Poll:
    """A POLL reply."""

    boot: int
    more: bool
    safe: bool
    first: int
    samples: list[Sample]


class Wire(Protocol):
    """Carries one request to a board and brings what came back."""

    address: int

    def exchange(self, request: bytes, timeout_s: float) -> bytes | None:
        """The reply frame, or None when none came in time."""

    def listen(self, timeout_s: float) -> bytes | None:
        """One more frame, without asking for it."""


class SerialWire:
    """A serial port with COBS frames. `skipped` counts what was no valid frame."""

    address = 0

    def __init__(self, port: serial.Serial) -> None:
        self.port = port
        self.skipped = 0
        self._buffer = bytearray()

    def frames(self, deadline: float) -> Iterator[bytes]:
        """Valid frames as they come in, until the deadline (monotonic)."""
        while True:
            while (end := self._buffer.find(0)) >= 0:
                piece = bytes(self._buffer[:end])
                del self._buffer[: end + 1]
                frame = cobs_decode(piece) if piece else None
                if frame and len(frame) == frame[0] + 1 and decode_frame(0, frame):
                    yield frame
                elif piece:
                    self.skipped += 1
            left = deadline - time.monotonic()
            if left <= 0:
                return
            self.port.timeout = left
            self._buffer += self.port.read(max(1, self.port.in_waiting))

    def listen(self, timeout_s: float) -> bytes | None:
        return next(self.frames(time.monotonic() + timeout_s), None)

    def exchange(self, request: bytes, timeout_s: float) -> bytes | None:
        self.port.write(b"\0" + cobs_encode(request) + b"\0")
        for frame in self.frames(time.monotonic() + timeout_s):
            if frame[2] == request[2] and frame[1] in (request[1] | 0x80, 0xFF):
                return frame
        return None


class I2cWire:
    """A board behind an I2C bus, given as two functions; each may raise OSError."""

    def __init__(
        self,
        address: int,
        write: Callable[[int, bytes], object],
        read: Callable[[int, int], bytes],
    ) -> None:
        self.address = address
        self.busy_seen = 0
        self._write = write
        self._read = read

    @classmethod
    def of(cls, uno: Uno, address: int) -> I2cWire:
        """Through the simulator's control socket."""
        return cls(
            address,
            lambda to, data: uno.i2c((to, data)),
            lambda to, count: uno.i2c((to, count)).data,
        )

    def listen(self, timeout_s: float) -> bytes | None:
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            try:
                data = self._read(self.address, 32)
            except OSError:
                continue
            if data.startswith(BUSY_BEACON):
                self.busy_seen += 1
            elif data.startswith(IDLE_BEACON):
                return None
            elif decode_frame(self.address, data):
                return data[: data[0] + 1]
        return None

    def exchange(self, request: bytes, timeout_s: float) -> bytes | None:
        try:
            self._write(self.address, request)
        except OSError:
            return None
        reply = self.listen(timeout_s)
        if reply and reply[2] == request[2] and reply[1] in (request[1] | 0x80, 0xFF):
            return reply
        return None


class Client:
    """One board over one wire: requests with their retries, and replies taken apart."""

    def __init__(self, wire: Wire, *, tries: int = 8, reply_timeout_s: float = 1.0) -> None:
        self.wire = wire
        self.seq = 0
        self.tries = tries
        self.reply_timeout_s = reply_timeout_s
        self.resent = 0

    def request(self, kind: int, payload: bytes = b"", *, seq: int | None = None) -> bytes:
        """The reply's payload. TimeoutError, or ProtocolRefusal."""
        if seq is None:
            self.seq = seq = (self.seq + 1) & 0xFF
        frame = encode_frame(self.wire.address, kind, seq, payload)
        for attempt in range(self.tries):
            self.resent += attempt > 0
            reply = self.wire.exchange(frame, self.reply_timeout_s)
            if reply is None:
                continue
            decoded = decode_frame(self.wire.address, reply)
            assert decoded is not None
            if decoded[0] == ERROR | 0x80:
                raise ProtocolRefusal(decoded[2][0])
            return decoded[2]
        raise TimeoutError(f"no reply to type {kind}")

    def hello(self, version: int = 1) -> Hello:
        return parse_hello(self.request(HELLO, bytes([version])))

    def schema(self) -> bytes:
        """The whole schema text, piece by piece."""
        text = b""
        while True:
            piece = self.request(DESCRIBE, struct.pack("<H", len(text)))
            assert struct.unpack_from("<H", piece)[0] == len(text)
            if len(piece) == 2:
                return text
            text += piece[2:]

    def poll(
        self, boot: int, next_number: int, sample_length: int, *, skip: int | None = None
    ) -> Poll:
        payload = struct.pack("<HI", boot, next_number)
        if skip is not None:
            payload += struct.pack("<H", skip)
        return parse_poll(self.request(POLL, payload), sample_length)

    def command(self, token: int, code: int, arguments: bytes = b"") -> int:
        """The status."""
        reply = self.request(COMMAND, struct.pack("<HB", token, code) + arguments)
        answered, status = struct.unpack("<HB", reply)
        assert answered == token
        return int(status)


def parse_hello(payload: bytes) -> Hello:
    """Payload of a HELLO reply."""
    return Hello(*struct.unpack("<B8sHHHBBBI", payload))


def parse_poll(payload: bytes, sample_length: int) -> Poll:
    """Payload of a POLL reply, with `sample_length` bytes of values in each sample."""
    boot, flags, first, count = struct.unpack_from("<HBIB", payload)
    samples, at = [], 8
    for index in range(count):
        age = int.from_bytes(payload[at : at + 3], "little")
        samples.append(Sample(first + index, age, payload[at + 3 : at + 3 + sample_length]))
        at += 3 + sample_length
    assert at == len(payload), "a POLL reply has bytes that belong to no sample"
    return Poll(boot, bool(flags & 1), bool(flags & 2), first, samples)


def wait_for_board(uno: Uno, address: int, timeout_s: float = 10.0) -> None:
    """Until the board acknowledges a four-byte read."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            uno.i2c((address, 4))
            return
        except BusRefused:
            pass
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing at {address:#x}")
