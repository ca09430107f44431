"""The buses, real or simulated, and links to the boards on them."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from arduino_iface.bus import I2cBus, SerialBus
from arduino_iface.i2c_link import I2cLink
from arduino_iface.i2c_transport import LinuxI2cTransport
from arduino_iface.link import Link
from arduino_iface.lock import LockStats
from arduino_iface.serial_link import SerialLink
from arduino_iface.serial_transport import PortGuard, PortTransport
from arduino_iface.transport import I2cTransport, SerialTransport
from gateway.config.settings import DISCOVER_DEFAULT, BusSettings, BusType, Settings

Bus = I2cBus | SerialBus

PI_I2C = "/dev/i2c-1"
"""The I2C pins of a Raspberry Pi."""


def with_default_bus(settings: Settings) -> Settings:
    """Without any bus in the configuration, the I2C pins of a Raspberry Pi are searched."""
    if settings.buses or not Path(PI_I2C).exists():
        return settings
    bus = BusSettings("i2c1", BusType.I2C, PI_I2C, discover=DISCOVER_DEFAULT)
    return replace(settings, buses=(bus,))


class Transports(Protocol):
    """Makes the transports of buses: this machine's adapters and ports, or simulated ones."""

    def i2c(self, settings: BusSettings) -> I2cTransport:
        """The adapter of an I2C bus, not opened yet."""
        ...

    def serial(self, settings: BusSettings) -> SerialTransport:
        """The port of a serial bus, not opened yet."""
        ...


def _unguarded(_settings: BusSettings) -> PortGuard | None:
    """Whatever board is at a port is the right one."""
    return None


class RealTransports:
    """This machine's I2C adapters and serial ports. `guard` makes the guard of a port, if it has one."""

    def __init__(self, guard: Callable[[BusSettings], PortGuard | None] = _unguarded) -> None:
        self._guard = guard

    def i2c(self, settings: BusSettings) -> I2cTransport:
        """The adapter of an I2C bus, not opened yet."""
        return LinuxI2cTransport(settings.port)

    def serial(self, settings: BusSettings) -> SerialTransport:
        """The port of a serial bus, not opened yet."""
        return PortTransport(settings.port, settings.baud_rate, guard=self._guard(settings))


class Buses:
    """The buses by name, each with the one lock that collection and commands share."""

    def __init__(self, settings: Iterable[BusSettings], transports: Transports) -> None:
        """Opens nothing; a bus is opened at its first use."""
        self._transports = transports
        self._adding = threading.Lock()  # guards the replacement of the two below
        self.settings: tuple[BusSettings, ...] = ()
        self._buses: Mapping[str, Bus] = {}
        for one in settings:
            self.add(one)

    def add(self, settings: BusSettings) -> None:
        """Add a bus. Raises `ValueError` for a name that is taken."""
        bus: Bus
        if settings.type is BusType.I2C:
            bus = I2cBus(settings.name, self._transports.i2c(settings))
        else:
            bus = SerialBus(settings.name, self._transports.serial(settings))
        with self._adding:
            if settings.name in self._buses:
                raise ValueError(f"the bus {settings.name} exists already")
            self._buses = {**self._buses, settings.name: bus}
            self.settings = (*self.settings, settings)

    def get(self, name: str) -> Bus:
        """A bus. Raises `KeyError`."""
        return self._buses[name]

    def all(self) -> Mapping[str, Bus]:
        """All buses by name, as of now."""
        return self._buses

    def link(self, name: str, address: int | None, first_seq: int) -> Link:
        """A new link to the board at `address` (None on serial)."""
        bus = self._buses[name]
        if isinstance(bus, SerialBus):
            return SerialLink(bus, first_seq)
        if address is None:
            raise ValueError(f"a device on the I2C bus {name} needs an address")
        return I2cLink(bus, address, first_seq)

    def lock_stats(self) -> Mapping[str, LockStats]:
        """The counters of every bus lock by name."""
        return {name: bus.lock.stats() for name, bus in self._buses.items()}

    def close(self) -> None:
        """Close every adapter and port."""
        for bus in self._buses.values():
            bus.close()
