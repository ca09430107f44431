"""Collection, journal and commands, wired: what is below parts and API. It only wires.

Tests and the simulation make it with transports, a clock and a journal of their own; `app.py` with those of
the machine. Nothing is opened or started.
"""

from collections.abc import Callable
from functools import partial

from arduino_iface.usb_tree import UsbTree
from gateway.collection.timers import DeviceTimer, MakeTimer
from gateway.collection.worker import CollectionWorker
from gateway.commands.commander import Commander
from gateway.config.settings import JournalSettings, Settings
from gateway.devices.buses import Buses, RealTransports, Transports
from gateway.devices.devices import Devices
from gateway.devices.labels import Labels
from gateway.devices.maker import DeviceMaker
from gateway.devices.ports import PortMemory
from gateway.devices.roster import Roster
from gateway.discovery.making import ListPorts, make_discovery
from gateway.journal.journal import Journal
from gateway.journal.reader import JournalReader
from gateway.live.latest import LiveHub
from gateway.live.reading_log import ReadingLog
from gateway.model.command import CommandRecord
from gateway.model.registry import Registry
from gateway.runtime.clock import WallClock
from gateway.runtime.worker import Worker


def make_journal(
    settings: JournalSettings, clock: WallClock, clock_is_set: Callable[[], bool]
) -> Journal:
    """The journal of the configuration, not opened yet."""
    return Journal(
        settings.path,
        clock=clock,
        commit_interval_s=settings.commit_interval_s,
        keep_s=settings.keep_s,
        max_bytes=settings.max_bytes,
        clock_is_set=clock_is_set,
    )


class Core:
    """The rooms from the bus to the journal and back.

    `transports` None: this machine's buses. `audit` is told of every command that is over, and the client's
    address. `usb` tells what is plugged in; None: this machine.
    """

    def __init__(
        self,
        settings: Settings,
        transports: Transports | None,
        clock: WallClock,
        journal: Journal,
        audit: Callable[[CommandRecord, str | None], None],
        usb: UsbTree | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.journal = journal
        self.reader = JournalReader(journal.path)
        self.registry = Registry()
        self.latest = LiveHub()
        journal.subscribe(self.latest.publish)
        journal.subscribe(ReadingLog(clock).publish)
        self.labels = Labels(journal)
        ports = PortMemory(settings.buses, settings.devices, self.labels.save_device, usb)
        self.buses = Buses(settings.buses, transports or RealTransports(ports.guard))
        maker = DeviceMaker(
            self.buses,
            journal,
            self.registry,
            clock,
            self.labels,
            simulated=settings.simulated,
        )
        self.roster = Roster(maker, self.registry, self.labels, clock)
        for device in settings.devices:
            self.roster.configure(maker.configured(device))
        self.devices = Devices(self.roster, self.registry, journal, self.labels, clock, ports)
        self.commander = Commander(
            self.registry,
            self.roster.driver,
            journal,
            self.reader,
            clock,
            audit,
            use=self.roster.use,
        )

    def discovery(
        self, ports: ListPorts | None, make_timer: MakeTimer = DeviceTimer
    ) -> tuple[str, Callable[[], Worker]]:
        """The search; `ports` lists the USB ports to look at, None: none."""
        make = partial(
            make_discovery,
            self.settings,
            self.buses,
            self.roster,
            self.devices,
            self.registry,
            self.reader,
            self.clock,
            ports,
            make_timer,
        )
        return "discovery", make

    def collection(self, make_timer: MakeTimer = DeviceTimer) -> tuple[str, Callable[[], Worker]]:
        """The polls; after the search, which reads what the journal knows of the devices."""
        make = partial(
            CollectionWorker,
            self.roster,
            self.clock,
            make_timer,
            buses=self.buses.all,
            age=self.devices.age,
        )
        return "collection", make

    def close(self) -> None:
        """Close buses and readers; after all workers have stopped."""
        self.buses.close()
        self.reader.close()
