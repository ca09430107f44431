"""The buses: one transaction under the lock for each call, and waits outside it."""

import threading
from collections.abc import Callable

import pytest

from arduino_iface.bus import I2cBus, SerialBus
from arduino_iface.errors import BusBusy, BusFault, PortLost
from arduino_iface.lock import Priority, PriorityLock
from arduino_iface.transport import I2cTransport, SerialTransport
from tests.arduino_iface.waiting import running, until
from tests.support.clock import FakeClock

SOON_S = 20.0


def is_free(lock: PriorityLock) -> bool:
    """Whether another thread could take the lock now."""
    free: list[bool] = []

    def try_it() -> None:
        try:
            with lock.hold(Priority.COMMAND, 0):
                free.append(True)
        except BusBusy:
            free.append(False)

    with running(try_it):
        pass
    return free[0]


class Wire:
    """Both kinds of transport: notes what is called, and whether the bus was free meanwhile."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.clock = FakeClock()
        self.baud_rate = 9600
        self.is_open = False
        self.fault: Exception | None = None
        self.look: Callable[[], bool] = lambda: True

    def _note(self, *call: object) -> None:
        self.calls.append((*call, "free" if self.look() else "held"))
        if self.fault is not None:
            raise self.fault

    def open(self) -> None:
        self._note("open")
        self.is_open = True

    def close(self) -> None:
        self._note("close")
        self.is_open = False


class I2cWire(Wire):
    def write(self, address: int, data: bytes) -> None:
        self._note("write", address, data)

    def read(self, address: int, length: int) -> bytes:
        self._note("read", address, length)
        return b"\xff" * length


class SerialWire(Wire):
    def write(self, data: bytes) -> None:
        self._note("write", data)

    def wait(self, timeout_s: float) -> bool:
        self._note("wait", timeout_s)
        return True

    def read(self) -> bytes:
        self._note("read")
        return b"abc"


def i2c() -> tuple[I2cBus, I2cWire]:
    wire = I2cWire()
    transport: I2cTransport = wire
    bus = I2cBus("main", transport)
    wire.look = lambda: is_free(bus.lock)
    return bus, wire


def serial() -> tuple[SerialBus, SerialWire]:
    wire = SerialWire()
    transport: SerialTransport = wire
    bus = SerialBus("uno", transport)
    wire.look = lambda: is_free(bus.lock)
    return bus, wire


def test_i2c_transactions_hold_the_lock_one_by_one() -> None:
    bus, wire = i2c()
    bus.open(Priority.POLL, 1)
    bus.write(0x12, b"hi", Priority.POLL, 1)
    assert is_free(bus.lock)
    assert bus.read(0x12, 4, Priority.COMMAND, 1) == b"\xff" * 4
    bus.close()
    assert wire.calls == [
        ("open", "held"),
        ("write", 0x12, b"hi", "held"),
        ("read", 0x12, 4, "held"),
        ("close", "free"),
    ]
    assert bus.name == "main"
    assert is_free(bus.lock)


def test_serial_transactions_hold_the_lock_and_waiting_does_not() -> None:
    bus, wire = serial()
    bus.open(Priority.POLL, 1)
    opened = bus.is_open
    bus.write(b"hi", Priority.COMMAND, 1)
    assert bus.wait(0.5)
    assert bus.read(Priority.COMMAND) == b"abc"
    bus.close()
    assert (opened, bus.is_open) == (True, False)
    assert wire.calls == [
        ("open", "held"),
        ("write", b"hi", "held"),
        ("wait", 0.5, "free"),
        ("read", "held"),
        ("close", "free"),
    ]
    assert (bus.name, bus.baud_rate) == ("uno", 9600)


@pytest.mark.parametrize("fault", [BusFault("no acknowledgement"), PortLost("gone")])
def test_a_fault_passes_through_and_frees_the_bus(fault: Exception) -> None:
    bus, wire = i2c()
    wire.fault = fault
    with pytest.raises(type(fault), match=str(fault)):
        bus.write(0x12, b"", Priority.POLL, 1)
    assert is_free(bus.lock)


def test_nothing_is_sent_when_the_bus_is_busy() -> None:
    i2c_bus, i2c_wire = i2c()
    serial_bus, serial_wire = serial()
    calls: list[Callable[[], object]] = [
        lambda: i2c_bus.open(Priority.POLL, 0),
        lambda: i2c_bus.write(0x12, b"", Priority.POLL, 0),
        lambda: i2c_bus.read(0x12, 4, Priority.POLL, 0),
        lambda: serial_bus.open(Priority.POLL, 0),
        lambda: serial_bus.write(b"hi", Priority.POLL, 0),
        lambda: serial_bus.read(Priority.POLL, 0),
    ]
    done = threading.Event()

    def try_all() -> None:
        for call in calls:
            with pytest.raises(BusBusy):
                call()
        done.set()

    with (
        i2c_bus.lock.hold(Priority.POLL, 1),
        serial_bus.lock.hold(Priority.POLL, 1),
        running(try_all),
    ):
        until(done.is_set, SOON_S)
    assert i2c_wire.calls == serial_wire.calls == []


def test_the_lock_counts_by_the_clock_of_the_wire() -> None:
    bus, wire = i2c()

    def take_3_ms() -> bool:
        wire.clock.sleep(0.003)
        return True

    wire.look = take_3_ms
    bus.read(0x12, 32, Priority.POLL, 0)
    assert bus.lock.stats().hold_max_s == pytest.approx(0.003)
