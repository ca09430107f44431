"""Replies of a simulated board: the device protocol, version 1 (docs/protocol.md)."""

from collections.abc import Callable
from dataclasses import dataclass

from arduino_iface import frame
from arduino_iface.errors import BadFrame
from arduino_iface.frame import Frame
from arduino_iface.messages import (
    ERROR_REPLY,
    PROTOCOL_VERSION,
    BuiltIn,
    CommandReply,
    CommandRequest,
    CommandStatus,
    DescribeReply,
    DescribeRequest,
    ErrorCode,
    HelloFlag,
    HelloReply,
    HelloRequest,
    PollFlag,
    PollReply,
    PollRequest,
    RequestType,
)
from arduino_iface.schema import Schema
from dummy_hw.commands import DONE, CommandExecutor, Execution
from dummy_hw.eeprom import EepromContents
from dummy_hw.sampling import Sampler, with_age

_COUNT_MAX = 0xFF
_OFFSET_SIZE = 2
_UPTIME_MODULUS = 0x1_0000_0000
# Times are differences of floats: 30 s may be 29999.9999 ms.
_ROUNDING_MS = 1e-3

INTERVAL_MIN_MS = 10
"""Shortest sampling interval that "set interval" accepts."""

INTERVAL_MAX_MS = 86_400_000
"""Longest one, a day."""


@dataclass(frozen=True, slots=True)
class FrameLimits:
    """Longest frames, and whether `POLL` with `skip` is understood."""

    request_max: int
    reply_max: int
    windowed: bool

    def on(self, address: int) -> "FrameLimits":
        """The limits on a wire: I2C (any address but 0) carries at most 32 bytes."""
        if address == frame.SERIAL_ADDRESS:
            return self
        return FrameLimits(
            min(self.request_max, frame.I2C_FRAME_MAX),
            min(self.reply_max, frame.I2C_FRAME_MAX),
            self.windowed,
        )


class Responder:
    """The protocol part of a board's program. Not thread-safe: the board's lock guards it.

    After `keepalive_ms` without a valid frame it is in its safe state: outputs zero, flag set. It
    leaves the safe state with the next valid command of its schema. `restart_wanted` is set by the command
    for it; the board restarts after the reply. `forge` changes each reply before it gets its checksum.
    """

    def __init__(
        self, schema: Schema, sampler: Sampler, executor: CommandExecutor, limits: FrameLimits
    ) -> None:
        self.safe_state = False
        self.identified = 0
        self.restart_wanted = False
        self._schema = schema
        self._text = schema.text.encode()
        self._sampler = sampler
        self._executor = executor
        self._limits = limits
        self._identity = EepromContents(bytes(8))
        self._started_at = 0.0
        self._heard_at = 0.0
        self._last: tuple[int, int] | None = None
        self._last_reply: Frame | None = None
        self.forge: Callable[[Frame], Frame] = unchanged

    def start(self, identity: EepromContents, at: float) -> None:
        """The board starts: nothing is remembered."""
        self._identity = identity
        self._started_at = self._heard_at = at
        self._last = self._last_reply = None
        self.safe_state = False
        self.restart_wanted = False

    def check_keepalive(self, at: float) -> None:
        """Enter the safe state when no valid frame came for `keepalive_ms`."""
        keepalive_ms = self._schema.keepalive_ms
        quiet_ms = (at - self._heard_at) * 1000
        if keepalive_ms and not self.safe_state and quiet_ms >= keepalive_ms - _ROUNDING_MS:
            self.safe_state = True
            self._executor.zero_outputs()

    def answer(self, request: Frame, address: int, at: float) -> Frame:
        """The reply to a valid request; the same SEQ and TYPE again gets the last reply again."""
        self._heard_at = at
        asked = (request.type, request.seq)
        if asked == self._last and self._last_reply and request.type != RequestType.HELLO:
            return self._last_reply
        kind, payload = self._dispatch(request, address, at)
        self._last = asked
        self._last_reply = self.forge(Frame(kind, request.seq, payload))
        return self._last_reply

    def hello(self, address: int, at: float) -> HelloReply:
        """The HELLO reply at a moment, for one wire."""
        limits = self._limits.on(address)
        flags = HelloFlag(0)
        if self.safe_state:
            flags |= HelloFlag.SAFE_STATE
        if limits.windowed:
            flags |= HelloFlag.WINDOWED_POLL
        return HelloReply(
            self._identity.uid,
            self._identity.boot,
            self._schema.crc,
            len(self._text),
            limits.request_max,
            limits.reply_max,
            flags,
            max(round((at - self._started_at) * 1000), 0) % _UPTIME_MODULUS,
        )

    def _dispatch(self, request: Frame, address: int, at: float) -> tuple[int, bytes]:
        limits = self._limits.on(address)
        try:
            if request.type == RequestType.HELLO:
                if HelloRequest.decode(request.payload).version != PROTOCOL_VERSION:
                    return _error(ErrorCode.VERSION_NOT_SPOKEN)
                payload = self.hello(address, at).encode()
            elif request.type == RequestType.DESCRIBE:
                payload = self._describe(DescribeRequest.decode(request.payload), limits)
            elif request.type == RequestType.POLL:
                payload = self._poll(request.payload, limits, at)
            elif request.type == RequestType.COMMAND:
                payload = self._command(CommandRequest.decode(request.payload), at)
            else:
                return _error(ErrorCode.UNKNOWN_TYPE)
        except BadFrame:
            return _error(ErrorCode.MALFORMED_PAYLOAD)
        return request.type | frame.REPLY, payload

    def _describe(self, request: DescribeRequest, limits: FrameLimits) -> bytes:
        room = limits.reply_max - frame.OVERHEAD - _OFFSET_SIZE
        piece = self._text[request.offset : request.offset + room]
        return DescribeReply(request.offset, piece).encode()

    def _poll(self, payload: bytes, limits: FrameLimits, at: float) -> bytes:
        request = PollRequest.decode(payload)
        if not limits.windowed and len(payload) != len(PollRequest(0, 0).encode()):
            raise BadFrame("this board understands the short POLL only")
        ring = self._sampler.ring
        first = ring.oldest
        # Numbers of another boot, or not yet taken, must not make it forget samples.
        if request.boot == self._identity.boot and request.next <= ring.next_seq:
            ring.forget_below(request.next)
            first = request.next + request.skip
        room = limits.reply_max - frame.OVERHEAD - PollReply.OVERHEAD
        start, samples, more = ring.window(first, min(room // self._schema.sample_size, _COUNT_MAX))
        flags = PollFlag.MORE if more else PollFlag(0)
        if self.safe_state:
            flags |= PollFlag.SAFE_STATE
        packed = b"".join(with_age(sample, at) for sample in samples)
        return PollReply(self._identity.boot, flags, start, len(samples), packed).encode()

    def _command(self, request: CommandRequest, at: float) -> bytes:
        status = self._executor.known(request.token, at)
        if status is None:
            outcome = self._execute(request, at)
            valid = outcome.status not in (
                CommandStatus.UNKNOWN_COMMAND,
                CommandStatus.BAD_ARGUMENT,
            )
            if valid and request.code < BuiltIn.SET_INTERVAL:
                self.safe_state = False  # the gateway is in control again
            status = self._executor.remember(request.token, outcome, at)
        return CommandReply(request.token, status).encode()

    def _execute(self, request: CommandRequest, at: float) -> Execution:
        bad = Execution(CommandStatus.BAD_ARGUMENT)
        if request.code == BuiltIn.SET_INTERVAL:
            interval_ms = int.from_bytes(request.arguments, "little")
            if len(request.arguments) != 4:
                return bad
            if not INTERVAL_MIN_MS <= interval_ms <= INTERVAL_MAX_MS:
                return bad
            self._sampler.set_interval(at, interval_ms)
            return DONE
        if request.code not in (BuiltIn.IDENTIFY, BuiltIn.RESTART):
            return self._executor.execute(request)
        if request.arguments:
            return bad
        if request.code == BuiltIn.IDENTIFY:
            self.identified += 1
        else:
            self.restart_wanted = True
        return DONE


def unchanged(reply: Frame) -> Frame:
    """A board without a fault in its program."""
    return reply


def _error(code: ErrorCode) -> tuple[int, bytes]:
    return ERROR_REPLY, bytes((code,))
