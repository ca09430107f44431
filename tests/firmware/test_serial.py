"""The board on a serial line: what is no frame is skipped, what is damaged is refused."""

import os
import struct
from pathlib import Path

import pytest

from tests.firmware.conftest import ADDRESS, SAMPLE_LENGTH, OpenPort
from tests.firmware.test_commands import FAN, HANG, LAMP, SAY
from tests.support.avr import BOOTLOADER, Uno, wait_until
from tests.support.reference import (
    COMMAND,
    DONE,
    HELLO,
    Client,
    SerialWire,
    cobs_encode,
    decode_frame,
    encode_frame,
    parse_hello,
    wait_for_board,
)


@pytest.fixture
def wire(uno: Uno, open_port: OpenPort) -> SerialWire:
    """The board's own HELLO, if it is still on its way, has been taken off the line."""
    opened = SerialWire(open_port(uno))
    Client(opened).hello()
    return opened


@pytest.fixture
def client(wire: SerialWire) -> Client:
    return Client(wire)


def coded(frame: bytes) -> bytes:
    return b"\0" + cobs_encode(frame) + b"\0"


def test_a_request_may_come_in_pieces(uno: Uno, wire: SerialWire) -> None:
    for byte in coded(encode_frame(0, HELLO, 3, b"\1")):
        heard = uno.facts("stat")["rx"]
        wire.port.write(bytes([byte]))
        wait_until(lambda n=heard: uno.facts("stat")["rx"] > n, 20, "a byte was lost")  # type: ignore[misc]
    frame = wire.listen(20)
    assert frame is not None
    assert decode_frame(0, frame) is not None


def test_two_requests_at_once_are_answered_in_turn(wire: SerialWire) -> None:
    wire.port.write(
        coded(encode_frame(0, HELLO, 3, b"\1")) + coded(encode_frame(0, HELLO, 4, b"\1"))
    )
    frames = [wire.listen(20), wire.listen(20)]
    assert [frame and frame[2] for frame in frames] == [3, 4]


def test_one_zero_may_end_one_frame_and_begin_the_next(wire: SerialWire) -> None:
    first, second = (cobs_encode(encode_frame(0, HELLO, seq, b"\1")) for seq in (3, 4))
    wire.port.write(b"\0" + first + b"\0" + second + b"\0")
    assert [frame and frame[2] for frame in (wire.listen(20), wire.listen(20))] == [3, 4]


@pytest.mark.parametrize(
    "garbage",
    [
        b"\0",
        b"\0\0\0",
        b"\xff" * 300,
        b"hello\r\n",
        bytes(range(1, 256)),
        coded(b"abc"),
        b"\x05\x01",
    ],
)
def test_garbage_is_skipped(client: Client, wire: SerialWire, garbage: bytes) -> None:
    wire.port.write(garbage)
    assert client.hello().boot == 1


def test_random_garbage_does_nothing(uno: Uno, client: Client, wire: SerialWire) -> None:
    for _ in range(20):
        wire.port.write(os.urandom(100))
        client.hello()
    assert uno.pin("D7")["edges"] == 0
    assert uno.facts("stat")["resets"] == 1


def test_what_a_sketch_prints_is_skipped(client: Client, wire: SerialWire) -> None:
    for token in range(1, 6):
        assert client.command(token, SAY) == DONE
        client.hello()
    assert wire.skipped > 0


def test_our_own_words_coming_back_are_not_answered(uno: Uno, wire: SerialWire) -> None:
    sent = uno.facts("stat")["tx"]
    wire.port.write(coded(encode_frame(0, HELLO | 0x80, 9, b"\1")))
    wire.port.write(coded(encode_frame(0, HELLO, 10, b"\1")))
    frame = wire.listen(20)
    assert frame is not None
    assert frame[2] == 10
    assert uno.facts("stat")["tx"] - sent <= len(coded(frame))


def test_a_reset_in_the_middle_of_a_frame(node_elf: Path, open_port: OpenPort) -> None:
    with Uno(node_elf, reset_on_open=True) as uno:
        wait_for_board(uno, ADDRESS)
        wire = SerialWire(open_port(uno))
        client = Client(wire)
        assert wire.listen(20) is not None
        request = coded(encode_frame(0, COMMAND, 1, struct.pack("<HBB", 1, LAMP, 1)))
        wire.port.write(request[:7])
        heard = uno.facts("stat")
        wait_until(lambda: uno.facts("stat")["waiting"] == 0, 20, "the board does not read")
        uno.ask("reset")
        announced = wire.listen(20)
        assert announced is not None
        hello = parse_hello((decode_frame(0, announced) or (0, 0, b""))[2])
        assert hello.boot == 3
        wire.port.write(request[7:])
        assert client.hello().boot == 3
        assert heard["resets"] + 1 == uno.facts("stat")["resets"]
        assert uno.pin("D7")["level"] == 0


def test_a_reset_during_a_command(node_elf: Path, open_port: OpenPort) -> None:
    with Uno(node_elf) as uno:
        wait_for_board(uno, ADDRESS)
        wire = SerialWire(open_port(uno))
        client = Client(wire, tries=1, reply_timeout_s=0.2)
        with pytest.raises(TimeoutError):
            client.command(1, HANG, b"\0")
        uno.ask("reset")
        announced = wire.listen(20)
        assert announced is not None
        assert announced[2] == 0
        assert Client(wire).hello().boot == 2


def test_bit_errors_are_caught_and_survived(uno: Uno, client: Client, wire: SerialWire) -> None:
    """Half a percent of the bytes are damaged, both ways: everything arrives, nothing wrong."""
    uno.ask("adc", 1, 2000)
    boot = client.hello().boot
    upcoming = client.poll(boot, 1, SAMPLE_LENGTH, skip=60000).first
    wait_until(lambda: bool(client.poll(boot, upcoming, SAMPLE_LENGTH).samples), 20, "no samples")
    upcoming += 1
    uno.ask("uart", "rx", "ppm", 5000, 1)
    uno.ask("uart", "tx", "ppm", 5000, 2)
    client.reply_timeout_s = 0.15
    client.tries = 40
    for token in range(1, 61):
        poll = client.poll(boot, upcoming, SAMPLE_LENGTH)
        assert poll.boot == boot
        for sample in poll.samples:
            assert struct.unpack("<hHiBB", sample.packed)[1] == 409
        assert client.command(token, FAN, bytes([token])) == DONE
        assert uno.pin("D5")["pwm"] == token
    facts = uno.facts("stat")
    assert facts["rx_hurt"] > 0
    assert facts["tx_hurt"] > 0
    assert client.resent > 0


@pytest.mark.parametrize("fault", ["flip", "drop"])
@pytest.mark.parametrize("way", ["rx", "tx"])
def test_one_damaged_byte_anywhere(uno: Uno, client: Client, way: str, fault: str) -> None:
    client.reply_timeout_s = 0.15
    client.tries = 40
    client.hello()
    for position in range(12):
        uno.ask("uart", way, fault, position, 1, "10")
        assert client.command(position, LAMP, bytes([position % 2])) == DONE
        assert uno.pin("D7")["level"] == position % 2


def test_a_boot_loader_listens_first_and_then_the_board_says_hello(
    node_elf: Path, open_port: OpenPort
) -> None:
    """The two seconds in which a gateway stays silent after opening a port are enough."""
    with Uno(node_elf, bootloader=BOOTLOADER, reset_on_open=True) as uno:
        wait_for_board(uno, ADDRESS)
        wire = SerialWire(open_port(uno))
        opened_us = uno.facts("stat")["us"]
        announced = wire.listen(20)
        assert announced is not None
        assert announced[2] == 0
        client = Client(wire)
        assert client.hello().boot == 2
        # The sketch's start, by its own clock; the least of some, for this process may be held up.
        started_us = min(
            -1000 * client.hello().uptime_ms + uno.facts("stat")["us"] for _ in range(10)
        )
        assert 500_000 < started_us - opened_us < 2_000_000


def test_a_board_that_is_unplugged_comes_back_as_itself(
    node_elf: Path, open_port: OpenPort, tmp_path: Path
) -> None:
    with Uno(node_elf, eeprom=tmp_path / "eeprom") as uno:
        wait_for_board(uno, ADDRESS)
        before = SerialWire(open_port(uno))
        hello = Client(before).hello()
        uno.unplug()
        assert not uno.tty.exists()
        with pytest.raises(OSError):  # noqa: PT011 - whichever of write and read sees it first
            Client(before, tries=1, reply_timeout_s=5).hello()
        uno.plug()
        wait_for_board(uno, ADDRESS)
        again = Client(SerialWire(open_port(uno))).hello()
        assert (again.uid, again.boot) == (hello.uid, hello.boot + 1)
