"""Commands: carried out once, whatever the wire does, and seen on the pins."""

import struct

import pytest

from tests.firmware.conftest import ADDRESS, SAMPLE_LENGTH, Bench
from tests.support.avr import wait_until
from tests.support.reference import (
    ACCEPTED,
    BAD_ARGUMENT,
    COMMAND,
    DONE,
    FAILED,
    IDENTIFY,
    REFUSED,
    RESTART,
    UNKNOWN_COMMAND,
    Client,
    wait_for_board,
)

LAMP, FAN, END, SLOW, HANG, HOLD, SAY = range(7)


def calls(client: Client) -> int:
    """How often the board has carried out a counted command, from its newest sample."""
    boot = client.hello().boot
    upcoming = client.poll(boot, 1, SAMPLE_LENGTH, skip=60000).first
    while not (poll := client.poll(boot, 1, SAMPLE_LENGTH, skip=upcoming - 1)).samples:
        continue
    return int(struct.unpack("<hHiBB", poll.samples[0].packed)[2])


def test_a_command_changes_a_pin(bench: Bench) -> None:
    for token, level in ((1, 1), (2, 0), (3, 1)):
        assert bench.client.command(token, LAMP, bytes([level])) == DONE
        pin = bench.uno.pin("D7")
        assert (pin["level"], pin["output"], pin["edges"]) == (level, 1, 1)


def test_a_command_sets_pwm(bench: Bench) -> None:
    assert bench.client.command(1, FAN, bytes([64])) == DONE
    assert bench.uno.pin("D5")["pwm"] == 64


def test_arguments_are_checked_on_the_board(bench: Bench) -> None:
    bad = ((LAMP, b"\2"), (LAMP, b""), (LAMP, b"\1\1"), (FAN, b"\xc9"), (SAY, b"\0"), (HOLD, b"\1"))
    for token, (code, arguments) in enumerate(bad, 1):
        assert bench.client.command(token, code, arguments) == BAD_ARGUMENT
    assert bench.uno.pin("D7")["edges"] == 0
    assert bench.client.command(50, FAN, b"\xc8") == DONE


def test_commands_that_there_are_not(bench: Bench) -> None:
    for token, code in ((1, 7), (2, 0xFC), (3, 0x80)):
        assert bench.client.command(token, code) == UNKNOWN_COMMAND


@pytest.mark.parametrize("outcome", [DONE, BAD_ARGUMENT, REFUSED, FAILED])
def test_the_outcome_is_the_sketchs(bench: Bench, outcome: int) -> None:
    assert bench.client.command(1, END, bytes([outcome])) == outcome


def test_a_repeated_token_is_answered_and_not_executed(bench: Bench) -> None:
    client = bench.client
    for token in range(1, 5):
        assert client.command(token, LAMP, bytes([token % 2])) == DONE
    bench.uno.pin("D7")
    for token in range(1, 5):
        assert client.command(token, LAMP, bytes([token % 2])) == DONE
    assert bench.uno.pin("D7")["edges"] == 0
    assert calls(client) == 4


def test_a_repeated_seq_is_answered_and_not_executed(bench: Bench) -> None:
    client = bench.client
    first = client.request(COMMAND, struct.pack("<HBB", 1, LAMP, 1), seq=99)
    # Another token under the same SEQ and TYPE: to the board it is the same request.
    again = client.request(COMMAND, struct.pack("<HBB", 2, LAMP, 0), seq=99)
    assert first == again
    assert bench.uno.pin("D7")["level"] == 1
    client.request(COMMAND, struct.pack("<HBB", 2, LAMP, 0), seq=100)
    assert bench.uno.pin("D7")["level"] == 0


def test_a_long_command_is_accepted_and_ends_later(bench: Bench) -> None:
    client = bench.client
    assert client.command(7, SLOW) == ACCEPTED
    assert client.command(7, SLOW) == ACCEPTED
    assert client.command(8, SLOW) == REFUSED  # the sketch does one at a time
    wait_until(lambda: client.command(7, SLOW) != ACCEPTED, 20, "it never ends")
    assert client.command(7, SLOW) == DONE
    assert calls(client) == 1


def test_restart_is_answered_first(bench: Bench) -> None:
    boot = bench.client.hello().boot
    assert bench.client.command(1, RESTART) == DONE
    resets = bench.uno.facts("stat")["resets"]
    wait_until(lambda: bench.uno.facts("stat")["resets"] > resets, 20, "no restart")
    wait_for_board(bench.uno, ADDRESS)
    hello = bench.client.hello()
    assert hello.boot == boot + 1
    # It stays up: the watchdog that reset it is stopped.
    before = bench.uno.facts("stat")
    wait_until(
        lambda: bench.uno.facts("stat")["us"] > before["us"] + 500_000, 20, "time stands still"
    )
    assert bench.uno.facts("stat")["resets"] == before["resets"]


def test_identify_blinks_and_stops(bench: Bench) -> None:
    bench.uno.pin("B5")
    assert bench.client.command(1, IDENTIFY) == DONE
    started = bench.uno.facts("stat")["us"]
    wait_until(lambda: bench.uno.facts("stat")["us"] > started + 3_300_000, 60, "time stands still")
    pin = bench.uno.pin("B5")
    assert 20 <= pin["edges"] <= 26
    assert pin["level"] == 0
