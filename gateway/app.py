"""The composition root: makes every part and wires them together. It only wires.

The one file that may import everything. Nothing here is opened or started before `App.run`.
"""

import contextlib
import gc
import logging
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlunsplit

from api.app import create_app
from api.http.server import ApiServer
from api.ports import Ports
from api.streams import streams_of
from arduino_iface.bus import I2cBus
from arduino_iface.serial_ports import arduino_ports
from gateway import __version__
from gateway.access.keys import KeyStore
from gateway.collection.worker import CollectionWorker
from gateway.commands.commander import Commander
from gateway.commands.worker import CommandWorker
from gateway.config.settings import (
    DISCOVER_DEFAULT,
    BusSettings,
    BusType,
    DeviceSettings,
    Settings,
)
from gateway.delivery.state import DeliveryState
from gateway.delivery.worker import DeliveryWorker
from gateway.devices.buses import Buses, RealTransports, Transports
from gateway.devices.devices import Devices
from gateway.devices.labels import LabelledDevices, Labels
from gateway.devices.maker import DeviceMaker
from gateway.devices.roster import Roster
from gateway.discovery.i2c import I2cDiscovery
from gateway.discovery.serial import SerialDiscovery
from gateway.discovery.worker import DiscoveryWorker, UnclaimedBoards
from gateway.history.history import History
from gateway.journal.errors import JournalError
from gateway.journal.journal import Journal
from gateway.journal.reader import JournalReader
from gateway.journal.types import Kind
from gateway.journal.worker import JournalWorker
from gateway.live.feed import EventFeed
from gateway.live.latest import LiveHub
from gateway.live.reading_log import ReadingLog
from gateway.live.stream import Events
from gateway.live.worker import EventWorker
from gateway.log.system import LogSystem
from gateway.model.command import CommandRecord
from gateway.model.heartbeat import Heartbeat
from gateway.model.registry import DeviceState, Registry
from gateway.observe.metrics import CommandTally, Metrics, MetricSources
from gateway.observe.status import StatusBoard, StatusSources
from gateway.runtime.clock import MachineClock, WallClock
from gateway.runtime.last_resort import end_within
from gateway.runtime.signals import StopSignals
from gateway.runtime.supervisor import Supervisor, WorkerState
from gateway.runtime.timekeeper import Timekeeper
from gateway.runtime.watchdog import Notifier, Signs, Watchdog
from gateway.runtime.worker import Worker

# The simulated boards are imported where they are made: a gateway on real buses needs none of it.
if TYPE_CHECKING:
    from dummy_hw.hardware import DummyHardware
    from dummy_hw.remote import RemoteBoards
    from gateway.sinks.mongo.history import MongoHistory

SUPERVISION_S = 0.25
END_WITHIN_S = 9.6
"""After the stop has begun; the contract grants ten seconds."""
THREAD_TURN_S = 0.001
"""How long a thread that computes keeps others waiting. The usual 5 ms, several times over while a backlog is
delivered, is what a command or the next batch would wait for."""
PI_I2C = "/dev/i2c-1"

GARBAGE_AFTER = 20_000
"""New containers before Python looks for circles among them. Readings make many, and no circles: at the
default of 700 the search takes a tenth of the time that a backlog needs."""

log = logging.getLogger(__name__)


def tune_interpreter() -> None:
    """Set what the whole process shares, for a program of many threads that passes much data on."""
    sys.setswitchinterval(THREAD_TURN_S)
    gc.set_threshold(GARBAGE_AFTER, 20, 20)


def with_default_bus(settings: Settings) -> Settings:
    """Without any bus in the configuration, the I2C pins of a Raspberry Pi are searched."""
    if settings.buses or not Path(PI_I2C).exists():
        return settings
    bus = BusSettings("i2c1", BusType.I2C, PI_I2C, discover=DISCOVER_DEFAULT)
    return replace(settings, buses=(bus,))


def simulate(settings: Settings) -> tuple["DummyHardware", Settings]:
    """Simulated boards for what is configured, or the demo set when nothing is.

    Their identities and boot counts are kept beside the journal, so that keys never repeat.
    """
    from dummy_hw.hardware import DummyHardware

    folder = settings.journal.path.parent / "dummy_hw"
    hardware = DummyHardware(folder / "terminals")
    if settings.devices or settings.buses:
        for device in settings.devices:
            driver_module(device.driver, "simulation").add(hardware, device, folder)
        return hardware, settings
    return hardware, _add_demo(hardware, settings, folder)


class App:
    """One gateway. Made, run once, and thrown away."""

    def __init__(
        self, settings: Settings, logs: LogSystem, hardware: "DummyHardware | None" = None
    ) -> None:
        """`hardware`: the simulated boards, already added; None for this machine's buses."""
        self._settings = settings
        self._logs = logs
        self._hardware = hardware
        self._clock: WallClock = MachineClock()
        self._timekeeper = Timekeeper(self._clock)
        transports: Transports = hardware if hardware is not None else RealTransports()
        self._buses = Buses(settings.buses, transports)
        self._registry = Registry()
        self._hub = LiveHub()
        journal = settings.journal
        self._journal = Journal(
            journal.path,
            clock=self._clock,
            commit_interval_s=journal.commit_interval_s,
            keep_s=journal.keep_s,
            max_bytes=journal.max_bytes,
            clock_is_set=self._timekeeper.is_set,
        )
        self._reader = JournalReader(journal.path)
        self._labels = Labels(self._journal)
        self._tally = CommandTally()
        self._journal.subscribe(self._hub.publish)
        self._feed = EventFeed(
            self._registry.get, lambda: self._journal.state().journal_id, paced=True
        )
        self._journal.follow(self._feed.publish)
        self._registry.subscribe(self._feed.publish_device)
        self._archive = self._make_archive()
        self._journal.subscribe(ReadingLog(self._clock).publish)
        self._deliveries: dict[str, DeliveryWorker] = {}
        maker = DeviceMaker(
            self._buses,
            self._journal,
            self._registry,
            self._clock,
            self._labels,
            simulated=settings.simulated,
        )
        self._roster = Roster(maker, self._registry, self._labels, self._clock)
        for device in settings.devices:
            self._roster.configure(maker.configured(device))
        self._devices = Devices(
            self._roster, self._registry, self._journal, self._labels, self._clock
        )
        self._server: ApiServer | None = None
        self._supervisor = Supervisor(self._workers(), self._clock)
        self._status = self._status_board()
        self._watchdog = Watchdog(
            Notifier.from_environ(os.environ, os.getpid()),
            Signs(self._supervisor.views, lambda: self._status.readiness().ready, self._summary),
        )
        self._commander = Commander(
            self._registry,
            self._roster.driver,
            self._journal,
            self._reader,
            self._clock,
            self._audit,
            use=self._roster.use,
        )

    def run(self, announce: Callable[[str], None]) -> int:
        """Run until a signal asks for a stop or a part fails beyond repair; return the exit code.

        `announce` is given the address of the API once the gateway works. Main thread only.
        """
        tune_interpreter()
        with StopSignals() as signals:
            try:
                return self._run(signals, announce)
            finally:
                self._buses.close()
                self._reader.close()
                if self._archive is not None:
                    self._archive.close()
                if self._hardware is not None:
                    self._hardware.stop()

    def _run(self, signals: StopSignals, announce: Callable[[str], None]) -> int:
        if self._hardware is not None:
            self._hardware.start()
        try:
            self._work(signals, announce)
        finally:
            # Not called off: what hangs may also hang the closing of buses, or the interpreter's exit.
            end_within(END_WITHIN_S, exit_code=1)
            # Also when the work ended with an exception: what is queued is stored all the same.
            self._watchdog.stopping()
            orderly = self._supervisor.stop()
            log.info("stopped" if orderly else "stopped, but not in order")
        return self._supervisor.exit_code

    def _work(self, signals: StopSignals, announce: Callable[[str], None]) -> None:
        working = self._supervisor.start()
        if working and self._supervisor.views()["command"].state is WorkerState.BACKOFF:
            # Who starts a second gateway by mistake, or names a wrong address, wants to be told now. Later
            # on the API is started again and again, and the collection goes on without it.
            self._supervisor.give_up("command")
            return
        if working:
            self._show_latest()
            announce(self._address())
        while working:
            self._watchdog.step(self._clock.monotonic())
            stop = signals.wait(SUPERVISION_S)
            if stop is not None:
                log.info("stopping: %s", stop.name)
                return
            working = self._supervisor.step(self._clock.monotonic())

    def _show_latest(self) -> None:
        """What was stored before this start is shown until something newer comes."""
        try:
            self._hub.publish(self._reader.latest())
        except JournalError as error:
            log.warning("the latest readings of the journal cannot be shown: %s", error)

    def _workers(self) -> list[tuple[str, Callable[[], Worker]]]:
        """In start order; they are stopped in the opposite one."""
        workers: list[tuple[str, Callable[[], Worker]]] = [
            ("journal", lambda: JournalWorker(self._journal, self._timekeeper.expect_after))
        ]
        if self._settings.mongo.uri is not None:
            # Before retention begins, however long the delivery takes to start.
            self._journal.register("mongo", {Kind.READING})
            self._journal.register("mongo-commands", {Kind.COMMAND})
            workers.append(("delivery-mongo", self._make_mongo))
        workers += [
            ("discovery", self._make_discovery),
            ("collection", self._make_collection),
            ("command-queue", lambda: CommandWorker(self._commander, self._clock)),
            ("events", lambda: EventWorker(self._feed)),
            ("command", self._make_server),
        ]
        return workers

    def _make_collection(self) -> CollectionWorker:
        return CollectionWorker(
            self._roster, self._clock, buses=self._buses.all, age=self._devices.age
        )

    def _make_discovery(self) -> DiscoveryWorker:
        settings, roster = self._settings, self._roster
        # Before the first reading, which is stamped with it.
        self._labels.remember(self._reader.devices())
        unclaimed = UnclaimedBoards(self._registry, self._clock, settings.simulated)
        i2c = []
        for one in settings.buses:
            bus = self._buses.get(one.name)
            if isinstance(bus, I2cBus):
                # Those of the configuration too, to notice at once when their boards are back.
                addresses = sorted({*one.discover_addresses, *settings.addresses_on(one.name)})
                i2c.append(I2cDiscovery(bus, addresses, roster, unclaimed.show))
        # Simulated boards are those of the configuration; real ports are none of their business.
        wanted = settings.discovery.serial and not settings.simulated
        serial = SerialDiscovery(
            self._buses, roster, self._clock, unclaimed.show, arduino_ports if wanted else None
        )
        return DiscoveryWorker(i2c, serial, unclaimed, roster, self._reader, self._devices.remember)

    def _mongo(self) -> "MongoSettings | None":
        """Where readings are delivered to; None without an address."""
        mongo = cast("MongoSettings | None", self._settings.parts.get("mongo"))
        return None if mongo is None or mongo.uri is None else mongo

    def _make_mongo(self) -> DeliveryWorker:
        mongo = self._mongo()
        assert mongo is not None
        assert mongo.uri is not None
        from gateway.sinks.mongo.consumers import make

        consumers = make(mongo.uri, mongo.database, self._settings.gateway.id, self._heartbeat)
        worker = DeliveryWorker("mongo", consumers, self._journal, self._reader, self._clock)
        self._deliveries["mongo"] = worker
        return worker

    def _make_archive(self) -> "MongoHistory | None":
        mongo = self._settings.mongo
        if mongo.uri is None:
            return None
        from gateway.sinks.mongo.history import MongoHistory

        return MongoHistory(
            mongo.uri, mongo.database, self._settings.gateway.id, self._clock.monotonic
        )

    def _make_server(self) -> ApiServer:
        settings = self._settings
        ports = Ports(
            devices=LabelledDevices(self._registry, self._labels),
            history=History(self._reader, self._archive),
            latest=self._hub,
            commander=self._commander,
            reader=self._reader,
            status=self._status,
            events=Events(self._feed, self._reader),
            keys=KeyStore(settings.keys_path),
            logs=self._logs,
            metrics=self._metrics(),
            settings=settings.api,
            dummy=self._remote_boards(),
        )
        app = create_app(ports)
        self._server = ApiServer(
            app, settings.api.host, settings.api.port, end_streams=streams_of(app).end
        )
        return self._server

    def _remote_boards(self) -> "RemoteBoards | None":
        if self._hardware is None:
            return None
        from dummy_hw.remote import RemoteBoards

        return RemoteBoards(self._hardware)

    def _status_board(self) -> StatusBoard:
        settings = self._settings
        sources = StatusSources(
            workers=self._supervisor.views,
            journal=self._journal,
            journal_max_bytes=settings.journal.max_bytes,
            sinks=self._sinks,
            buses=self._buses,
            timekeeper=self._timekeeper,
        )
        return StatusBoard(
            settings.gateway.id, __version__, settings.simulated, sources, self._clock
        )

    def _metrics(self) -> Metrics:
        sources = MetricSources(
            devices=self._registry.all,
            buses=self._buses.lock_stats,
            journal=self._journal.state,
            sinks=self._sinks,
            workers=self._supervisor.views,
            logs=lambda: self._logs.stats,
            commands=self._tally,
        )
        return Metrics(sources, __version__, self._clock)

    def _audit(self, record: CommandRecord, client: str | None) -> None:
        self._logs.audit.write(record, client=client)
        self._tally.note(record)

    def _summary(self) -> str:
        """One line for `systemctl status`."""
        readiness = self._status.readiness()
        if not readiness.ready:
            return "; ".join(readiness.reasons)
        views = self._registry.all()
        online = sum(view.state is DeviceState.ONLINE for view in views)
        return f"collecting and storing; {online} of {len(views)} devices online"

    def _sinks(self) -> Sequence[DeliveryState]:
        return [worker.state() for worker in self._deliveries.values()]

    def _heartbeat(self) -> Heartbeat:
        return Heartbeat(
            version=__version__,
            address=self._address(),
            devices=[view.id for view in self._registry.all()],
            seen_at_ms=self._clock.wall_ms(),
        )

    def _address(self) -> str:
        """As bound, or as configured while it is not."""
        host, port = self._settings.api.host, self._settings.api.port
        if self._server is not None:
            with contextlib.suppress(RuntimeError):  # not listening, or not any more
                host, port = self._server.address
        shown = f"[{host}]" if ":" in host else host
        return urlunsplit(("http", f"{shown}:{port}", "", "", ""))


def _add_demo(hardware: "DummyHardware", settings: Settings, folder: Path) -> Settings:
    from dummy_hw import demo

    boards = demo.make(folder, hardware.clock)
    buses = [BusSettings(demo.I2C_BUS, BusType.I2C, "simulated")]
    devices = []
    for address, board in boards.i2c.items():
        hardware.add_i2c(board.schema.name, demo.I2C_BUS, address, board)
        devices.append(DeviceSettings(board.schema.name, demo.I2C_BUS, address))
    for name, board in boards.serial.items():
        hardware.add_serial(name, name, board)
        buses.append(BusSettings(name, BusType.SERIAL, "simulated"))
        devices.append(DeviceSettings(name, name))
    return replace(settings, buses=tuple(buses), devices=tuple(devices))
