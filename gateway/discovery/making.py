"""Puts the search together: every I2C bus of the configuration, and the USB ports."""

from collections.abc import Callable

from arduino_iface.bus import I2cBus
from arduino_iface.serial_ports import UsbPort
from gateway.collection.timers import MakeTimer
from gateway.config.settings import Settings
from gateway.devices.buses import Buses
from gateway.devices.devices import Devices
from gateway.devices.roster import Roster
from gateway.discovery.i2c import I2cDiscovery
from gateway.discovery.serial import SerialDiscovery
from gateway.discovery.worker import DiscoveryWorker, UnclaimedBoards
from gateway.journal.reader import JournalReader
from gateway.model.registry import Registry
from gateway.runtime.clock import WallClock

ListPorts = Callable[[], list[UsbPort]]


def make_discovery(
    settings: Settings,
    buses: Buses,
    roster: Roster,
    devices: Devices,
    registry: Registry,
    reader: JournalReader,
    clock: WallClock,
    list_ports: ListPorts | None,
    make_timer: MakeTimer,
) -> DiscoveryWorker:
    """The worker that searches as the configuration says; nothing is opened yet.

    `list_ports` lists the USB ports of known vendors; None: only configured devices are looked for there.
    """
    unclaimed = UnclaimedBoards(registry, clock, settings.simulated)
    i2c = []
    for one in settings.buses:
        bus = buses.get(one.name)
        if isinstance(bus, I2cBus):
            # Configured addresses too: the search notices at once when their boards are back.
            wanted_addresses = {*one.discover_addresses, *settings.addresses_on(one.name)}
            addresses = sorted(wanted_addresses - settings.cleared_on(one.name))
            i2c.append(I2cDiscovery(bus, addresses, roster, unclaimed.show))
    serial = SerialDiscovery(buses, roster, clock, unclaimed.show, list_ports, make_timer)
    return DiscoveryWorker(i2c, serial, unclaimed, roster, reader, devices.remember)
