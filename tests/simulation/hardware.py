"""The boards of the simulation and their wires. They outlive the gateway's processes."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from arduino_iface.lines.channel import LineChannel
from arduino_iface.lines.format import FormatKind, LineFormat
from arduino_iface.lines.reader import LineSettings
from arduino_iface.registers.map import RegisterChannel, RegisterMap
from arduino_iface.registers.types import REGISTER_TYPES
from arduino_iface.serial_ports import UsbPort
from arduino_iface.values import ValueType
from dummy_hw.board import DummyBoard
from dummy_hw.commands import DONE, FAILED, REFUSED, Arguments, Execution, running
from dummy_hw.eeprom import MemoryEeprom
from dummy_hw.faults import FaultPlan
from dummy_hw.i2c_bus import DummyI2cTransport
from dummy_hw.line_board import LineBoard
from dummy_hw.register_board import RegisterBoard
from dummy_hw.ring import HeldSample, SampleRing
from gateway.config.settings import AddressRange, BusSettings, BusType, DeviceSettings
from tests.simulation.audit import Audit
from tests.simulation.clock import SimClock
from tests.support.serial_wire import DummySerialTransport

SCHEMA = """\
gw 1
name {name}
firmware 1.0.0
sample {sample_ms}
keepalive 30000
channel n u32 - 1 0
command mark number:u32
"""

REGISTERS = RegisterMap(channels=(RegisterChannel("n", 0, REGISTER_TYPES["u32le"], tolerance=5.0),))
LINES = LineSettings(LineFormat(FormatKind.KEYVALUE), (LineChannel("n", "n", ValueType.I64),))


class SimRing(SampleRing):
    """A board's memory whose every loss is written down."""

    def __init__(self, size: int, uid: str, boot: int, audit: Audit) -> None:
        super().__init__(size)
        self.uid = uid
        self.boot = boot
        self._audit = audit

    def append(self, sample: HeldSample) -> None:
        if len(self) == self.size:
            self._audit.overwritten(self.uid, self.boot, [self.oldest])
        self._audit.made(self.uid, self.boot, self.next_seq, sample.packed)
        super().append(sample)

    def pass_over(self, count: int) -> None:
        self._audit.overwritten(self.uid, self.boot, range(self.oldest, self.next_seq))
        for number in range(self.next_seq, self.next_seq + count):
            self._audit.made(self.uid, self.boot, number, None)
        super().pass_over(count)

    def forget_below(self, seq: int) -> None:
        numbers = range(self.oldest, min(seq, self.next_seq))
        self._audit.let_go(self.uid, self.boot, numbers)
        super().forget_below(seq)

    def clear(self) -> int:
        self._audit.lost_at_reset(self.uid, self.boot, range(self.oldest, self.next_seq))
        return super().clear()


class SimBoard(DummyBoard):
    """A board that speaks the protocol, and whose acts and samples are written down."""

    def __init__(
        self, name: str, number: int, clock: SimClock, rng: random.Random, audit: Audit
    ) -> None:
        uid = bytes([0xA0 + number] * 7 + [number])
        self._sim_eeprom = MemoryEeprom(uid)
        self.acts: Counter[int] = Counter()
        self.name = name
        self._answer_rng = random.Random(rng.getrandbits(32))
        ring_size = rng.choice((6, 12, 40))
        super().__init__(
            SCHEMA.format(name=name, sample_ms=rng.choice((250, 500, 1000, 2000))),
            eeprom=self._sim_eeprom,
            clock=clock,
            signals={"n": lambda _: rng.getrandbits(31)},
            ring_size=ring_size,
            windowed=rng.random() < 0.7,
            request_max=32,
            reply_max=32,
            loop_delay_s=rng.choice((0.0, 0.002, 0.03)),
            boot_time_s=rng.choice((0.0, 0.5, 1.6)),
            faults=FaultPlan(seed=rng.getrandbits(32)),
        )
        audit.names[uid.hex()] = name
        self.sim_ring = SimRing(ring_size, uid.hex(), 0, audit)
        self._sampler.ring = self.sim_ring
        self.on_command("mark", self._act)

    def _start(self, now: float) -> None:
        super()._start(now)
        self.sim_ring.boot = self._sim_eeprom.load().boot

    def _act(self, arguments: Arguments) -> Execution:
        self.acts[int(arguments["number"])] += 1
        return self._answer_rng.choices(
            (DONE, REFUSED, FAILED, running(0.3), running(30.0)), (12, 1, 1, 3, 1)
        )[0]


class SimI2c(DummyI2cTransport):
    """A wire on which time passes for this transaction alone."""

    def __init__(self, clock: SimClock) -> None:
        super().__init__(clock)
        self._sim_clock = clock

    def write(self, address: int, data: bytes) -> None:
        with on_wire(self._sim_clock):
            super().write(address, data)

    def read(self, address: int, length: int) -> bytes:
        with on_wire(self._sim_clock):
            return super().read(address, length)


class SimSerial(DummySerialTransport):
    """A line, and the file that stands for its port while it is plugged in."""

    def __init__(
        self, board: DummyBoard | LineBoard, clock: SimClock, port: Path, *, reset_on_open: bool
    ) -> None:
        super().__init__(board, clock, reset_on_open=reset_on_open)
        self._sim_clock = clock
        self.port = port

    def plug(self) -> None:
        super().plug()
        self.port.touch()

    def unplug(self) -> None:
        self.port.unlink(missing_ok=True)
        super().unplug()

    def write(self, data: bytes) -> None:
        with on_wire(self._sim_clock):
            super().write(data)


@contextmanager
def on_wire(clock: SimClock) -> Iterator[None]:
    clock.on_wire += 1
    try:
        yield
    finally:
        clock.on_wire -= 1


@dataclass
class Spot:
    """Where a board is, and whether the configuration names it."""

    board: SimBoard | RegisterBoard | LineBoard
    bus: str
    address: int | None = None
    device: str | None = None


class Hardware:
    """One I2C bus and three serial ports; implements the gateway's `Transports`."""

    def __init__(self, folder: Path, clock: SimClock, rng: random.Random, audit: Audit) -> None:
        def board(name: str, number: int) -> SimBoard:
            return SimBoard(name, number, clock, rng, audit)

        self.wire = SimI2c(clock)
        tank = RegisterBoard(
            REGISTERS, clock=clock, signals={"n": int},
            faults=FaultPlan(seed=rng.getrandbits(32)),
        )  # fmt: skip
        scale = LineBoard(
            LINES, clock=clock, signals={"n": lambda seconds: int(seconds * 1000)},
            interval_s=1.0, faults=FaultPlan(seed=rng.getrandbits(32)),
        )  # fmt: skip
        self.spots = {
            "greenhouse": Spot(board("greenhouse", 1), "i2c1", 0x10, "greenhouse"),
            "workshop": Spot(board("workshop", 2), "i2c1", 0x11, "workshop"),
            "cellar": Spot(board("cellar", 3), "i2c1", 0x12),
            "tank": Spot(tank, "i2c1", 0x30, "tank"),
            "vehicle": Spot(board("vehicle", 4), "usb0", None, "vehicle"),
            "laboratory": Spot(board("laboratory", 5), "usb2"),
            "scale": Spot(scale, "usb1", None, "scale"),
        }
        self.serial_wires: dict[str, SimSerial] = {}
        for spot in self.spots.values():
            if spot.address is None:
                assert not isinstance(spot.board, RegisterBoard)
                self.serial_wires[spot.bus] = SimSerial(
                    spot.board, clock, folder / spot.bus, reset_on_open=rng.random() < 0.5
                )
            else:
                assert not isinstance(spot.board, LineBoard)
                self.wire.attach(spot.address, spot.board)
        laboratory = self.spots["laboratory"].board
        assert isinstance(laboratory, SimBoard)
        # Where it can be plugged in instead.
        self.serial_wires["usb3"] = SimSerial(
            laboratory, clock, folder / "usb3", reset_on_open=True
        )
        self.serial_wires["usb3"].unplug()
        self._interval_s = rng.choice((None, 0.5, 1.5))

    @property
    def boards(self) -> Mapping[str, SimBoard]:
        """Those that speak the protocol, by name."""
        return {
            name: spot.board
            for name, spot in self.spots.items()
            if isinstance(spot.board, SimBoard)
        }

    def i2c(self, settings: BusSettings) -> SimI2c:
        return self.wire

    def serial(self, settings: BusSettings) -> SimSerial:
        return self.serial_wires[settings.name]

    def bus_settings(self) -> list[BusSettings]:
        """Of the configuration: usb2 is found."""
        return [
            BusSettings("i2c1", BusType.I2C, "none", discover=(AddressRange(0x10, 0x13),)),
            BusSettings("usb0", BusType.SERIAL, str(self.serial_wires["usb0"].port)),
            BusSettings("usb1", BusType.SERIAL, str(self.serial_wires["usb1"].port)),
        ]

    def device_settings(self) -> list[DeviceSettings]:
        return [
            DeviceSettings("greenhouse", "i2c1", 0x10),
            DeviceSettings("workshop", "i2c1", 0x11, self._interval_s),
            DeviceSettings("tank", "i2c1", 0x30, 2.0, "registers", options=REGISTERS),
            DeviceSettings("vehicle", "usb0"),
            DeviceSettings("scale", "usb1", driver="lines", options=LINES),
        ]

    def ports(self) -> list[UsbPort]:
        """The ports that the configuration does not name and that are plugged in."""
        unknown = [self.serial_wires[name].port for name in ("usb2", "usb3")]
        return [UsbPort(str(port), port.name, 0x2341) for port in unknown if port.exists()]

    def power_on(self) -> None:
        for name in self.spots:
            self.power(name, on=True)

    def power(self, name: str, *, on: bool) -> None:
        """Power of one board; a serial one has it from its cable."""
        spot = self.spots[name]
        if spot.address is None:
            wire = self.serial_wires[spot.bus]
            if on:
                wire.plug()
            else:
                wire.unplug()
        elif on:
            spot.board.power_on()
        else:
            spot.board.power_off()

    def move_laboratory(self) -> None:
        """Pull its cable; it will be plugged in at the other port."""
        spot = self.spots["laboratory"]
        self.serial_wires[spot.bus].unplug()
        spot.bus = "usb3" if spot.bus == "usb2" else "usb2"

    def move_cellar(self) -> None:
        """Give it another address, which takes effect when it starts."""
        spot = self.spots["cellar"]
        assert spot.address is not None
        assert isinstance(spot.board, SimBoard)
        self.wire.detach(spot.address)
        spot.address = 0x13 if spot.address == 0x12 else 0x12
        self.wire.attach(spot.address, spot.board)
        spot.board.reset()

    def ports_closed(self) -> None:
        """The kernel closes what a dead process had open."""
        self.wire.close()
        for wire in self.serial_wires.values():
            wire.close()
