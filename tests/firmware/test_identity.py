"""Who a board says it is, and what of it survives a reset."""

from pathlib import Path

import pytest

from tests.firmware.conftest import ADDRESS, Bench, OpenPort
from tests.support.avr import Uno, firmware, wait_until
from tests.support.reference import (
    COMMAND,
    HELLO,
    Client,
    I2cWire,
    ProtocolRefusal,
    SerialWire,
    crc16,
    decode_frame,
    parse_hello,
    wait_for_board,
)

SCHEMA = """gw 1
name testnode
firmware 1.2.3
sample 50
keepalive 0
channel voltage i16 V 0.001 0
channel raw u16 - 1 0
channel calls i32 - 1 0
channel broken u8 %RH 0.5 0
channel door bool - 1 0
command lamp on:bool
command fan speed:u8:0:200
command end how:u8:0:5
command slow
command hang interrupts_off:bool
command hold ms:u16
command say
"""

STORE = 1024 - 60  # the last 60 bytes of the EEPROM


def test_hello(bench: Bench) -> None:
    hello = bench.client.hello()
    assert hello.version == 1
    assert hello.boot == 1
    assert (hello.request_max, hello.reply_max) == ((32, 32) if bench.wire == "i2c" else (64, 64))
    assert hello.flags == 2  # windowed POLL, not in the safe state
    later = bench.client.hello()
    assert later.uptime_ms > hello.uptime_ms
    assert later.uid == hello.uid


def test_the_schema_is_what_the_sketch_declared(bench: Bench) -> None:
    hello = bench.client.hello()
    schema = bench.client.schema()
    assert schema.decode() == SCHEMA
    assert len(schema) == hello.schema_length
    assert crc16(schema) == hello.schema_crc


def test_a_version_that_is_not_spoken(bench: Bench) -> None:
    with pytest.raises(ProtocolRefusal) as refused:
        bench.client.hello(version=2)
    assert refused.value.code == 3


def test_unknown_and_malformed_requests(bench: Bench) -> None:
    for kind, payload, code in ((0x55, b"", 1), (HELLO, b"", 2), (COMMAND, b"\0\0", 2)):
        with pytest.raises(ProtocolRefusal) as refused:
            bench.client.request(kind, payload)
        assert refused.value.code == code


def test_uid_and_boot_counter_survive_reset_and_power_loss(node_elf: Path, tmp_path: Path) -> None:
    store = tmp_path / "eeprom"
    seen = []
    for _ in range(2):
        with Uno(node_elf, eeprom=store) as uno:
            wait_for_board(uno, ADDRESS)
            client = Client(I2cWire.of(uno, ADDRESS))
            seen.append(client.hello())
            for cause in (("reset",), ("power", "on"), ("power", "brownout")):
                uno.ask(*cause)
                wait_for_board(uno, ADDRESS)
                seen.append(client.hello())
    assert [hello.boot for hello in seen] == list(range(1, 9))
    assert len({hello.uid for hello in seen}) == 1


def test_boots_are_spread_over_the_eeprom(node_elf: Path) -> None:
    with Uno(node_elf) as uno:
        wait_for_board(uno, ADDRESS)
        client = Client(I2cWire.of(uno, ADDRESS))
        for boot in range(2, 15):
            uno.ask("reset")
            wait_for_board(uno, ADDRESS)
            assert client.hello().boot == boot
        slots = uno.eeprom(STORE + 12, 48)
        counts = [int.from_bytes(slots[i : i + 2], "little") for i in range(0, 48, 4)]
        assert counts == [13, 14, *range(3, 13)]
        assert uno.eeprom(STORE, 2) == b"GW"
        assert uno.eeprom(STORE + 2, 8) == client.hello().uid


def test_two_boards_make_two_uids(node_elf: Path) -> None:
    uids = set()
    for _ in range(2):
        with Uno(node_elf) as uno:
            wait_for_board(uno, ADDRESS)
            uids.add(Client(I2cWire.of(uno, ADDRESS)).hello().uid)
    assert len(uids) == 2


def test_a_board_that_starts_says_hello_unasked(node_elf: Path, open_port: OpenPort) -> None:
    with Uno(node_elf, reset_on_open=True) as uno:
        wait_for_board(uno, ADDRESS)
        wire = SerialWire(open_port(uno))
        frame = wire.listen(10)
        assert frame is not None
        kind, seq, payload = decode_frame(0, frame) or (0, 0, b"")
        assert (kind, seq) == (HELLO | 0x80, 0)
        hello = parse_hello(payload)
        assert hello.boot == 2
        assert Client(wire).hello().uid == hello.uid


def test_a_sketch_that_declares_too_much_flickers_and_stays_off_the_bus() -> None:
    with Uno(firmware("TestNode", ARGUMENT_ROOM=3)) as uno:
        edges = 0.0

        def flickers() -> bool:
            nonlocal edges
            edges += uno.pin("B5")["edges"]
            return edges > 10

        wait_until(flickers, 10, "the lamp does not flicker")
        with pytest.raises(OSError, match="nack-addr"):
            uno.i2c((ADDRESS, 4))
