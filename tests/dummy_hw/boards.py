"""Boards and requests that the tests of the simulated hardware share."""

from arduino_iface import frame
from arduino_iface.clock import Clock
from arduino_iface.frame import Frame
from arduino_iface.messages import (
    BuiltIn,
    CommandReply,
    CommandRequest,
    CommandStatus,
    HelloReply,
    HelloRequest,
    PollReply,
    PollRequest,
    RequestType,
)
from dummy_hw.board import DummyBoard
from dummy_hw.eeprom import MemoryEeprom
from dummy_hw.signals import Constant, PulseCounter

UID = bytes.fromhex("0011223344556677")
ADDRESS = 0x12

TEXT = """\
gw 1
name greenhouse
firmware 1.4.0
sample 1000
keepalive 30000
channel temperature i16 Cel 0.01 0
channel pulses u16 - 1 0
command fan speed:u8:0:200
command mix a:i16 b:f32:-1:1 c:bool
command reset_counter
"""


def make(clock: Clock, **options: object) -> DummyBoard:
    """A powered board with known identity; `pulses` counts whole seconds since its start."""
    settings: dict[str, object] = {
        "eeprom": MemoryEeprom(UID),
        "signals": {"temperature": Constant(21.5), "pulses": PulseCounter(1.0)},
    }
    text = options.pop("text", TEXT)
    board = DummyBoard(str(text), clock=clock, **(settings | options))  # type: ignore[arg-type]
    board.power_on()
    return board


class Asker:
    """Asks a board directly and checks that the reply is of the request."""

    def __init__(self, board: DummyBoard, address: int = frame.SERIAL_ADDRESS) -> None:
        self.board = board
        self.address = address
        self.seq = 0

    def ask(self, kind: int, payload: bytes, seq: int | None = None) -> Frame:
        self.seq = (self.seq + 1) % 256 if seq is None else seq
        data = self.board.handle(Frame(kind, self.seq, payload).encode(self.address), self.address)
        assert data is not None
        reply = frame.decode(data, self.address)
        assert reply.seq == self.seq
        return reply

    def hello(self) -> HelloReply:
        reply = self.ask(RequestType.HELLO, HelloRequest().encode())
        assert reply.type == RequestType.HELLO | frame.REPLY
        return HelloReply.decode(reply.payload)

    def poll(self, next_seq: int, skip: int = 0, boot: int | None = None) -> PollReply:
        request = PollRequest(self.board.boot if boot is None else boot, next_seq, skip)
        reply = self.ask(RequestType.POLL, request.encode())
        assert reply.type == RequestType.POLL | frame.REPLY
        return PollReply.decode(reply.payload)

    def command(self, token: int, code: int, arguments: bytes = b"") -> CommandStatus:
        reply = self.ask(RequestType.COMMAND, CommandRequest(token, int(code), arguments).encode())
        assert reply.type == RequestType.COMMAND | frame.REPLY
        answer = CommandReply.decode(reply.payload)
        assert answer.token == token
        return answer.status

    def restart(self, token: int) -> CommandStatus:
        return self.command(token, BuiltIn.RESTART)
