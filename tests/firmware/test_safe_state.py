"""The safe state: entered when the gateway is silent, seen in every reply, left by a command."""

from collections.abc import Iterator

import pytest

from tests.firmware.conftest import ADDRESS, SAMPLE_LENGTH
from tests.firmware.test_commands import LAMP
from tests.support.avr import Uno, firmware, wait_until
from tests.support.reference import DONE, Client, I2cWire, wait_for_board

KEEPALIVE_MS = 300
SAFE_PIN, LAMP_PIN = "B0", "D7"


@pytest.fixture
def board() -> Iterator[Uno]:
    with Uno(firmware("TestNode", KEEPALIVE_MS=KEEPALIVE_MS)) as uno:
        wait_for_board(uno, ADDRESS)
        yield uno


def test_silence_switches_everything_off(board: Uno) -> None:
    client = Client(I2cWire.of(board, ADDRESS))
    assert f"keepalive {KEEPALIVE_MS}\n" in client.schema().decode()
    assert client.command(1, LAMP, b"\1") == DONE
    sent_us = board.facts("stat")["us"]
    wait_until(lambda: board.pin(LAMP_PIN)["level"] == 0, 20, "the lamp stays on")
    silent_ms = (board.facts("stat")["us"] - sent_us) / 1000
    assert silent_ms > KEEPALIVE_MS * 0.9
    hello = client.hello()
    assert hello.flags & 1
    assert client.poll(hello.boot, 1, SAMPLE_LENGTH).safe
    assert client.command(2, LAMP, b"\1") == DONE
    assert board.pin(LAMP_PIN)["level"] == 1
    assert not client.hello().flags & 1
    assert not client.poll(hello.boot, 1, SAMPLE_LENGTH).safe


def test_polls_keep_a_board_out_of_it(board: Uno) -> None:
    client = Client(I2cWire.of(board, ADDRESS))
    hello = client.hello()
    client.command(1, LAMP, b"\1")
    board.pin(SAFE_PIN)
    started_us = board.facts("stat")["us"]
    gap_us, last_us = 0.0, started_us
    while last_us < started_us + 3000 * KEEPALIVE_MS:
        client.poll(hello.boot, 1, SAMPLE_LENGTH)
        now_us = board.facts("stat")["us"]
        gap_us, last_us = max(gap_us, now_us - last_us), now_us
    # Only a test that was itself held up for so long may have let the board go safe.
    entered = board.pin(SAFE_PIN)["edges"]
    assert entered == 0 or gap_us >= KEEPALIVE_MS * 1000


def test_what_is_not_for_this_board_does_not(board: Uno) -> None:
    board.pin(SAFE_PIN)
    wire = I2cWire.of(board, ADDRESS)

    def entered() -> bool:
        wire.exchange(bytes.fromhex("0501070100"), 0.01)
        return board.pin(SAFE_PIN)["edges"] == 1

    wait_until(entered, 20, "garbage keeps the board alive")
