"""The board as I2C slave: beacons, replies that stay, and the ways a bus can be unkind."""

import os
import random
import struct

import pytest

from tests.firmware.conftest import ADDRESS, SAMPLE_LENGTH, OpenPort
from tests.firmware.test_commands import FAN, HANG, HOLD, LAMP
from tests.support.avr import BusRefused, Uno, wait_until
from tests.support.reference import (
    BUSY_BEACON,
    COMMAND,
    DONE,
    HELLO,
    IDLE_BEACON,
    Client,
    I2cWire,
    SerialWire,
    decode_frame,
    encode_frame,
    wait_for_board,
)

REQUEST = encode_frame(ADDRESS, HELLO, 7, b"\1")


def reply_to(uno: Uno, request: bytes) -> bytes:
    """Write, then read until there is neither beacon."""
    uno.i2c((ADDRESS, request))
    found = b""

    def ready() -> bool:
        nonlocal found
        found = uno.i2c((ADDRESS, 32)).data
        return not found.startswith((IDLE_BEACON, BUSY_BEACON))

    wait_until(ready, 20, "only beacons")
    return found


def test_a_board_that_was_asked_nothing_says_idle(uno: Uno) -> None:
    assert uno.i2c((ADDRESS, 4)).data == IDLE_BEACON
    assert uno.i2c((ADDRESS, 32)).data == IDLE_BEACON + b"\xff" * 28


def test_only_one_address_answers_a_look_around(uno: Uno) -> None:
    strangers = [address for address in range(0x08, 0x78) if address != ADDRESS]
    for address in strangers:
        with pytest.raises(BusRefused, match="nack-addr"):
            uno.i2c((address, 4))
    assert uno.i2c((ADDRESS, 4)).data == IDLE_BEACON


def test_a_board_at_work_says_busy(uno: Uno) -> None:
    uno.i2c((ADDRESS, encode_frame(ADDRESS, COMMAND, 1, struct.pack("<HBH", 1, HOLD, 200))))
    assert uno.i2c((ADDRESS, 32)).data == BUSY_BEACON + b"\xff" * 28
    wire = I2cWire.of(uno, ADDRESS)
    reply = wire.listen(20)
    assert reply is not None
    assert wire.busy_seen > 0
    assert decode_frame(ADDRESS, reply) == (COMMAND | 0x80, 1, b"\1\0\0")


def test_a_reply_stays_until_the_next_request(uno: Uno) -> None:
    reply = reply_to(uno, REQUEST)
    for _ in range(5):
        assert uno.i2c((ADDRESS, 32)).data == reply
    uno.i2c((ADDRESS, b""))  # i2cdetect's way of asking
    assert uno.i2c((ADDRESS, 32)).data == reply
    assert uno.i2c((ADDRESS, 3)).data == reply[:3]
    assert uno.i2c((ADDRESS, 32)).data == reply


def test_a_damaged_request_is_not_answered(uno: Uno) -> None:
    reply_to(uno, REQUEST)
    for request in (REQUEST[:-1], REQUEST[:-1] + b"\0", b"\0", b"\xff" * 32, REQUEST + b"\0"):
        uno.i2c((ADDRESS, request))
        wait_until(lambda: uno.i2c((ADDRESS, 4)).data == IDLE_BEACON, 20, "not idle after garbage")
    assert decode_frame(ADDRESS, reply_to(uno, REQUEST))


def test_a_frame_for_another_address_is_not_answered(uno: Uno) -> None:
    uno.i2c((ADDRESS, encode_frame(0x13, COMMAND, 1, struct.pack("<HBB", 1, LAMP, 1))))
    wait_until(lambda: uno.i2c((ADDRESS, 4)).data == IDLE_BEACON, 20, "not idle")
    assert uno.pin("D7")["edges"] == 0


def test_a_request_that_overtakes_another(uno: Uno) -> None:
    hold = encode_frame(ADDRESS, COMMAND, 1, struct.pack("<HBH", 1, HOLD, 50))
    uno.i2c((ADDRESS, hold))
    uno.i2c((ADDRESS, 4))
    reply = decode_frame(ADDRESS, reply_to(uno, REQUEST))
    assert reply is not None
    assert reply[:2] == (HELLO | 0x80, 7)


def test_the_clock_is_held_no_longer_than_wire_holds_it(uno: Uno, i2c: Client) -> None:
    hello = i2c.hello()
    longest = 0.0
    for seq in range(100):
        payload = struct.pack("<HI", hello.boot, 1)
        request = encode_frame(ADDRESS, 3, seq, payload)
        longest = max(longest, uno.i2c((ADDRESS, request)).held_max_us)
        longest = max(longest, uno.i2c((ADDRESS, 32)).held_max_us)
    assert longest < 60


@pytest.mark.parametrize("length", [32, 33])
def test_writes_as_long_as_wires_buffer_do_no_harm(uno: Uno, i2c: Client, length: int) -> None:
    uno.i2c((ADDRESS, bytes(length)))
    assert i2c.hello().boot == 1


def test_a_board_made_deaf_listens_again(uno: Uno, i2c: Client) -> None:
    for _ in range(3):
        with pytest.raises(BusRefused, match="nack-data"):
            uno.i2c((ADDRESS, bytes(34)))
        with pytest.raises(BusRefused, match="nack-addr"):
            uno.i2c((ADDRESS, 4))
        deaf_us = uno.facts("stat")["us"]
        wait_for_board(uno, ADDRESS)
        assert uno.facts("stat")["us"] - deaf_us < 1_000_000
        assert i2c.hello().boot == 1  # without a reset
        assert i2c.command(random.randrange(65536), LAMP, b"\1") == DONE


def test_a_hung_loop_says_busy_for_ever(uno: Uno, i2c: Client) -> None:
    i2c.tries = 1
    i2c.reply_timeout_s = 0.2
    with pytest.raises(TimeoutError):
        i2c.command(1, HANG, b"\0")
    for _ in range(20):
        assert uno.i2c((ADDRESS, 4)).data == BUSY_BEACON
    uno.ask("reset")
    wait_for_board(uno, ADDRESS)
    assert i2c.hello().boot == 2


def test_a_loop_hung_without_interrupts_holds_the_bus(uno: Uno, i2c: Client) -> None:
    uno.i2c((ADDRESS, encode_frame(ADDRESS, COMMAND, 1, struct.pack("<HBB", 1, HANG, 1))))

    def held() -> bool:
        try:
            uno.i2c((ADDRESS, 4))
        except BusRefused as refused:
            return refused.verdict == "timeout"
        return False

    wait_until(held, 20, "the bus is still free")
    uno.ask("reset")
    wait_for_board(uno, ADDRESS)
    assert i2c.hello().boot == 2


def test_a_reset_in_the_middle_of_a_request(uno: Uno, i2c: Client) -> None:
    uno.ask("i2cfault", "cut", 3)
    with pytest.raises(BusRefused, match="nack-data"):
        uno.i2c((ADDRESS, REQUEST))
    uno.ask("power", "on")
    wait_for_board(uno, ADDRESS)
    assert i2c.hello().boot == 2


def test_a_stuck_bus_is_survived(uno: Uno, i2c: Client) -> None:
    uno.ask("i2cfault", "stuck", 1)
    with pytest.raises(BusRefused, match="timeout"):
        uno.i2c((ADDRESS, REQUEST))
    uno.ask("i2cfault", "stuck", 0)
    wait_for_board(uno, ADDRESS)
    assert i2c.hello().boot == 1


def test_flipped_bits_never_reach_a_pin(uno: Uno, i2c: Client) -> None:
    """One wrong byte in every request: none is carried out; in every reply: none is believed."""
    i2c.hello()
    for index in range(9):
        request = encode_frame(ADDRESS, COMMAND, index, struct.pack("<HBB", index, LAMP, 1))
        uno.ask("i2cfault", "flip", index, f"{random.randrange(1, 256):x}")
        uno.i2c((ADDRESS, request))
        wait_until(lambda: uno.i2c((ADDRESS, 4)).data == IDLE_BEACON, 20, "not idle")
    assert uno.pin("D7")["edges"] == 0
    reply = reply_to(uno, REQUEST)
    for index in range(reply[0] + 1):
        uno.ask("i2cfault", "flip", index, f"{1 << random.randrange(8):x}")
        assert decode_frame(ADDRESS, uno.i2c((ADDRESS, 32)).data) is None
    assert uno.i2c((ADDRESS, 32)).data == reply


@pytest.mark.parametrize("khz", [100, 10])
def test_the_clock_stretching_fault_of_the_pi(uno: Uno, open_port: OpenPort, khz: int) -> None:
    """Bits slip; requests are repeated; no wrong value is taken."""
    uno.ask("adc", 1, 2000)
    uno.ask("i2cfault", "khz", khz)
    uno.ask("i2cfault", "bcm", 1000)
    client, other = Client(I2cWire.of(uno, ADDRESS)), SerialWire(open_port(uno))
    boot = client.hello().boot
    upcoming = client.poll(boot, 1, SAMPLE_LENGTH, skip=60000).first
    seen = 0
    while seen < 20:
        # Interrupts of the serial port lengthen the board's holds: the fault shows.
        other.port.write(os.urandom(20))
        poll = client.poll(boot, upcoming, SAMPLE_LENGTH)
        for sample in poll.samples:
            assert struct.unpack("<hHiBB", sample.packed)[1] == 409
        seen += len(poll.samples)
        upcoming = poll.first + len(poll.samples)


def test_commands_through_address_failures(uno: Uno, i2c: Client) -> None:
    for token in range(1, 21):
        uno.ask("i2cfault", "nack", random.randrange(3))
        assert i2c.command(token, FAN, bytes([token])) == DONE
        assert uno.pin("D5")["pwm"] == token
