"""Simulated boards that speak the protocol: any name, useful channels and commands, own values."""

from zlib import crc32

from arduino_iface.clock import Clock
from dummy_hw.board import DummyBoard
from dummy_hw.eeprom import Eeprom
from dummy_hw.likely import room_signals

_SCHEMA = """\
gw 1
name {name}
firmware 1.0.0
sample {sample_ms}
keepalive 30000
channel temperature i16 Cel 0.01 0
channel humidity u8 %RH 0.5 0
channel supply u16 V 0.001 0
command fan speed:u8:0:255
command relay on:bool
"""

_NAME_MAX = 24


def make(
    device_id: str,
    *,
    eeprom: Eeprom,
    clock: Clock,
    interval_s: float = 1.0,
    seed: int | None = None,
    ring_size: int = 64,
    loop_delay_s: float = 0.002,
) -> DummyBoard:
    """A board without power yet, named after the device, sampling every `interval_s` seconds.

    It measures temperature (Cel), humidity (%RH) and its supply (V) and takes `fan` and `relay`.
    Its values depend on `seed`, which is made from the id when None. Fits I2C and serial.
    """
    text = _SCHEMA.format(name=schema_name(device_id), sample_ms=max(round(interval_s * 1000), 1))
    return DummyBoard(
        text,
        eeprom=eeprom,
        clock=clock,
        signals=room_signals(crc32(device_id.encode()) if seed is None else seed),
        ring_size=ring_size,
        loop_delay_s=loop_delay_s,
    )


def schema_name(device_id: str) -> str:
    """The id as the schema language writes names: lower case, digits, `_`, at most 24 characters."""
    lowered = device_id.lower()
    kept = "".join(letter if _is_name_letter(letter) else "_" for letter in lowered)
    return (kept if kept[:1].isalpha() else f"d{kept}")[:_NAME_MAX]


def _is_name_letter(letter: str) -> bool:
    return letter.isascii() and (letter.isalnum() or letter == "_")
