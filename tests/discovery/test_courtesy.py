"""The search gives way: whoever waits for the bus has it after one transaction at most."""

import errno
import threading
from pathlib import Path

from arduino_iface.bus import I2cBus
from arduino_iface.errors import BusBusy, BusFault
from arduino_iface.lock import Priority
from gateway.config.settings import BusSettings, BusType
from gateway.devices.buses import Buses
from gateway.devices.labels import Labels
from gateway.devices.maker import DeviceMaker
from gateway.devices.roster import Roster
from gateway.devices.unclaimed import UnclaimedBoard
from gateway.discovery.i2c import I2cDiscovery
from gateway.journal.journal import Journal
from gateway.model.registry import Registry
from gateway.runtime.clock import MachineClock
from tests.arduino_iface.waiting import running, until


class SlowWire:
    """An adapter on which every read lasts until the test lets it end."""

    clock = MachineClock()

    def __init__(self) -> None:
        self.log: list[str] = []
        self.reading = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)

    def open(self) -> None: ...

    def close(self) -> None: ...

    def write(self, address: int, data: bytes) -> None:
        self.log.append(data.decode())

    def read(self, address: int, length: int) -> bytes:
        self.log.append(f"look 0x{address:02x}")
        self.reading.release()
        assert self.go_on.acquire(timeout=20.0)
        raise BusFault(errno.EREMOTEIO, f"nothing acknowledged {length} bytes")


class SlowTransports:
    def __init__(self, wire: SlowWire) -> None:
        self.wire = wire

    def i2c(self, settings: BusSettings) -> SlowWire:
        return self.wire

    def serial(self, settings: BusSettings) -> SlowWire:
        raise AssertionError(settings.name)


def make(path: Path, wire: SlowWire) -> tuple[I2cBus, I2cDiscovery]:
    buses = Buses([BusSettings("i2c1", BusType.I2C, "slow")], SlowTransports(wire))  # type: ignore[arg-type]
    bus = buses.get("i2c1")
    assert isinstance(bus, I2cBus)
    clock, registry = MachineClock(), Registry()
    journal = Journal(path, clock=clock)
    labels = Labels(journal)
    maker = DeviceMaker(buses, journal, registry, clock, labels, simulated=True)
    roster = Roster(maker, registry, labels, clock)
    return bus, I2cDiscovery(bus, [0x10, 0x11, 0x12], roster, nobody)


def nobody(unclaimed: UnclaimedBoard) -> None:
    raise AssertionError(unclaimed)


def test_a_poll_and_a_command_wait_for_one_look_at_most(tmp_path: Path) -> None:
    wire = SlowWire()
    bus, search = make(tmp_path / "journal.db", wire)

    def write(what: str, priority: Priority) -> None:
        bus.write(0x20, what.encode(), priority, 20.0)

    def sweep() -> None:
        search.step(wire.clock.monotonic())

    with running(sweep):
        assert wire.reading.acquire(timeout=20.0)
        with running(
            lambda: write("poll", Priority.POLL), lambda: write("command", Priority.COMMAND)
        ):
            until(lambda: bus.lock.stats().waiting == 2)
            for _ in range(3):
                wire.go_on.release()
    assert wire.log == ["look 0x10", "command", "poll", "look 0x11", "look 0x12"]


def test_a_search_that_does_not_get_the_bus_goes_on_where_it_was(tmp_path: Path) -> None:
    wire = SlowWire()
    bus, search = make(tmp_path / "journal.db", wire)
    wire.go_on.release()
    real, refused = bus.read, iter([False, True, False, False])

    def read(address: int, length: int, priority: Priority, timeout_s: float) -> bytes:
        if next(refused):
            raise BusBusy("not free")
        return real(address, length, priority, timeout_s)

    bus.read = read  # type: ignore[method-assign]
    wait_s = search.step(wire.clock.monotonic())
    assert 0.5 < wait_s < 2.0
    wire.go_on.release(2)
    search.step(wire.clock.monotonic() + wait_s + 0.01)
    assert wire.log == ["look 0x10", "look 0x11", "look 0x12"]
