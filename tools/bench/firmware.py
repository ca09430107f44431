"""`python -m tools.bench.firmware`: the gateway's side of the wire against real Arduino firmware, in figures.

An Uno over UART and the same Uno over I2C, both in the simulator: polls per second against what the wire
allows, errors injected and noticed, wrong values accepted. Then corrupted frames for both decoders, and what
the examples need of an Uno. Exit code 1 when a wrong value was accepted.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from arduino_iface import frame
from arduino_iface.bus import I2cBus, SerialBus
from arduino_iface.device import Polled, ProtocolDevice
from arduino_iface.errors import BadFrame, WireError
from arduino_iface.i2c_link import I2cLink
from arduino_iface.i2c_transport import LinuxI2cTransport
from arduino_iface.messages import PollReply, PollRequest
from arduino_iface.serial_link import BITS_PER_BYTE, SerialLink
from arduino_iface.serial_transport import PortTransport
from tests.support.avr import ROOT, Uno, build, firmware, i2c_environment, make
from tests.vectors.golden import GOLDEN
from tools.bench.machine import conditions

BAUD_RATE = 115_200
I2C_HZ = 100_000
ADDRESS = 0x12
RAW_MV, RAW = 2000, 409
"""What TestNode's channel `raw` is given and must say."""

EXAMPLES = ("Hello", "ClimateNode", "BothTransports")
_BUS_FOLDER = "GATEWAY_BENCH_BUS"
_COBS_BYTES = 3  # of short frames: one of the coding, and the zeros around
_I2C_BITS_PER_BYTE = 9
_I2C_FRAMING_BITS = 2
_ERRORS_PPM = 2000


@dataclass(frozen=True, slots=True)
class Session:
    """What one wire has shown; `limit` and `polls_per_s` are polls a second."""

    wire: str
    polls_per_s: float
    limit: float
    samples: int
    wrong: int
    injected: int
    refused: int
    repeated: int
    unanswered: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure once and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.firmware", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="for each part (10)")
    parser.add_argument("--frames", type=int, default=200_000, help="corrupted ones (200000)")
    options = parser.parse_args(arguments)
    if _BUS_FOLDER not in os.environ:
        return _again_with_simulated_bus(arguments)
    os.environ.pop("LD_PRELOAD", None)  # done; the programs started from here do without
    folder = Path(os.environ[_BUS_FOLDER])
    lines, wrong = _sessions(folder, options.seconds)
    accepted, frames = accepted_of_corrupted(options.frames), options.frames
    lines["corrupted frames, Python"] = f"{accepted} accepted of {frames}"
    lines["corrupted frames, C++"] = _native()
    for example in EXAMPLES:
        lines[f"example {example}"] = _size(example)
    lines |= conditions(folder)
    width = max(len(name) for name in lines)
    print("\n".join(f"{name:<{width}}  {text}" for name, text in lines.items()))
    return 1 if wrong or accepted else 0


def _again_with_simulated_bus(arguments: Sequence[str] | None) -> int:
    """In the place of this process: one that has the simulated bus at /dev/i2c-1."""
    build("harness")
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as folder:
        words = sys.argv[1:] if arguments is None else list(arguments)
        environment = i2c_environment(1, Path(folder)) | {_BUS_FOLDER: folder}
        command = [sys.executable, "-m", "tools.bench.firmware", *words]
        return os.waitstatus_to_exitcode(_spawn(command, environment))


def _spawn(command: list[str], environment: dict[str, str]) -> int:
    process = os.posix_spawn(command[0], command, environment)
    return os.waitpid(process, 0)[1]


def _sessions(folder: Path, seconds: float) -> tuple[dict[str, str], int]:
    elf = firmware("TestNode")
    done = []
    for wire in ("UART", "I2C"):
        with Uno(elf, directory=folder / "uno") as uno:
            uno.ask("adc", 1, RAW_MV)
            done.append(_session(wire, uno, seconds))
    cells = [_cells(one) for one in done]
    rows = {name: " | ".join(f"{one[name]:>24}" for one in cells) for name in cells[0]}
    return rows, sum(one.wrong for one in done)


def _cells(one: Session) -> dict[str, str]:
    return {
        "wire": one.wire,
        "polls per second": f"{one.polls_per_s:.0f}",
        "limit of the wire": f"{one.limit:.0f}",
        "share of the limit": f"{100 * one.polls_per_s / one.limit:.0f} %",
        "bytes damaged": str(one.injected),
        "replies refused": str(one.refused),
        "requests sent again": str(one.repeated),
        "requests never answered": str(one.unanswered),
        "samples under errors": str(one.samples),
        "wrong values accepted": str(one.wrong),
    }


def _session(wire: str, uno: Uno, seconds: float) -> Session:
    device = _device(wire, uno)
    before_input = _Run(device)
    while before_input.newest != RAW:
        before_input.step()
    clean = _Run(device, before_input.next_sample)
    clean.go_on(seconds)
    hurt = _Run(device, clean.next_sample)
    before, bytes_before = device.link.counters, _hurt(wire, uno)
    if wire == "I2C":
        uno.ask("i2cfault", "ppm", _ERRORS_PPM, 1)
    else:
        uno.ask("uart", "rx", "ppm", _ERRORS_PPM, 1)
        uno.ask("uart", "tx", "ppm", _ERRORS_PPM, 2)
    hurt.go_on(seconds)
    return Session(
        f"{wire}, {BAUD_RATE} Bd" if wire == "UART" else f"{wire}, {I2C_HZ // 1000} kHz",
        clean.polls / seconds,
        _limit(wire, clean.samples / max(1, clean.polls)),
        hurt.samples,
        clean.wrong + hurt.wrong,
        _hurt(wire, uno) - bytes_before,
        device.link.counters.crc_errors - before.crc_errors,
        device.link.counters.retries - before.retries,
        hurt.unanswered,
    )


def _device(wire: str, uno: Uno) -> ProtocolDevice:
    if wire == "I2C":
        return ProtocolDevice(I2cLink(I2cBus("i2c1", LinuxI2cTransport("/dev/i2c-1")), ADDRESS))
    return ProtocolDevice(SerialLink(SerialBus("uart", PortTransport(str(uno.tty), BAUD_RATE))))


class _Run:
    """Polls one after the other, with every value held against what the input was set to."""

    def __init__(self, device: ProtocolDevice, next_sample: int = 1) -> None:
        self.polls = self.samples = self.wrong = self.unanswered = 0
        self.next_sample = next_sample
        self.newest: object = None  # value of the channel `raw`
        self._device = device

    def go_on(self, seconds: float) -> None:
        """For so long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.step()

    def step(self) -> None:
        """One poll, after the board has been identified."""
        try:
            if self._device.identity is None:
                self._device.identify()
            polled = self._device.poll(self.next_sample)
        except WireError:
            self.unanswered += 1
            return
        self.polls += 1
        self._take(polled)

    def _take(self, polled: Polled) -> None:
        self.samples += len(polled.samples)
        self.wrong += sum(one.values["raw"] != RAW for one in polled.samples)
        if polled.samples:
            self.newest = polled.samples[-1].values["raw"]
        self.next_sample = polled.following


def _hurt(wire: str, uno: Uno) -> int:
    facts = uno.facts("stat")
    return int(facts["i2c_hurt"] if wire == "I2C" else facts["rx_hurt"] + facts["tx_hurt"])


def _limit(wire: str, samples_per_poll: float) -> float:
    """Polls a second, one after the other, when the wire is never idle and the board takes no time."""
    sample = 3 + 10  # its age, and TestNode's channels
    request = frame.OVERHEAD + len(PollRequest(0, 0).encode())
    reply = frame.OVERHEAD + PollReply.OVERHEAD + samples_per_poll * sample
    if wire == "UART":
        return BAUD_RATE / BITS_PER_BYTE / (request + reply + 2 * _COBS_BYTES)
    # The gateway reads as much as the longest reply, and each transaction begins with an address.
    moved = 1 + request + 1 + frame.I2C_FRAME_MAX
    return I2C_HZ / (moved * _I2C_BITS_PER_BYTE + 2 * _I2C_FRAMING_BITS)


def accepted_of_corrupted(count: int, seed: int = 1) -> int:
    """How many of so many damaged golden frames the gateway's decoder takes for frames."""
    chance = random.Random(seed)
    good = [(bytes.fromhex(one["frame"]), int(one["address"])) for one in GOLDEN["frames"]]
    accepted = 0
    for _ in range(count):
        data, address = chance.choice(good)
        bits = 8 * len(data)
        if chance.random() < 0.5:
            mask = sum(1 << bit for bit in chance.sample(range(bits), chance.randint(1, 3)))
        else:
            mask = (1 << 15 | chance.getrandbits(15)) << chance.randrange(bits - 15)
        hurt = (int.from_bytes(data, "big") ^ mask).to_bytes(len(data), "big")
        try:
            frame.decode(hurt, address)
        except BadFrame:
            continue
        accepted += 1
    return accepted


def _native() -> str:
    source = (ROOT / "tests/firmware/native/test_frames.cpp").read_text(encoding="utf-8")
    count = re.search(r"corrupted_frames_are_never_accepted.*?i < (\d+)", source, re.DOTALL)
    assert count is not None
    said = make("-C", str(ROOT / "tests/firmware/native"), "check")
    return f"0 accepted of {count[1]} ({said.strip().splitlines()[-1]})"


def _size(example: str) -> str:
    text = (firmware(example).parent / "size.txt").read_text(encoding="ascii")
    flash, ram = re.findall(r"(\d+) of", text)
    return f"{int(flash):,} bytes of flash (32,256), {int(ram):,} of RAM (2,048)"


if __name__ == "__main__":
    sys.exit(main())
