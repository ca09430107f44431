"""Sketches as people write them, at the other end of a simulated wire: each answers in its own way."""

import struct
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from random import Random

from arduino_iface.bus import I2cBus
from arduino_iface.clock import Clock
from arduino_iface.measurement import Measurement
from arduino_iface.registers.device import RegisterDevice
from arduino_iface.registers.map import RegisterChannel, RegisterMap
from arduino_iface.registers.types import REGISTER_TYPES
from dummy_hw.faults import FaultPlan
from dummy_hw.i2c_bus import DummyI2cTransport
from tests.support.clock import FakeClock

ADDRESS = 0x04

PACKET = struct.pack("<fBxh", 21.5, 45, -1200)
CLIMATE = (
    RegisterChannel("t", 0, REGISTER_TYPES["f32le"]),
    RegisterChannel("h", 4, REGISTER_TYPES["u8"]),
    RegisterChannel("rpm", 6, REGISTER_TYPES["i16le"]),
)
VALUES = {"t": 21.5, "h": 45, "rpm": -1200}


def words(*registers: int) -> RegisterMap:
    """A u16be at each of these registers."""
    return RegisterMap(
        tuple(RegisterChannel(f"r{one}", one, REGISTER_TYPES["u16be"]) for one in registers)
    )


def memory(**values: int) -> bytes:
    """A u16be at each of the registers named r0, r4, ..."""
    found = bytearray(64)
    for name, value in values.items():
        at = int(name[1:])
        found[at : at + 2] = value.to_bytes(2, "big")
    return bytes(found)


def good(measured: Measurement) -> bool:
    return measured.complete and not measured.unverified and not measured.out_of_range


class Sketch(ABC):
    """What `onReceive` and `onRequest` do. `reads` and `writes` are all that came."""

    def __init__(self) -> None:
        self.faults = FaultPlan()
        self.contact_lost = False
        self.reads = self.resets = 0
        self.writes: list[bytes] = []

    @abstractmethod
    def received(self, data: bytes) -> None:
        """`onReceive`."""

    @abstractmethod
    def requested(self) -> bytes:
        """`onRequest`."""

    def i2c_write(self, _address: int, data: bytes, _late_s: float = 0.0, /) -> bool:
        self.writes.append(data)
        self.received(data)
        return True

    def i2c_read(self) -> bytes:
        self.reads += 1
        return self.requested()

    def require_room(self, reply_max: int) -> None:
        """It has some."""
        assert reply_max <= 32

    def mute(self) -> None:
        """A loose contact."""
        self.contact_lost = True

    def reset(self) -> None:
        """The button."""
        self.resets += 1


class Registers(Sketch):
    """Right: bytes of `memory` from the number on, no more than `sends` of them."""

    def __init__(self, memory: bytes, sends: int = 32) -> None:
        super().__init__()
        self.memory = bytearray(memory)
        self._sends = sends
        self._number = 0

    def received(self, data: bytes) -> None:
        self._number = data[0]
        self.memory[data[0] : data[0] + len(data) - 1] = data[1:]

    def requested(self) -> bytes:
        return bytes(self.memory[self._number : self._number + self._sends])


class LateRegisters(Registers):
    """The number goes to `loop()`: the answer is that to one of the requests before.

    `lateness` says for each answer by how many requests it is late.
    """

    def __init__(self, memory: bytes, lateness: Callable[[], int]) -> None:
        super().__init__(memory)
        self._lateness = lateness
        self._prepared: deque[bytes] = deque([b"\0" * 32] * 9, maxlen=9)

    def requested(self) -> bytes:
        self._prepared.append(super().requested())
        return self._prepared[-1 - self._lateness()]


class SlowRegisters(Registers):
    """`loop()` comes round every `period_s`: until then the answer is the old one."""

    def __init__(self, memory: bytes, clock: Clock, period_s: float) -> None:
        super().__init__(memory)
        self._clock = clock
        self._period_s = period_s
        self._asked = 0.0
        self._old = b"\0" * 32
        self._new = b"\0" * 32

    def received(self, data: bytes) -> None:
        self._settle()
        super().received(data)
        self._new, self._asked = super().requested(), self._clock.monotonic()

    def requested(self) -> bytes:
        self._settle()
        return self._old

    def _settle(self) -> None:
        now = self._clock.monotonic()
        if now // self._period_s > self._asked // self._period_s:
            self._old = self._new


class StallingRegisters(Registers):
    """`loop()` prepares answers at once, but stands still at times."""

    def __init__(self, memory: bytes, clock: Clock) -> None:
        super().__init__(memory)
        self._clock = clock
        self._stalls: list[tuple[float, float]] = []
        self._prepared = b"\0" * 32

    def stall(self, begin: float, duration_s: float) -> None:
        """Stand still from then on."""
        self._stalls = [(begin, begin + duration_s)]

    def requested(self) -> bytes:
        now = self._clock.monotonic()
        if not any(begin <= now < end for begin, end in self._stalls):
            self._prepared = super().requested()
        return self._prepared


class Packet(Sketch):
    """The number is read and dropped; the packet is what `make` gives."""

    def __init__(self, make: Callable[[], bytes]) -> None:
        super().__init__()
        self._make = make

    def received(self, data: bytes) -> None: ...

    def requested(self) -> bytes:
        return self._make()


class Stream(Sketch):
    """One byte a request, the next one each time, whatever was asked for."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._data = data

    def received(self, data: bytes) -> None: ...

    def requested(self) -> bytes:
        return bytes((self._data[(self.reads - 1) % len(self._data)],))


class Answers(Sketch):
    """An answer of its own for each number."""

    def __init__(self, answers: dict[int, bytes]) -> None:
        super().__init__()
        self.answers = answers
        self._number = 0

    def received(self, data: bytes) -> None:
        self._number = data[0]

    def requested(self) -> bytes:
        return self.answers.get(self._number, b"")


class ClearingCounter(Registers):
    """Reading register 0 sets the counter there back; `arrive` adds to it. Behind it is a steady value."""

    def __init__(self, steady: bytes = b"\x12\x34") -> None:
        super().__init__(b"\0\0" + steady)
        self.handed_out = 0

    def arrive(self, pulses: int) -> None:
        count = int.from_bytes(self.memory[:2], "big") + pulses
        self.memory[:2] = count.to_bytes(2, "big")

    def requested(self) -> bytes:
        answer = super().requested()
        if self._number == 0:
            self.handed_out += int.from_bytes(self.memory[:2], "big")
            self.memory[:2] = b"\0\0"
        return answer


class SketchBench:
    """A driver and a sketch on a wire, by a clock moved by hand."""

    def __init__(
        self, registers: RegisterMap, sketch: Sketch, clock: FakeClock | None = None
    ) -> None:
        self.clock = clock or FakeClock()
        self.sketch = sketch
        self.wire = DummyI2cTransport(self.clock)
        self.wire.attach(ADDRESS, sketch)
        self.device = RegisterDevice(I2cBus("i2c1", self.wire), ADDRESS, registers, "board")


def sometimes(seed: int, most: int, chance: float) -> Callable[[], int]:
    """Late by up to `most` requests, with a chance."""
    random = Random(seed)
    return lambda: random.randint(1, most) if random.random() < chance else 0
