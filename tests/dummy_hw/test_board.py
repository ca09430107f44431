import struct
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from arduino_iface import frame
from arduino_iface.frame import Frame
from arduino_iface.messages import (
    ERROR_REPLY,
    CommandRequest,
    CommandStatus,
    DescribeReply,
    DescribeRequest,
    ErrorCode,
    HelloFlag,
    PollFlag,
    PollReply,
    PollRequest,
    RequestType,
)
from arduino_iface.sample import unpack_samples
from dummy_hw import commands
from dummy_hw.board import RESTART_DELAY_S
from dummy_hw.eeprom import MemoryEeprom
from tests.dummy_hw.boards import ADDRESS, TEXT, UID, Asker, make
from tests.support.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def test_without_power_there_is_silence(clock: FakeClock) -> None:
    board = make(clock)
    board.power_off()
    assert board.handle(Frame(RequestType.HELLO, 1, b"\x01").encode()) is None
    made = board.samples_made
    clock.advance(10)
    assert board.samples_made == made


def test_hello_says_what_the_wire_carries(clock: FakeClock) -> None:
    board = make(clock)
    serial, i2c = Asker(board).hello(), Asker(board, ADDRESS).hello()
    assert (serial.request_max, serial.reply_max) == (250, 250)
    assert (i2c.request_max, i2c.reply_max) == (32, 32)
    assert serial.flags == HelloFlag.WINDOWED_POLL
    assert (serial.uid, serial.boot) == (UID, 1)


@pytest.mark.parametrize("address", [frame.SERIAL_ADDRESS, ADDRESS])
def test_the_schema_is_described_piece_by_piece(clock: FakeClock, address: int) -> None:
    asker = Asker(make(clock), address)
    text = b""
    while True:
        reply = asker.ask(RequestType.DESCRIBE, DescribeRequest(len(text)).encode())
        answer = DescribeReply.decode(reply.payload)
        assert answer.offset == len(text)
        if not answer.piece:
            break
        text += answer.piece
    assert text.decode() == TEXT


@pytest.mark.parametrize(
    ("kind", "payload", "code"),
    [
        (0x55, b"", ErrorCode.UNKNOWN_TYPE),
        (RequestType.HELLO, b"\x02", ErrorCode.VERSION_NOT_SPOKEN),
        (RequestType.HELLO, b"", ErrorCode.MALFORMED_PAYLOAD),
        (RequestType.DESCRIBE, b"\x00", ErrorCode.MALFORMED_PAYLOAD),
        (RequestType.POLL, b"\x00" * 7, ErrorCode.MALFORMED_PAYLOAD),
        (RequestType.COMMAND, b"\x00\x00", ErrorCode.MALFORMED_PAYLOAD),
    ],
)
def test_error_replies(clock: FakeClock, kind: int, payload: bytes, code: ErrorCode) -> None:
    reply = Asker(make(clock)).ask(kind, payload)
    assert (reply.type, reply.payload) == (ERROR_REPLY, bytes((code,)))


def test_a_board_without_windows_refuses_skip(clock: FakeClock) -> None:
    asker = Asker(make(clock, windowed=False))
    assert HelloFlag.WINDOWED_POLL not in asker.hello().flags
    reply = asker.ask(RequestType.POLL, PollRequest(1, 1, 3).encode())
    assert reply.payload == bytes((ErrorCode.MALFORMED_PAYLOAD,))


def test_a_repeated_poll_is_answered_with_the_same_bytes(clock: FakeClock) -> None:
    board = make(clock)
    clock.advance(3)
    request = Frame(RequestType.POLL, 9, PollRequest(1, 1).encode()).encode()
    first = board.handle(request)
    clock.advance(5)
    assert board.handle(request) == first
    assert Asker(board).poll(1).count == 9


def test_a_repeated_command_is_not_executed_again(clock: FakeClock) -> None:
    board = make(clock)
    request = Frame(RequestType.COMMAND, 9, CommandRequest(1, 2).encode()).encode()
    assert board.handle(request) == board.handle(request)
    assert board.executed == {"reset_counter": 1}


def test_hello_is_executed_always(clock: FakeClock) -> None:
    board = make(clock)
    request = Frame(RequestType.HELLO, 9, b"\x01").encode()
    first = board.handle(request)
    clock.advance(1)
    assert board.handle(request) != first


def test_a_damaged_frame_is_ignored_and_counted(clock: FakeClock) -> None:
    board = make(clock)
    request = bytearray(Frame(RequestType.HELLO, 9, b"\x01").encode())
    request[2] ^= 4
    assert board.handle(bytes(request)) is None
    assert board.status().bad_frames == 1


def test_four_tokens_are_remembered(clock: FakeClock) -> None:
    board = make(clock)
    asker = Asker(board)
    for token in range(1, 6):
        assert asker.command(token, 2) is CommandStatus.DONE
    assert board.executed == {"reset_counter": 5}
    for token in range(2, 6):
        asker.command(token, 2)
    assert board.executed == {"reset_counter": 5}
    asker.command(1, 2)
    assert board.executed == {"reset_counter": 6}


def test_arguments_are_kept_as_outputs(clock: FakeClock) -> None:
    board = make(clock)
    asker = Asker(board)
    assert asker.command(1, 0, b"\x80") is CommandStatus.DONE
    assert asker.command(2, 1, struct.pack("<hfB", -300, 0.5, 1)) is CommandStatus.DONE
    assert board.outputs == {"fan.speed": 128, "mix.a": -300, "mix.b": 0.5, "mix.c": True}


@pytest.mark.parametrize(
    ("code", "arguments", "status"),
    [
        (0, b"", CommandStatus.BAD_ARGUMENT),
        (0, b"\x01\x02", CommandStatus.BAD_ARGUMENT),
        (0, b"\xc9", CommandStatus.BAD_ARGUMENT),
        (1, struct.pack("<hfB", 0, float("nan"), 1), CommandStatus.BAD_ARGUMENT),
        (1, struct.pack("<hfB", 0, 1.5, 1), CommandStatus.BAD_ARGUMENT),
        (1, struct.pack("<hfB", 0, 0.0, 2), CommandStatus.BAD_ARGUMENT),
        (3, b"", CommandStatus.UNKNOWN_COMMAND),
        (0xFD, b"\x00\x00\x00\x00", CommandStatus.BAD_ARGUMENT),
        (0xFD, b"\x09\x00\x00\x00", CommandStatus.BAD_ARGUMENT),
        (0xFD, (86_400_001).to_bytes(4, "little"), CommandStatus.BAD_ARGUMENT),
        (0xFD, b"\x01", CommandStatus.BAD_ARGUMENT),
        (0xFE, b"\x01", CommandStatus.BAD_ARGUMENT),
    ],
)
def test_what_does_not_fit_is_not_executed(
    clock: FakeClock, code: int, arguments: bytes, status: CommandStatus
) -> None:
    board = make(clock)
    assert Asker(board).command(1, code, arguments) is status
    assert not board.executed


def test_commands_that_refuse_fail_or_take_time(clock: FakeClock) -> None:
    board = make(clock)
    asker = Asker(board)
    board.on_command("reset_counter", lambda _: commands.REFUSED)
    assert asker.command(1, 2) is CommandStatus.REFUSED
    board.on_command("reset_counter", lambda _: commands.FAILED)
    assert asker.command(2, 2) is CommandStatus.FAILED
    board.on_command("reset_counter", lambda _: commands.running(2.0))
    assert asker.command(3, 2) is CommandStatus.RUNNING
    clock.advance(1.9)
    assert asker.command(3, 2) is CommandStatus.RUNNING
    clock.advance(0.2)
    assert asker.command(3, 2) is CommandStatus.DONE
    assert board.executed == {"reset_counter": 3}


def test_identify_and_interval(clock: FakeClock) -> None:
    board = make(clock)
    asker = Asker(board)
    asker.command(1, 0xFF)
    assert board.status().identified == 1
    clock.advance(2.5)
    assert asker.command(2, 0xFD, (100).to_bytes(4, "little")) is CommandStatus.DONE
    clock.advance(1)
    assert board.samples_made == 13
    assert board.status().interval_ms == 100


def test_restart_comes_after_the_reply(clock: FakeClock) -> None:
    board = make(clock)
    asker = Asker(board)
    clock.advance(5)
    asker.command(1, 0, b"\x05")
    assert asker.restart(2) is CommandStatus.DONE
    assert board.boot == 1
    clock.advance(RESTART_DELAY_S)
    status = board.status()
    assert (status.boot, status.resets, status.uptime_ms, status.next_seq) == (2, 1, 0, 2)
    assert status.outputs["fan.speed"] == 0
    assert status.lost_at_reset == 6
    asker.command(1, 0, b"\x06")
    assert board.executed == {"fan": 2}


def test_the_boot_counter_wraps(clock: FakeClock) -> None:
    assert make(clock, eeprom=MemoryEeprom(UID, boot=0xFFFF)).boot == 0


def test_the_boot_loader_is_deaf(clock: FakeClock) -> None:
    board = make(clock, boot_time_s=1.4)
    assert board.handle(Frame(RequestType.HELLO, 1, b"\x01").encode()) is None
    assert board.take_greeting() is None
    clock.advance(1.4)
    greeting = board.take_greeting()
    assert greeting is not None
    assert frame.decode(greeting).seq == 0
    assert board.take_greeting() is None
    assert Asker(board).hello().uptime_ms == 0


def test_the_safe_state_ends_with_the_next_command(clock: FakeClock) -> None:
    board = make(clock)
    asker = Asker(board)
    asker.command(1, 0, b"\x05")
    clock.advance(29.99)
    assert board.outputs["fan.speed"] == 5
    clock.advance(0.01)
    assert board.outputs["fan.speed"] == 0
    assert HelloFlag.SAFE_STATE in asker.hello().flags
    assert PollFlag.SAFE_STATE in asker.poll(1).flags
    assert asker.command(2, 0xFF) is CommandStatus.DONE
    assert asker.command(3, 0, b"") is CommandStatus.BAD_ARGUMENT
    assert HelloFlag.SAFE_STATE in asker.hello().flags
    asker.command(4, 0, b"\x07")
    assert HelloFlag.SAFE_STATE not in asker.hello().flags


def test_valid_frames_keep_the_safe_state_away(clock: FakeClock) -> None:
    board = make(clock)
    for _ in range(5):
        clock.advance(20)
        Asker(board).hello()
    assert not board.status().safe_state


def test_a_hanging_board_does_nothing(clock: FakeClock) -> None:
    board = make(clock)
    clock.advance(2)
    board.hang(True)
    clock.advance(10)
    assert board.handle(Frame(RequestType.HELLO, 1, b"\x01").encode()) is None
    assert board.samples_made == 3
    board.hang(False)
    clock.advance(1)
    assert board.samples_made == 4
    board.hang(True)
    board.reset()
    assert Asker(board).hello().boot == 2


def test_a_frozen_board_answers_but_does_not_sample(clock: FakeClock) -> None:
    board = make(clock)
    clock.advance(2)
    asker = Asker(board)
    board.freeze(True)
    clock.advance(10)
    assert asker.poll(1).count == 3
    board.freeze(False)
    clock.advance(1)
    assert asker.poll(4).first == 4


def test_a_waiting_request_is_executed_when_the_loop_comes_round(clock: FakeClock) -> None:
    board = make(clock, loop_delay_s=0.5)
    board.take_greeting()
    clock.advance(3.8)
    board.post(Frame(RequestType.POLL, 1, PollRequest(1, 1).encode()).encode())
    assert board.take_reply() is None
    assert board.next_event_at() == pytest.approx(clock.monotonic() + 0.5)
    clock.advance(9)
    reply = board.take_reply()
    assert reply is not None
    samples = unpack_samples(board.schema, PollReply.decode(frame.decode(reply).payload))
    assert [sample.age_ms for sample in samples] == [4300, 3300, 2300, 1300, 300]
    assert board.take_reply() is None


def test_a_sample_that_fits_no_reply_is_refused(clock: FakeClock) -> None:
    with pytest.raises(ValueError, match="needs a frame of"):
        make(clock, reply_max=16)
    with pytest.raises(ValueError, match="no channel"):
        make(clock, signals={"nothing": lambda _: 1})


def test_many_threads_lose_no_sample(clock: FakeClock) -> None:
    board = make(clock, ring_size=8)
    start = threading.Barrier(4)

    def work(number: int) -> None:
        asker = Asker(board)
        start.wait(10)
        for turn in range(200):
            clock.advance(0.37)
            next_seq = board.status().next_seq
            if number == 0 and turn % 50 == 49:
                board.reset()
            elif number == 1:
                asker.command(turn, 2)
            else:
                asker.poll(next_seq)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    status = board.status()
    assert status.boot == 5
    assert status.samples_made == (
        status.acknowledged + status.overwritten + status.lost_at_reset + status.held
    )
    assert status.samples_made > 200
