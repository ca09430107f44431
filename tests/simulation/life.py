"""One process of the gateway, from its start to its end: the real parts, wired as in production."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from gateway.collection.timers import DeviceTimer
from gateway.config.settings import JournalSettings, LoggingSettings, Settings
from gateway.core import Core
from gateway.delivery.worker import DeliveryWorker
from gateway.drivers.measured import MeasuredDriver
from gateway.journal.errors import JournalFull
from gateway.journal.journal import Journal
from gateway.journal.ticket import Ticket
from gateway.journal.worker import JournalWorker
from gateway.model.command import CommandRecord
from gateway.model.heartbeat import Heartbeat
from gateway.model.reading import Loss, LossReason, Reading
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
        settings = Settings(
            journal=JournalSettings(path),
            logging=LoggingSettings(folder / "logs"),
            buses=tuple(world.hardware.bus_settings()),
            devices=tuple(world.hardware.device_settings()),
        )
        self.audited: list[CommandRecord] = []
        self.core = Core(
            settings,
            world.hardware,
            clock,
            self.journal,
            lambda record, _: self.audited.append(record),
        )
        self.reader = self.core.reader
        self.registry = self.core.registry
        self.roster = self.core.roster
        self.buses = self.core.buses
        self.commander = self.core.commander
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
            self.core.discovery(self._world.hardware.ports, self._make_timer),
            self.core.collection(self._make_timer),
        ]

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

    def _make_thread(self, worker: Worker, clock: WallClock) -> SimThread:
        thread = SimThread(worker, clock, self._world)
        if worker.name == "journal":
            thread.news = lambda: self.journal.wait_for_work(0.0)
        return thread

    def _make_timer(self, name: str, period_s: float, callback: Callable[[], None]) -> DeviceTimer:
        return SimTimer(name, period_s, callback, self._world, self._world.clock)

    def _heartbeat(self) -> Heartbeat:
        return Heartbeat("simulated", None, [view.id for view in self.registry.all()], 0)
