"""A gateway's collection on simulated boards, in one thread under a fake clock, with a real journal."""

from collections.abc import Callable, Sequence
from pathlib import Path

from arduino_iface.bus import I2cBus
from arduino_iface.device import Identity, ProtocolDevice
from arduino_iface.i2c_link import I2cLink
from dummy_hw.board import DummyBoard
from dummy_hw.i2c_bus import DummyI2cTransport
from gateway.collection.poller import DevicePoller, PolledDevice
from gateway.config.settings import (
    BusSettings,
    BusType,
    JournalSettings,
    LoggingSettings,
    Settings,
)
from gateway.core import Core
from gateway.drivers.intake import Source
from gateway.drivers.protocol.driver import ProtocolDriver
from gateway.journal.journal import Journal
from gateway.journal.ticket import Ticket
from gateway.model.place import Place
from gateway.model.reading import StoredReading
from gateway.model.registry import DeviceState, DeviceView
from tests.support.clock import FakeClock
from tests.support.serial_wire import DummySerialTransport

STEP_S = 0.05


class InlineJournal(Journal):
    """Commits when asked to, in the asker's thread: there is no other one here."""

    inline_clock: FakeClock

    def flush(self) -> Ticket:
        ticket = super().flush()
        self.step(self.inline_clock.monotonic())
        return ticket


class HouseTransports:
    """The wires of the house, by the names of their buses."""

    def __init__(self, i2c: DummyI2cTransport) -> None:
        self.adapter = i2c
        self.lines: dict[str, DummySerialTransport] = {}

    def i2c(self, settings: BusSettings) -> DummyI2cTransport:
        return self.adapter

    def serial(self, settings: BusSettings) -> DummySerialTransport:
        return self.lines[settings.name]


class House:
    """The journal, the registry, one I2C bus, and pollers for what is attached."""

    def __init__(
        self,
        path: Path,
        *,
        queue_max: int = 20000,
        opened: bool = True,
        wire: DummyI2cTransport | None = None,
        clock: FakeClock | None = None,
    ) -> None:
        """`wire` and `clock` are those of a house before this one: its boards lived on."""
        self.clock = clock or FakeClock()
        self.journal = InlineJournal(path, clock=self.clock, queue_max=queue_max)
        self.journal.inline_clock = self.clock
        self.transport = wire or DummyI2cTransport(self.clock)
        self.transports = HouseTransports(self.transport)
        settings = Settings(
            journal=JournalSettings(path),
            logging=LoggingSettings(path.parent),
            buses=(BusSettings("i2c1", BusType.I2C, "simulated"),),
            simulated=True,
        )
        core = Core(settings, self.transports, self.clock, self.journal, lambda *_: None)
        self.reader = core.reader
        self.registry = core.registry
        self.buses = core.buses
        self.labels = core.labels
        self.roster = core.roster
        self.devices = core.devices
        bus = self.buses.get("i2c1")
        assert isinstance(bus, I2cBus)
        self.bus = bus
        self.disconnects = 0
        if opened:
            self.journal.open()

    def close(self) -> None:
        self.reader.close()
        self.journal.close()

    def on_i2c(
        self, name: str, address: int, board: DummyBoard | None, interval_s: float | None = None
    ) -> DevicePoller:
        """A poller for an address of the bus; None leaves it empty."""
        if board is not None:
            self.transport.attach(address, board)
        device = ProtocolDevice(I2cLink(self.bus, address))
        return self.poller(name, device, self.bus.close, address, interval_s)

    def on_serial(self, name: str, wire: DummySerialTransport) -> DevicePoller:
        self.transports.lines[name] = wire
        self.buses.add(BusSettings(name, BusType.SERIAL, "simulated"))
        device = ProtocolDevice(self.buses.link(name, None, first_seq=0))
        return self.poller(name, device, self.buses.get(name).close, bus=name)

    def poller(
        self,
        name: str,
        device: ProtocolDevice,
        close: Callable[[], None],
        address: int | None = None,
        interval_s: float | None = None,
        bus: str = "i2c1",
    ) -> DevicePoller:
        def disconnect() -> None:
            self.disconnects += 1
            close()

        def claim(identity: Identity) -> None:
            self.roster.claim(name, identity, Place(bus, address))

        source = Source(name, {"room": "A"}, True)
        driver = ProtocolDriver(source, device, self.journal, self.clock, claim, interval_s)
        settings = PolledDevice(source, bus, address, interval_s=interval_s)
        poller = DevicePoller(settings, driver, self.registry, self.clock, disconnect)
        self.roster.configure(poller)
        return poller

    def run(
        self,
        seconds: float,
        *pollers: DevicePoller,
        until: Callable[[], bool] = lambda: False,
        journal: bool = True,
    ) -> None:
        """Step everything each 50 ms, until the time is over or the condition holds."""
        end = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end and not until():
            for poller in pollers:
                poller.step()
            self.devices.age(self.clock.monotonic())
            if journal:
                self.journal.step(self.clock.monotonic())
            self.clock.advance(STEP_S)

    def drain(self, poller: DevicePoller, board: DummyBoard) -> None:
        """The board stops sampling and is read until all it has is stored and acknowledged."""
        board.freeze(True)
        self.run(30.0, poller, until=lambda: board.status().held == 0)
        assert board.status().held == 0

    def view(self, name: str) -> DeviceView:
        view = self.registry.get(name)
        assert view is not None
        return view

    def state(self, name: str) -> DeviceState:
        return self.view(name).state

    def stored(self) -> Sequence[StoredReading]:
        return self.reader.readings_after(0, 10_000)

    def numbers(self, name: str, boot: int = 1) -> list[int | None]:
        """Sample numbers in the order they were stored."""
        return [
            one.reading.seq
            for one in self.stored()
            if one.reading.device == name and one.reading.boot == boot
        ]
