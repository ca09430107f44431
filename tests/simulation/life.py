"""One process of the gateway, from its start to its end: the real parts, wired as in production."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from arduino_iface.bus import I2cBus
from gateway.collection.timers import DeviceTimer
from gateway.collection.worker import CollectionWorker
from gateway.commands.commander import Commander
from gateway.delivery.worker import DeliveryWorker
from gateway.devices.buses import Buses
from gateway.devices.labels import Labels
from gateway.devices.maker import DeviceMaker
from gateway.devices.roster import Roster
from gateway.discovery.i2c import I2cDiscovery
from gateway.discovery.serial import SerialDiscovery
from gateway.discovery.worker import DiscoveryWorker, UnclaimedBoards
from gateway.drivers.measured import MeasuredDriver
from gateway.journal.errors import JournalFull
from gateway.journal.journal import Journal
from gateway.journal.reader import JournalReader
from gateway.journal.ticket import Ticket
from gateway.journal.worker import JournalWorker
from gateway.live.latest import LiveHub
from gateway.live.reading_log import ReadingLog
from gateway.model.command import CommandRecord
from gateway.model.heartbeat import Heartbeat
from gateway.model.reading import Loss, LossReason, Reading
from gateway.model.registry import Registry
from gateway.runtime.clock import WallClock
from gateway.runtime.supervisor import Supervisor
from gateway.runtime.worker import Worker
from tests.simulation.audit import Audit
from tests.simulation.clock import SimClock
from tests.simulation.disk import SimDisk
from tests.simulation.hardware import Hardware
from tests.simulation.sink import SimSink
from tests.simulation.threads import SimThread, SimTimer, Stage

COMMIT_INTERVAL_S = 1.0


class SimTicket(Ticket):
    """Whoever waits for the disk lets the journal's thread work meanwhile: there is no other one."""

    __slots__ = ("_inner", "_work")

    def __init__(self, inner: Ticket, work: Callable[[Ticket, float], bool]) -> None:
        super().__init__()
        self._inner = inner
        self._work = work

    @property
    def done(self) -> bool:
        return self._inner.done

    def wait(self, timeout_s: float) -> bool:
        return self._work(self._inner, timeout_s)


class SimJournal(Journal):
    """The real journal; writes down what has no second home, and hands out tickets one can wait for."""

    audit: Audit
    wait_for: Callable[[Ticket, float], bool]

    def append(
        self, readings: Sequence[Reading], losses: Sequence[Loss] = (), *, urgent: bool = False
    ) -> Ticket:
        try:
            ticket = super().append(readings, losses, urgent=urgent)
        except JournalFull:
            self.audit.refuse(readings)
            raise
        self.audit.offer(readings, losses, ticket)
        return SimTicket(ticket, self.wait_for)

    def flush(self) -> Ticket:
        return SimTicket(super().flush(), self.wait_for)

    def save_command(self, record: CommandRecord, durable: bool = True) -> Ticket:
        return SimTicket(super().save_command(record, durable), self.wait_for)


class Surroundings(Stage, Protocol):
    """What a process finds when it starts."""

    clock: SimClock
    hardware: Hardware
    audit: Audit
    disk: SimDisk
    sink: SimSink
    rng: random.Random

    def wait_for(self, ticket: Ticket, timeout_s: float) -> bool: ...


class Life:
    """The gateway from one start to the next. `folder` holds the journal's file."""

    def __init__(self, world: Surroundings, folder: Path, queue_max: int) -> None:
        self._world = world
        clock: Any = world.clock
        path = folder / "journal.db"
        self.folder = folder
        self.journal = SimJournal(
            path,
            clock=clock,
            commit_interval_s=COMMIT_INTERVAL_S,
            queue_max=queue_max,
            connect=world.disk.connect,
        )
        self.journal.audit = world.audit
        self.journal.wait_for = world.wait_for
        self.reader = JournalReader(path)
        self.registry = Registry()
        self.hub = LiveHub()
        self.journal.subscribe(self.hub.publish)
        self.journal.subscribe(ReadingLog(clock).publish)
        self.buses = Buses(world.hardware.bus_settings(), world.hardware)
        self.labels = Labels(self.journal)
        maker = DeviceMaker(
            self.buses, self.journal, self.registry, clock, self.labels, simulated=False
        )
        self.roster = Roster(maker, self.registry, self.labels, clock)
        for device in world.hardware.device_settings():
            self.roster.configure(maker.configured(device))
        self.audited: list[CommandRecord] = []
        self.commander = Commander(
            self.registry,
            self.roster.driver,
            self.journal,
            self.reader,
            clock,
            lambda record, _: self.audited.append(record),
            use=self.roster.use,
        )
        self.journal.register(world.sink.name, {"reading"})
        self.journal.register(f"{world.sink.name}-commands", {"command"})
        self.delivery: DeliveryWorker | None = None
        self.supervisor = Supervisor(self._workers(), clock, self._make_thread)

    def close(self) -> None:
        self.reader.close()
        self._world.disk.forget()
        self._world.hardware.ports_closed()

    def unqueued(self) -> dict[str, int]:
        """Measurements that found no room and are not counted in the journal yet, by device."""
        found = {}
        for poller in self.roster.pollers():
            driver = poller.driver
            if isinstance(driver, MeasuredDriver):
                found[poller.settings.source.device] = sum(
                    loss.count
                    for loss in driver._maker._missing
                    if loss.reason is LossReason.SHED_BY_BOUND
                )
        return found

    def _workers(self) -> list[tuple[str, Callable[[], Worker]]]:
        return [
            ("journal", lambda: JournalWorker(self.journal)),
            ("delivery-sim", self._make_delivery),
            ("discovery", self._make_discovery),
            ("collection", self._make_collection),
        ]

    def _make_collection(self) -> CollectionWorker:
        clock: Any = self._world.clock
        return CollectionWorker(self.roster, clock, self._make_timer, buses=self.buses.all)

    def _make_delivery(self) -> DeliveryWorker:
        world = self._world
        clock: Any = world.clock
        rng = random.Random(world.rng.getrandbits(32))
        self.delivery = DeliveryWorker(
            world.sink.name,
            world.sink.consumers(self._heartbeat),
            self.journal,
            self.reader,
            clock,
            rng,
            read_ahead=False,
        )
        return self.delivery

    def _make_discovery(self) -> DiscoveryWorker:
        world = self._world
        clock: Any = world.clock
        unclaimed = UnclaimedBoards(self.registry, clock, simulated=False)
        i2c = []
        for one in world.hardware.bus_settings():
            bus = self.buses.get(one.name)
            if isinstance(bus, I2cBus):
                i2c.append(I2cDiscovery(bus, one.discover_addresses, self.roster, unclaimed.show))
        serial = SerialDiscovery(
            self.buses,
            self.roster,
            clock,
            unclaimed.show,
            world.hardware.ports,
            self._make_timer,
        )
        return DiscoveryWorker(
            i2c, serial, unclaimed, self.roster, self.reader, self.roster.remember
        )

    def _make_thread(self, worker: Worker, clock: WallClock) -> SimThread:
        thread = SimThread(worker, clock, self._world)
        if worker.name == "journal":
            thread.news = lambda: self.journal.wait_for_work(0.0)
        return thread

    def _make_timer(self, name: str, period_s: float, callback: Callable[[], None]) -> DeviceTimer:
        return SimTimer(name, period_s, callback, self._world, self._world.clock)

    def _heartbeat(self) -> Heartbeat:
        return Heartbeat("simulated", None, [view.id for view in self.registry.all()], 0)
