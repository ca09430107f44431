"""A board that speaks the device protocol: its identity, samples and commands."""

from dataclasses import dataclass, field

from arduino_iface import frame, messages, sample, schema
from arduino_iface.errors import (
    BadFrame,
    DeviceRefused,
    DeviceRestarted,
    DeviceSilent,
    OutcomeUnknown,
    PortLost,
    ProtocolMismatch,
    SchemaError,
)
from arduino_iface.link import TURN_TIMEOUT_S, Claim, Link
from arduino_iface.lock import Priority
from arduino_iface.messages import (
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
from arduino_iface.sample import Sample
from arduino_iface.schema import Schema

IDENTITY_TRUSTED_S = 5.0
"""A board not heard for longer may have been replaced by another: its identity is checked first."""

_COMMAND_SENDS_MAX = 3
_RUNNING_WAIT_S = 0.02
_RUNNING_WAIT_MAX_S = 0.5
_SCHEMAS_KEPT = 8


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a board is, from HELLO. `uid` is 16 hex digits; `windowed` boards take POLL with `skip`.

    `request_max` and `reply_max` are bytes of a frame. `uptime_ms`, the time since the boot, is not compared.
    """

    uid: str
    boot: int
    schema: Schema
    windowed: bool
    request_max: int
    reply_max: int
    uptime_ms: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Polled:
    """The reply to one poll.

    `first` is the number of the first sample, or of the next to come when there are none; requested samples
    below it no longer exist. `sent_mono` (monotonic seconds) is when the poll was sent: a
    sample was taken `age_ms` before that, within the duration of the exchange (milliseconds).
    """

    first: int
    samples: list[Sample]
    more: bool
    safe_state: bool
    sent_mono: float

    @property
    def following(self) -> int:
        """The number after the last sample of this reply."""
        return self.first + len(self.samples)


@dataclass
class ProtocolDevice:
    """Requests to one board through its link. Thread-safe as the link is; remembers the latest identity."""

    link: Link
    identity: Identity | None = None
    _schemas: dict[tuple[int, int], Schema] = field(default_factory=dict)

    def hello(
        self, priority: Priority = Priority.POLL, timeout_s: float = TURN_TIMEOUT_S
    ) -> HelloReply:
        """Ask for the board's identity. Raises `ProtocolMismatch` when it speaks another version."""
        request = HelloRequest().encode()
        try:
            exchange = self.link.request(
                RequestType.HELLO, request, priority=priority, turn_timeout_s=timeout_s
            )
        except DeviceRefused as error:
            raise ProtocolMismatch(
                f"the board refuses HELLO with error {error.code}: it does not support protocol "
                f"version {messages.PROTOCOL_VERSION}"
            ) from error
        if exchange.payload[:1] != bytes((messages.PROTOCOL_VERSION,)):
            spoken = exchange.payload[0] if exchange.payload else "none"
            raise ProtocolMismatch(
                f"the board speaks protocol version {spoken}, the gateway "
                f"{messages.PROTOCOL_VERSION}: update the older of the two"
            )
        return HelloReply.decode(exchange.payload)

    def identify(self) -> Identity:
        """Ask for the board's identity and, unless it is known, for its schema.

        Raises `DeviceSilent`, `PortLost`, `BusBusy` when it cannot be asked, `ProtocolMismatch` and
        `SchemaError` when its reply is not usable.
        """
        self.link.prepare()
        hello = self.hello()
        described = self._describe(hello)
        reply_max = min(hello.reply_max, self.link.frame_max)
        needed = frame.OVERHEAD + PollReply.OVERHEAD + described.sample_size
        if described.channels and needed > reply_max:
            raise ProtocolMismatch(
                f"one sample needs a reply of {needed} bytes, but this board's replies have at most "
                f"{reply_max}: use fewer or smaller channels"
            )
        self.identity = Identity(
            uid=hello.uid.hex(),
            boot=hello.boot,
            schema=described,
            windowed=bool(hello.flags & HelloFlag.WINDOWED_POLL),
            request_max=min(hello.request_max, self.link.frame_max),
            reply_max=reply_max,
            uptime_ms=hello.uptime_ms,
        )
        return self.identity

    def poll(self, following: int, skip: int = 0) -> Polled:
        """Samples from number `following` + `skip` on; the board may forget those below `following`.

        `skip` must be 0 for a board that is not `windowed`. Raises `DeviceRestarted` when the board is in
        another boot than it was identified in, `BadFrame` for an invalid reply, `ProtocolMismatch` when
        `following` is no number of a sample, and as `Link.request` does. Whether the numbers of a reply are
        possible is for the caller to judge.
        """
        identity = self._identified()
        if not 0 <= following <= messages.SAMPLE_NUMBER_MAX:
            raise ProtocolMismatch(
                f"sample {following} of boot {identity.boot} cannot be asked for: restart the board"
            )
        if not self._heard_lately():
            self._verify(identity, self.hello())
        request = PollRequest(identity.boot, following, skip)
        exchange = self.link.request(RequestType.POLL, request.encode())
        reply = PollReply.decode(exchange.payload)
        if reply.boot != identity.boot:
            self.identity = None
            raise DeviceRestarted(
                f"the board has restarted: boot {reply.boot}, was {identity.boot}"
            )
        return Polled(
            reply.first,
            sample.unpack_samples(identity.schema, reply),
            bool(reply.flags & PollFlag.MORE),
            bool(reply.flags & PollFlag.SAFE_STATE),
            exchange.sent_mono,
        )

    def command(
        self,
        token: int,
        code: int,
        arguments: bytes,
        *,
        identity: Identity | None = None,
        priority: Priority = Priority.COMMAND,
        timeout_s: float = TURN_TIMEOUT_S,
    ) -> CommandStatus:
        """Have the board execute a command once; its status after at most about `timeout_s`.

        `identity` is the one whose schema defines `code`, None for the present one. The board never executes
        the same `token` twice. A command whose reply is lost is sent again only after the board has proved to
        be in the same boot: a restarted one has forgotten the token and would execute it a second time.
        Returns RUNNING when the board was still executing when the timeout expired.

        Raises `BusBusy` and `PortLost` when nothing was sent, `OutcomeUnknown` when it may have been,
        `DeviceRestarted` when the board is not identified or has restarted before the command, and as `hello`
        does when the board was not heard for a while, so that its identity must be checked first.
        """
        known = self._identified()
        if identity is None:
            identity = known
        elif identity != known:
            raise DeviceRestarted("the board was identified again meanwhile")
        clock = self.link.clock
        deadline = clock.monotonic() + timeout_s
        claim = Claim(priority, min(timeout_s, TURN_TIMEOUT_S))
        self.link.prepare(*claim)
        if not self._heard_lately():
            self._verify(identity, self.hello(*claim))
        request = CommandRequest(token, code, arguments)
        wait_s = _RUNNING_WAIT_S
        status = self._send_command(request, identity, claim)
        while status is CommandStatus.RUNNING and clock.monotonic() + wait_s < deadline:
            clock.sleep(wait_s)
            wait_s = min(2 * wait_s, _RUNNING_WAIT_MAX_S)
            self._require_same_boot(identity, claim)
            status = self._send_command(request, identity, claim, sent=True)
        return status

    def _send_command(
        self, request: CommandRequest, identity: Identity, claim: Claim, *, sent: bool = False
    ) -> CommandStatus:
        failure: Exception | None = None
        for attempt in range(_COMMAND_SENDS_MAX):
            if attempt:
                self._require_same_boot(identity, claim)
            try:
                exchange = self.link.request(
                    RequestType.COMMAND,
                    request.encode(),
                    priority=claim.priority,
                    attempts=1,
                    turn_timeout_s=claim.timeout_s,
                )
                reply = CommandReply.decode(exchange.payload)
            except DeviceRefused as error:
                if error.code == ErrorCode.MALFORMED_PAYLOAD:
                    return CommandStatus.BAD_ARGUMENT
                return CommandStatus.UNKNOWN_COMMAND
            except TimeoutError as error:
                if not sent and not attempt and not isinstance(error, DeviceSilent):
                    raise  # the bus was busy: nothing was sent
                failure = error
            except BadFrame as error:
                failure = error
            except PortLost as error:
                raise OutcomeUnknown(f"the port was lost during the command: {error}") from error
            else:
                if reply.token == request.token:
                    return reply.status
                failure = BadFrame(f"the reply is for token {reply.token}, not {request.token}")
        raise OutcomeUnknown(f"sent, but not answered: {failure}") from failure

    def _require_same_boot(self, identity: Identity, claim: Claim) -> None:
        try:
            hello = self.hello(*claim)
        except (TimeoutError, PortLost, ProtocolMismatch, BadFrame) as error:
            raise OutcomeUnknown(f"sent, but not answered: {error}") from error
        try:
            self._verify(identity, hello)
        except DeviceRestarted as error:
            raise OutcomeUnknown(f"sent, then {error}; it may have executed before that") from error

    def _verify(self, identity: Identity, hello: HelloReply) -> None:
        if (hello.uid.hex(), hello.boot) != (identity.uid, identity.boot):
            self.identity = None
            raise DeviceRestarted("the board has restarted or was replaced")

    def _heard_lately(self) -> bool:
        heard = self.link.heard_mono
        return heard is not None and self.link.clock.monotonic() - heard <= IDENTITY_TRUSTED_S

    def _identified(self) -> Identity:
        identity = self.identity
        if identity is None:
            raise DeviceRestarted("the board is not identified")
        return identity

    def _describe(self, hello: HelloReply) -> Schema:
        key = (hello.schema_crc, hello.schema_length)
        known = self._schemas.get(key)
        if known is not None:
            return known
        if not 0 < hello.schema_length <= schema.SCHEMA_LENGTH_MAX:
            raise SchemaError(
                f"a schema of {hello.schema_length} bytes; 1 to {schema.SCHEMA_LENGTH_MAX} expected"
            )
        text = self._read_schema(hello.schema_length)
        described = schema.parse(_decoded(text))
        if described.crc != hello.schema_crc:
            raise BadFrame("the schema does not match its checksum in HELLO")
        if len(self._schemas) >= _SCHEMAS_KEPT:
            self._schemas.pop(next(iter(self._schemas)))
        self._schemas[key] = described
        return described

    def _read_schema(self, length: int) -> bytes:
        text = bytearray()
        while len(text) < length:
            request = DescribeRequest(len(text)).encode()
            reply = DescribeReply.decode(self.link.request(RequestType.DESCRIBE, request).payload)
            if reply.offset != len(text) or not reply.piece:
                raise BadFrame(f"asked for the schema from byte {len(text)}, got another part")
            text += reply.piece
        return bytes(text[:length])


def _decoded(text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SchemaError(f"the schema is not UTF-8 text: {error}") from error
