"""Simulated boards for configured devices: any name, useful channels and commands, own values."""

import re
from collections.abc import Mapping
from zlib import crc32

from arduino_iface.clock import Clock
from arduino_iface.lines.match import LinePattern
from arduino_iface.lines.reader import LineSettings
from arduino_iface.registers.map import RegisterMap
from arduino_iface.schema import Channel
from arduino_iface.values import Number, ValueType
from dummy_hw.board import DummyBoard
from dummy_hw.eeprom import Eeprom
from dummy_hw.line_board import LineBoard
from dummy_hw.register_board import RegisterBoard
from dummy_hw.signals import Drift, Noise, Signal, Sine, Switch

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
        signals=_signals(crc32(device_id.encode()) if seed is None else seed),
        ring_size=ring_size,
        loop_delay_s=loop_delay_s,
    )


def make_registers(
    device_id: str, registers: RegisterMap, *, clock: Clock, seed: int | None = None
) -> RegisterBoard:
    """A board without power yet that has these registers, with likely values in every channel."""
    base = crc32(device_id.encode()) if seed is None else seed
    signals = {
        one.name: _likely(base + number, one.described, one.minimum, one.maximum)
        for number, one in enumerate(registers.channels)
    }
    return RegisterBoard(registers, clock=clock, signals=signals)


def make_lines(
    device_id: str,
    settings: LineSettings,
    *,
    clock: Clock,
    interval_s: float = 1.0,
    seed: int | None = None,
) -> LineBoard:
    """A board without power yet that prints such lines, with likely values, and answers commands.

    A command whose reply nothing simple fits gets none.
    """
    base = crc32(device_id.encode()) if seed is None else seed
    signals: dict[str, Signal] = {
        one.name: _likely(base + number, one.described, one.minimum, one.maximum)
        for number, one in enumerate(settings.channels)
    }
    answers = {
        one.name: answer
        for one in settings.commands
        if one.reply is not None and (answer := _answer(one.reply)) is not None
    }
    if not signals:
        signals = {name: one for name, one in _signals(base).items() if name != "supply"}
    return LineBoard(settings, clock=clock, signals=signals, interval_s=interval_s, answers=answers)


def _answer(reply: LinePattern) -> str | None:
    plain = re.sub(r"\\(.)", r"\1", reply.text).strip("^$")
    return next((one for one in (plain, *_ANSWERS) if reply.fits(one)), None)


def _likely(seed: int, channel: Channel, minimum: Number | None, maximum: Number | None) -> Signal:
    """Values that such a channel could have: within its limits, or usual for its unit."""
    if channel.type is ValueType.BOOL:
        return Switch(seed, 20.0, 0.3)
    mean, spread = _USUAL.get(channel.unit or "", (50.0, 20.0))
    if minimum is not None and maximum is not None:
        mean, spread = (minimum + maximum) / 2, (maximum - minimum) / 3
    elif minimum is not None and mean - spread < minimum:
        mean = minimum + 2 * spread
    elif maximum is not None and mean + spread > maximum:
        mean = maximum - 2 * spread
    return Drift(seed, mean, spread, 120.0)


_ANSWERS = ("OK", "ok", "OK 0", "done", "ACK", "0", "1")

_USUAL = {
    "Cel": (21.0, 3.0),
    "%RH": (50.0, 12.0),
    "V": (5.0, 0.05),
    "Pa": (101_325.0, 700.0),
    "ppm": (640.0, 220.0),
    "mm": (900.0, 300.0),
    "kg": (12.0, 4.0),
    "g": (500.0, 200.0),
}
"""Mean and spread by unit."""


def schema_name(device_id: str) -> str:
    """The id as the schema language writes names: lower case, digits, `_`, at most 24 characters."""
    lowered = device_id.lower()
    kept = "".join(letter if _is_name_letter(letter) else "_" for letter in lowered)
    return (kept if kept[:1].isalpha() else f"d{kept}")[:_NAME_MAX]


def _is_name_letter(letter: str) -> bool:
    return letter.isascii() and (letter.isalnum() or letter == "_")


def _signals(seed: int) -> Mapping[str, Signal]:
    phase = seed % 1000 / 1000
    return {
        "temperature": Sine(21.0, 2.5, 600.0, phase),
        "humidity": Drift(seed, 50.0, 12.0, 120.0),
        "supply": Noise(seed + 1, 5.0, 0.02),
    }
