"""A simulated Arduino Uno for tests: its process, serial port, I2C bus, pins and faults.

Real firmware runs in ``avrsim`` (built from ``tests/avrsim``). Everything that waits has a
deadline and looks for a condition; nothing sleeps for a guessed time.
"""

from __future__ import annotations

import fcntl
import os
import select
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
SIMULATOR = ROOT / "tests" / "avrsim"
BUILD = ROOT / ".cache" / "avrsim"
PRELOAD = BUILD / "i2cdev.so"
AVR_CORE = Path("/usr/share/arduino/hardware/arduino/avr")
BOOTLOADER = AVR_CORE / "bootloaders" / "optiboot" / "optiboot_atmega328.hex"

_BUILD_TIMEOUT_S = 300.0
_START_TIMEOUT_S = 20.0
_ANSWER_TIMEOUT_S = 20.0


class BusRefused(OSError):
    """An I2C transaction that failed; `verdict` is nack-addr, nack-data or timeout."""

    def __init__(self, verdict: str) -> None:
        super().__init__(verdict)
        self.verdict = verdict


@dataclass(frozen=True)
class Transfer:
    """One finished I2C transaction: the bytes read, and how long the board held SCL (us)."""

    data: bytes
    duration_us: float
    held_us: float
    held_max_us: float


def make(*arguments: str) -> str:
    """Run make in the project's folder and return its output; one process at a time does."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with open(BUILD / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(
            ["make", "-s", *arguments],
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
            timeout=_BUILD_TIMEOUT_S,
        )
    if done.returncode:
        raise RuntimeError(f"make {' '.join(arguments)}\n{done.stdout}{done.stderr}")
    return done.stdout


def build(target: str = "all") -> None:
    """Bring the simulator and its sketches up to date. Safe to call from several processes."""
    make("-C", str(SIMULATOR), target)


def firmware(sketch: str, **defines: int) -> Path:
    """The ELF file of a sketch, built with these macros defined.

    `sketch` is the name of one of the library's examples or of `tests/avrsim/sketches`.
    """
    candidates = [
        SIMULATOR / "sketches" / sketch,
        ROOT / "arduino_iface" / "firmware" / "examples" / sketch,
    ]
    source = next(path for path in candidates if path.is_dir())
    out = BUILD / "-".join([sketch, *(f"{k}_{v}" for k, v in sorted(defines.items()))])
    make(
        *("-f", str(SIMULATOR / "avr.mk"), f"SKETCH={source}", f"OUT={out}"),
        f"LIBDIRS={ROOT / 'arduino_iface' / 'firmware'}",
        "DEFS=" + " ".join(f"-D{k}={v}" for k, v in sorted(defines.items())),
    )
    return out / f"{sketch}.elf"


def wait_until(condition: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Ask `condition` again and again until it holds; TimeoutError with `what` if it never does."""
    deadline = time.monotonic() + timeout_s
    pause = select.poll()  # waits on nothing: gives the processor to the simulator
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        pause.poll(1)


class Uno:
    """One simulated board, powered while the context is open.

    Its serial port is `tty`; its I2C bus is reached by :meth:`i2c` or, for unchanged programs, by
    :func:`i2c_environment`. Not thread-safe.
    """

    def __init__(
        self,
        elf: Path | None = None,
        *,
        directory: Path | None = None,
        eeprom: Path | None = None,
        bootloader: Path | None = None,
        reset_on_open: bool = False,
        speed: float = 1.0,
    ) -> None:
        self._own_directory = None if directory else tempfile.TemporaryDirectory(prefix="uno-")
        self.directory = directory or Path(self._own_directory.name if self._own_directory else "")
        self.tty = self.directory / "tty"
        self._arguments = [
            str(BUILD / "avrsim"),
            *("--dir", str(self.directory), "--speed", str(speed), "--die-with-parent"),
        ]
        for name, path in (("elf", elf), ("eeprom", eeprom), ("boot", bootloader)):
            if path:
                self._arguments += [f"--{name}", str(path)]
        if reset_on_open:
            self._arguments.append("--reset-on-open")
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._received = b""

    def __enter__(self) -> Self:
        self.plug()
        return self

    def plug(self) -> None:
        """Power the board, at first or again after :meth:`unplug`; EEPROM lasts if it has a file."""
        assert self._process is None, "the board is running"
        self._received = b""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(self._arguments, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], _START_TIMEOUT_S)
        if not ready or self._process.stdout.readline() != b"ready\n":
            self.unplug()
            raise RuntimeError("avrsim did not start")
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(_ANSWER_TIMEOUT_S)
        self._socket.connect(str(self.directory / "ctl"))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None and self._process and self._process.poll() is None:
            error.add_note(f"board {self.directory.name}: {self.facts('stat')}")
        self.unplug()
        if self._own_directory:
            self._own_directory.cleanup()

    def unplug(self) -> None:
        """End the board as if its cable were pulled: serial port and bus are gone."""
        if self._socket:
            self._socket.close()
            self._socket = None
        if self._process:
            self._process.kill()
            self._process.wait(10)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None
            self.tty.unlink(missing_ok=True)
            (self.directory / "ctl").unlink(missing_ok=True)

    @property
    def pid(self) -> int:
        """Of the simulator's process."""
        assert self._process is not None
        return self._process.pid

    def ask(self, *words: object) -> list[str]:
        """Send one request; the words of the answer after its verdict.

        ValueError when the simulator does not know the request, BusRefused when an I2C
        transaction failed.
        """
        assert self._socket is not None, "the board is not running"
        self._socket.sendall((" ".join(map(str, words)) + "\n").encode())
        while b"\n" not in self._received:
            received = self._socket.recv(8192)
            if not received:
                raise ConnectionError("avrsim has gone")
            self._received += received
        line, _, self._received = self._received.partition(b"\n")
        verdict, *rest = line.decode().split()
        if verdict == "error":
            raise ValueError(" ".join(rest))
        if verdict != "ok":
            raise BusRefused(verdict)
        return rest

    def facts(self, *words: object) -> dict[str, float]:
        """Like :meth:`ask`, for answers of the form key=value."""
        pairs = (word.split("=") for word in self.ask(*words))
        return {key: float(int(v, 16)) if key == "pc" else float(v) for key, v in pairs}

    def i2c(self, *messages: tuple[int, bytes | int]) -> Transfer:
        """One I2C transaction: (address, bytes to write) or (address, count to read), joined by
        repeated STARTs. Raises BusRefused."""
        words: list[object] = []
        for address, what in messages:
            words += (
                [f"{address:x}", "r", what]
                if isinstance(what, int)
                else [f"{address:x}", "w", what.hex() or "-"]
            )
        data, *timing = self.ask("i2c", *words)
        facts = {key: float(v) for key, v in (w.split("=") for w in timing) if key != "at"}
        return Transfer(
            b"" if data == "-" else bytes.fromhex(data),
            facts["us"],
            facts["held"],
            facts["held_max"],
        )

    def pin(self, name: str) -> dict[str, float]:
        """Level, direction, PWM compare value, and edges since the last call; D13 is "B5"."""
        return self.facts("pin", name)

    def eeprom(self, address: int, count: int) -> bytes:
        """EEPROM contents."""
        return bytes.fromhex(self.ask("eeprom", address, count)[0])


def i2c_environment(bus: int, run_directory: Path) -> dict[str, str]:
    """Environment in which a child process finds the boards below `run_directory` (one directory
    each) on ``/dev/i2c-<bus>``."""
    return {**os.environ, "LD_PRELOAD": str(PRELOAD), "I2CSIM": f"{bus}:{run_directory}"}
