"""The demo set: four boards for a gateway without configuration, two on I2C and two on serial."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from arduino_iface.clock import Clock
from arduino_iface.messages import CommandStatus
from dummy_hw import signals
from dummy_hw.board import DummyBoard
from dummy_hw.commands import DONE, Arguments, Execution, running
from dummy_hw.eeprom import Eeprom, FileEeprom
from dummy_hw.signals import Signal

I2C_BUS = "i2c1"
"""Name of the demo set's I2C bus."""

_LOOP_DELAY_S = 0.002
_RING_SIZE = 120

_GREENHOUSE = """\
gw 1
name greenhouse
firmware 1.4.0
sample 1000
keepalive 30000
channel temperature i16 Cel 0.01 0
channel humidity u8 %RH 0.5 0
channel soil u8 % 0.5 0
channel door bool - 1 0
command fan speed:u8:0:255
command valve open:bool
"""

_WORKSHOP = """\
gw 1
name workshop
firmware 1.2.1
sample 1000
keepalive 30000
channel temperature i16 Cel 0.01 0
channel pulses u32 - 1 0
channel noise u8 dB 0.5 0
command relay number:u8:1:4 on:bool
command reset_counter
"""

_VEHICLE = """\
gw 1
name vehicle
firmware 2.0.3
sample 1000
keepalive 10000
channel battery u16 V 0.001 0
channel speed u16 m/s 0.01 0
channel distance u16 mm 1 0
channel latitude f32 lat 1 0
channel longitude f32 lon 1 0
command lamp level:u8:0:100
command horn duration:u16:1:5000
"""

_LABORATORY = """\
gw 1
name laboratory
firmware 3.1.0
sample 1000
keepalive 60000
channel temperature f32 Cel 1 0
channel pressure u32 Pa 1 0
channel co2 u16 ppm 1 0
channel lid bool - 1 0
command setpoint temperature:f32:-20:80
command stir speed:u16:0:1200
command self_test
"""


@dataclass(frozen=True, slots=True)
class DemoBoards:
    """The boards, without power yet: on the I2C bus `i2c1` by address, on serial by name."""

    i2c: Mapping[int, DummyBoard]
    serial: Mapping[str, DummyBoard]


def make(folder: Path, clock: Clock, *, seed: int = 1) -> DemoBoards:
    """The demo set. Identities and boot counts are kept in `folder`, so that keys never repeat."""

    def eeprom(name: str) -> Eeprom:
        return FileEeprom(folder / f"{name}.eeprom.json")

    greenhouse = _board(_GREENHOUSE, eeprom("greenhouse"), clock, _greenhouse_signals(seed))
    workshop = _board(_WORKSHOP, eeprom("workshop"), clock, _workshop_signals(seed))
    vehicle = _board(_VEHICLE, eeprom("vehicle"), clock, _vehicle_signals(seed))
    laboratory = _board(_LABORATORY, eeprom("laboratory"), clock, _laboratory_signals(seed))
    workshop.on_command("reset_counter", lambda _: _restart_counter(workshop))
    vehicle.on_command("horn", _sound_horn)
    laboratory.on_command("self_test", lambda _: running(3.0, CommandStatus.DONE))
    return DemoBoards(
        i2c={0x10: greenhouse, 0x11: workshop},
        serial={"vehicle": vehicle, "laboratory": laboratory},
    )


def _board(text: str, eeprom: Eeprom, clock: Clock, measured: Mapping[str, Signal]) -> DummyBoard:
    return DummyBoard(
        text,
        eeprom=eeprom,
        clock=clock,
        signals=measured,
        ring_size=_RING_SIZE,
        loop_delay_s=_LOOP_DELAY_S,
    )


def _greenhouse_signals(seed: int) -> Mapping[str, Signal]:
    return {
        "temperature": signals.Sine(24.0, 6.0, 900.0),
        # A sensor with a loose contact: it fails now and then.
        "humidity": signals.Missing(signals.Drift(seed, 62.0, 18.0, 180.0), 45.0, 3.0),
        "soil": signals.Ramp(55.0, -0.02, 1200.0),
        "door": signals.Switch(seed + 1, 25.0, 0.2),
    }


def _workshop_signals(seed: int) -> Mapping[str, Signal]:
    return {
        "temperature": signals.Drift(seed + 2, 19.0, 3.0, 240.0),
        "pulses": signals.PulseCounter(2.5),
        "noise": signals.Noise(seed + 3, 55.0, 15.0, 1.0),
    }


def _vehicle_signals(seed: int) -> Mapping[str, Signal]:
    return {
        "battery": signals.Drift(seed + 4, 12.4, 0.6, 300.0),
        "speed": signals.Drift(seed + 5, 8.0, 7.5, 40.0),
        "distance": signals.Noise(seed + 6, 900.0, 600.0, 2.0),
        "latitude": signals.Sine(52.5163, 0.004, 1800.0),
        "longitude": signals.Sine(13.3777, 0.006, 1800.0, 0.25),
    }


def _laboratory_signals(seed: int) -> Mapping[str, Signal]:
    return {
        "temperature": signals.Drift(seed + 7, 37.0, 0.4, 120.0),
        "pressure": signals.Drift(seed + 8, 101_325.0, 700.0, 3600.0),
        "co2": signals.Drift(seed + 9, 640.0, 220.0, 400.0),
        "lid": signals.SquareWave(0.0, 1.0, 240.0),
    }


def _restart_counter(board: DummyBoard) -> Execution:
    since_s = board.status().uptime_ms / 1000
    board.set_signal("pulses", signals.PulseCounter(2.5, since_s), until_reset=True)
    return DONE


def _sound_horn(arguments: Arguments) -> Execution:
    return running(arguments["duration"] / 1000)
