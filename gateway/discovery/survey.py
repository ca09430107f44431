"""A single search of every bus, without a running gateway: what answers, and what it is.

On I2C only reads are used, and HELLO is sent only to boards that speak the protocol. Opening a serial port
resets many boards.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from arduino_iface.bus import I2cBus, SerialBus
from arduino_iface.device import Identity, ProtocolDevice
from arduino_iface.errors import PortLost, WireError
from arduino_iface.i2c_link import I2cLink
from arduino_iface.i2c_scan import LOOK_TIMEOUT_S, SightingKind, look
from arduino_iface.lock import Priority
from arduino_iface.serial_link import SerialLink
from arduino_iface.serial_ports import UsbPort
from gateway.config.settings import BusSettings, BusType, DeviceSettings, Settings
from gateway.devices.buses import Transports

PORTS_AT_ONCE = 8


class Answer(StrEnum):
    """What is at a place."""

    BOARD = "board"
    """It speaks the device protocol and was identified."""
    STRANGER = "stranger"
    """It does not speak the protocol; nothing was written to it."""
    SILENT = "silent"
    """A port on which no board that speaks the protocol answers."""
    NOT_ASKED = "not asked"
    """Configured as a sketch that does not speak the protocol."""
    TROUBLE = "trouble"
    """The bus or port cannot be used; `detail` says why."""
    NOTHING = "nothing"
    """A bus on which nothing answers."""


@dataclass(frozen=True, slots=True)
class Found:
    """One place. `device`: the id in the configuration; `identity`: of boards, None otherwise."""

    bus: str
    port: str
    answer: Answer
    address: int | None = None
    device: str | None = None
    identity: Identity | None = None
    detail: str | None = None


class BusSurvey:
    """Looks at the buses of a configuration, and at ports that are not in it."""

    def __init__(
        self,
        settings: Settings,
        transports: Transports,
        list_ports: Callable[[], Sequence[UsbPort]],
    ) -> None:
        """Opens nothing."""
        self._settings = settings
        self._transports = transports
        self._list_ports = list_ports

    def run(self) -> Iterator[Found]:
        """What was found, bus by bus; the serial ports are searched in parallel."""
        buses = self._settings.buses
        for one in buses:
            if one.type is BusType.I2C:
                yield from self._i2c(one)
        serial = [one for one in buses if one.type is BusType.SERIAL]
        if self._settings.discovery.serial:
            serial += self._more_ports(serial)
        if serial:
            with ThreadPoolExecutor(PORTS_AT_ONCE) as pool:
                yield from pool.map(self._serial, serial)

    def _more_ports(self, known: Sequence[BusSettings]) -> list[BusSettings]:
        there = {Path(one.port).resolve() for one in known}
        return [
            BusSettings(port.tty, BusType.SERIAL, port.path)
            for port in self._list_ports()
            if Path(port.path).resolve() not in there
        ]

    def _i2c(self, settings: BusSettings) -> Iterator[Found]:
        bus = I2cBus(settings.name, self._transports.i2c(settings))
        named = self._settings.addresses_on(settings.name)
        silent = True
        try:
            bus.open(Priority.SCAN, LOOK_TIMEOUT_S)
            for address in sorted({*settings.discover_addresses, *named}):
                found = self._at(bus, settings, address)
                if found is not None:
                    silent = False
                    yield found
        except PortLost as error:
            yield Found(settings.name, settings.port, Answer.TROUBLE, detail=str(error))
        else:
            if silent:
                yield Found(settings.name, settings.port, Answer.NOTHING)
        finally:
            bus.close()

    def _at(self, bus: I2cBus, settings: BusSettings, address: int) -> Found | None:
        device = self._device(settings.name, address)
        name = None if device is None else device.id
        if device is not None and device.reading_clears:
            return Found(settings.name, settings.port, Answer.NOT_ASKED, address, name)
        sighting = look(bus, address)
        if sighting.kind is SightingKind.ABSENT:
            if name is None:
                return None
            return Found(settings.name, settings.port, Answer.SILENT, address, name)
        if device is not None and device.driver != "protocol":
            return Found(settings.name, settings.port, Answer.NOT_ASKED, address, name)
        if sighting.kind is SightingKind.STRANGER:
            return Found(settings.name, settings.port, Answer.STRANGER, address, name)
        return self._asked(ProtocolDevice(I2cLink(bus, address)), settings, address, name)

    def _serial(self, settings: BusSettings) -> Found:
        device = self._device(settings.name, None)
        name = None if device is None else device.id
        if device is not None and device.driver != "protocol":
            return Found(settings.name, settings.port, Answer.NOT_ASKED, None, name)
        bus = SerialBus(settings.name, self._transports.serial(settings))
        try:
            return self._asked(ProtocolDevice(SerialLink(bus)), settings, None, name)
        finally:
            bus.close()

    def _asked(
        self, board: ProtocolDevice, settings: BusSettings, address: int | None, name: str | None
    ) -> Found:
        try:
            identity = board.identify()
        except PortLost as error:
            answer, detail = Answer.TROUBLE, str(error)
        except WireError as error:
            answer, detail = Answer.SILENT, str(error)
        else:
            return Found(settings.name, settings.port, Answer.BOARD, address, name, identity)
        return Found(settings.name, settings.port, answer, address, name, None, detail)

    def _device(self, bus: str, address: int | None) -> DeviceSettings | None:
        found = (one for one in self._settings.devices if (one.bus, one.address) == (bus, address))
        return next(found, None)
