"""Forms that sketches with registers have: what the configuration makes of them, refuses, and warns of."""

import re
from decimal import Decimal

import pytest

from arduino_iface.registers.map import Block, Layout, RegisterMap, Verify
from tests.config.support import Start

I2C = '[[bus]]\nname = "i2c1"\ntype = "i2c"\nport = "/dev/i2c-1"\n'
TANK = "[[device]]\nid = 'tank'\nbus = 'i2c1'\naddress = 0x04\ndriver = 'registers'\n"
LEVEL = '{ name = "level", register = 0, type = "u16be" }'


def map_of(start: Start, text: str) -> RegisterMap:
    start.write(f"{I2C}{TANK}{text}\n")
    (device,) = start.load().devices
    assert isinstance(device.options, RegisterMap)
    return device.options


def one(rest: str, register: int = 0) -> str:
    return f"channels = [{{ name = 'a', register = {register}, {rest} }}]"


def command(rest: str) -> str:
    return f"channels = [{LEVEL}]\ncommands = [{{ name = 'c', register = 1, {rest} }}]"


def test_a_packet(start: Start) -> None:
    registers = map_of(
        start,
        """layout = "packet"
        channels = [{ name = "t", register = 0, type = "f32le" },
                    { name = "h", register = 4, type = "u8" },
                    { name = "rpm", register = 6, type = "i16le" }]
        commands = [{ name = "c", register = 1, type = "u8" }]""",
    )
    assert (registers.layout, registers.verify, registers.number) == (
        *(Layout.PACKET, Verify.TWICE, None),
    )
    assert registers.blocks() == (Block(0, 8, registers.channels),)
    assert registers.before(0) == b""
    assert not registers.commands[0].verify


def test_a_packet_that_is_asked_for(start: Start) -> None:
    channels = one("type = 'u8'")
    text = f"layout = 'packet'\nnumber = 0x54\nsettle = '20ms'\n{channels}"
    registers = map_of(start, text)
    assert (registers.before(0), registers.settle_s) == (b"\x54", 0.02)


def test_answers_of_their_own(start: Start) -> None:
    registers = map_of(
        start,
        """layout = "answers"
        channels = [{ name = "b", register = 2, type = "u16le" },
                    { name = "a", register = 1, type = "u16le" },
                    { name = "t", register = 2, at = 2, type = "ascii", length = 6 }]""",
    )
    spans = [(block.register, block.length) for block in registers.blocks()]
    assert spans == [(1, 2), (2, 8)]


def test_one_byte_a_request(start: Start) -> None:
    registers = map_of(start, f"block_max = 1\nchannels = [{LEVEL}]")
    (block,) = registers.blocks()
    assert block.transactions == ((0, 1), (1, 1))


def test_what_reading_clears_is_a_block_of_its_own_and_the_last(start: Start) -> None:
    registers = map_of(
        start,
        """channels = [{ name = "pulses", register = 0, type = "u16be", clears = true },
                    { name = "level", register = 2, type = "u16be" }]""",
    )
    assert [(one.register, one.once) for one in registers.blocks()] == [(2, False), (0, True)]


def test_fixed_point_and_digits(start: Start) -> None:
    (fixed,) = map_of(start, one("type = 'i16be', scale = 0.00390625")).channels
    assert (fixed.scale, fixed.value(b"\x15\x80")) == (Decimal("0.00390625"), 21.5)
    (digits,) = map_of(start, one("type = 'bcd16be', scale = 0.01")).channels
    assert digits.value(b"\x21\x50") == 21.5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (one("type = 'u8'", 5), 'device "tank": all is read from register 0x05, so nothing shows'),
        (
            one("type = 'u8', clears = true"),
            'device "tank": a: cleared by reading and so read only once',
        ),
        (one("type = 'u8'"), None),
        (one("type = 'u16be'", 5) + "\nblock_max = 1", None),
        (one("type = 'u8'", 5) + "\nverify = 'none'", None),
        (one("type = 'u8'", 5) + "\necho = 'first_byte'", None),
        (one("type = 'u8'", 5) + "\nlayout = 'packet'", None),
        (one("type = 'u8'", 5) + "\nlayout = 'answers'", None),
        (f"channels = [{LEVEL}, {{ name = 'b', register = 2, type = 'u8' }}]", None),
    ],
)
def test_a_map_that_cannot_be_verified_has_a_note(
    start: Start, text: str, words: str | None
) -> None:
    start.write(f"{I2C}{TANK}{text}\n")
    notes = start.load().notes
    assert len(notes) == (words is not None)
    assert all(str(words) in note for note in notes)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            f"channels = [{LEVEL}]\nlayout = 'paket'",
            '"paket" is not one of registers, packet, answers',
        ),
        (
            f"channels = [{LEVEL}]\nlayout = 'packet'\nblock_max = 8",
            'only applies with layout = "registers"',
        ),
        (
            f"channels = [{LEVEL}]\nlayout = 'packet'\necho = 'first_byte'",
            "echo: only applies with layout",
        ),
        (
            f"channels = [{LEVEL}]\nlayout = 'packet'\nsettle = '5ms'",
            "settle: only applies with a number",
        ),
        (
            f"channels = [{LEVEL}]\nlayout = 'packet'\nnumber = 256",
            "number: 0x100 has more than one byte",
        ),
        (f"channels = [{LEVEL}]\nnumber = 1", 'number: only applies with layout = "packet"'),
        (f"channels = [{LEVEL}]\nsettle = '2s'", '"2s" is not within 0ms to 1s'),
        (f"channels = [{LEVEL}]\nsettle = 5", "5 has no unit"),
        (one("type = 'u8', at = 1"), 'channels.0.at: only applies with layout = "answers"'),
        (one("type = 'u8', at = 32") + "\nlayout = 'answers'", "32 is not within 0 to 31"),
        (
            one("at = 31, type = 'u16be'", 1) + "\nlayout = 'answers'",
            "at: ends at byte 33 of the answer; one read carries 32",
        ),
        (
            one("type = 'u16be'", 31) + "\nlayout = 'packet'",
            "register: ends at byte 33 of the packet; one read carries 32",
        ),
        (one("type = 'u8'", 256) + "\nlayout = 'answers'", "number 0x100 is beyond 0xff"),
        (one("type = 'u8', length = 4"), 'length: only applies with type = "ascii" or "text"'),
        (one("type = 'ascii'"), "length: missing key: ascii does not say"),
        (one("type = 'text', length = 33"), "33 is not within 1 to 32"),
        (one("type = 'text', length = 3, scale = 2"), "scale: only applies to numbers"),
        (one("type = 'ascii', length = 3, bit = 2"), "ascii has no bits"),
        (one("type = 'bcd8', missing = 100"), "100 is not a raw value of bcd8 (0 to 99)"),
        (
            "channels = [{ name = 'a', register = 0, type = 'u16be', clears = true },"
            " { name = 'b', register = 1, type = 'u8' }]",
            'channels.1.register: register 0x1 is cleared when "a" is read; write clears = true',
        ),
        (
            "channels = [{ name = 'a', register = 0, type = 'u16be', clears = true }]\n"
            "commands = [{ name = 'c', register = 1, type = 'u8' }]",
            "commands.0.register: reading it back would clear the channel there; write verify = false",
        ),
        (
            f"layout = 'packet'\nchannels = [{LEVEL}]\n"
            "commands = [{ name = 'c', register = 1, type = 'u8', verify = true }]",
            "commands.0.verify: nothing can be read back from a packet",
        ),
        (command("type = 'ascii'"), "type: a command writes numbers, not text"),
    ],
)
def test_one_problem(start: Start, text: str, words: str) -> None:
    start.write(f"{I2C}{TANK}{text}\n")
    problem = start.problem()
    assert words in problem
    assert re.match(r"gateway.toml:(9|1\d): device.0", problem)
