"""The composition root: makes the objects of the rooms and wires them together. It only wires.

The one file that may import everything but simulated boards. Nothing here is opened or started before
`App.run`.
"""

import contextlib
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlunsplit

from api.app import create_app
from api.http.server import ApiServer
from api.ports import Ports
from api.streams import streams_of
from arduino_iface.serial_ports import arduino_ports
from gateway import __version__
from gateway.access.keys import KeyStore
from gateway.commands.worker import CommandWorker
from gateway.config.settings import Settings
from gateway.core import Core, make_journal
from gateway.devices.labels import LabelledDevices
from gateway.history.history import History
from gateway.host.host import Host
from gateway.host.parts import Parts
from gateway.journal.errors import JournalError
from gateway.journal.worker import JournalWorker
from gateway.live.feed import EventFeed
from gateway.live.stream import Events
from gateway.live.worker import EventWorker
from gateway.log.system import LogSystem
from gateway.model.command import CommandRecord
from gateway.observe.metrics import CommandTally, Metrics, MetricSources
from gateway.observe.status import StatusBoard, StatusSources
from gateway.parts import PARTS, PartLine
from gateway.runtime.clock import MachineClock, WallClock
from gateway.runtime.interpreter import tune_interpreter
from gateway.runtime.main_loop import MainLoop
from gateway.runtime.signals import StopSignals
from gateway.runtime.supervisor import Supervisor
from gateway.runtime.timekeeper import Timekeeper
from gateway.runtime.watchdog import Notifier, Signs, Watchdog
from gateway.runtime.worker import Worker

if TYPE_CHECKING:
    from dummy_hw.hardware import DummyHardware
    from dummy_hw.remote import RemoteBoards

log = logging.getLogger(__name__)


class App:
    """One gateway. Made, run once, and thrown away.

    `hardware`: simulated boards, already added; None for this machine's buses. `table`: the parts there are.
    """

    def __init__(
        self,
        settings: Settings,
        logs: LogSystem,
        hardware: "DummyHardware | None" = None,
        table: Sequence[PartLine] = PARTS,
        clock: WallClock | None = None,
    ) -> None:
        self._settings = settings
        self._logs = logs
        self._hardware = hardware
        self._clock = clock or MachineClock()
        self._timekeeper = Timekeeper(self._clock)
        self._tally = CommandTally()
        self._server: ApiServer | None = None
        self._keys = KeyStore(settings.keys_path)
        journal = make_journal(settings.journal, self._clock, self._timekeeper.is_set)
        self._core = core = Core(settings, hardware, self._clock, journal, self._audit)
        self._feed = EventFeed(core.registry.get, lambda: journal.state().journal_id, paced=True)
        journal.follow(self._feed.publish)
        core.registry.subscribe(self._feed.publish_device)
        self._parts = Parts(settings, table)
        self._host = Host(
            gateway_id=settings.gateway.id,
            version=__version__,
            simulated=settings.simulated,
            clock=self._clock,
            journal=journal,
            reader=core.reader,
            commands=core.commander,
            devices=core.devices,
            registry=core.registry,
            keys=self._keys,
            address=self._address,
        )
        self._parts.build(self._host)
        self._supervisor = Supervisor(list(self._workers()), self._clock)
        self._status = self._status_board()

    def _workers(self) -> Iterator[tuple[str, Callable[[], Worker]]]:
        """In start order; they are stopped in the opposite one."""
        core, settings = self._core, self._settings
        # With simulated boards, real ports are left alone.
        search_ports = settings.discovery.serial and not settings.simulated
        yield "journal", partial(JournalWorker, core.journal, self._timekeeper.expect_after)
        yield from self._parts.workers(self._host)
        yield core.discovery(arduino_ports if search_ports else None)
        yield core.collection()
        yield "command-queue", partial(CommandWorker, core.commander, self._clock)
        yield "events", partial(EventWorker, self._feed)
        yield "command", self._make_server

    def run(self, announce: Callable[[str], None]) -> int:
        """Run until a signal asks for a stop or a worker fails beyond repair; return the exit code.

        `announce` is given the address of the API once the gateway works. Main thread only.
        """
        tune_interpreter()
        status = self._status
        watchdog = Watchdog(
            Notifier.from_environ(os.environ, os.getpid()),
            Signs(self._supervisor.views, lambda: status.readiness().ready, status.summary),
        )
        loop = MainLoop(self._supervisor, watchdog, self._clock, must_start="command")
        with StopSignals() as signals:
            try:
                if self._hardware is not None:
                    self._hardware.start()
                return loop.run(signals, partial(self._started, announce))
            finally:
                self._close()

    def _started(self, announce: Callable[[str], None]) -> None:
        try:
            # The newest stored readings are shown until newer ones come.
            self._core.latest.publish(self._core.reader.latest())
        except JournalError as error:
            log.warning("the latest readings of the journal cannot be shown: %s", error)
        announce(self._address())

    def _close(self) -> None:
        self._core.close()
        self._parts.close()
        if self._hardware is not None:
            self._hardware.stop()

    def _make_server(self) -> ApiServer:
        core, settings = self._core, self._settings.api
        ports = Ports(
            devices=LabelledDevices(core.registry, core.labels),
            history=History(core.reader, self._parts.archive),
            latest=core.latest,
            commander=core.commander,
            reader=core.reader,
            status=self._status,
            events=Events(self._feed, core.reader),
            keys=self._keys,
            logs=self._logs,
            metrics=self._metrics(),
            settings=settings,
            dummy=self._remote_boards(),
            parts=self._parts.api,
            resources=self._parts.resources,
            views=self._parts.views,
        )
        app = create_app(ports)
        ends = streams_of(app).end
        self._server = ApiServer(app, settings.host, settings.port, end_streams=ends)
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
            journal=self._core.journal,
            journal_max_bytes=settings.journal.max_bytes,
            sinks=self._parts.deliveries,
            buses=self._core.buses,
            timekeeper=self._timekeeper,
            parts=self._parts.status,
            devices=self._core.registry.all,
        )
        return StatusBoard(
            settings.gateway.id,
            __version__,
            settings.simulated,
            sources,
            self._clock,
            [view.document for view in self._parts.views],
        )

    def _metrics(self) -> Metrics:
        sources = MetricSources(
            devices=self._core.registry.all,
            buses=self._core.buses.lock_stats,
            journal=self._core.journal.state,
            sinks=self._parts.deliveries,
            workers=self._supervisor.views,
            logs=lambda: self._logs.stats,
            commands=self._tally,
        )
        return Metrics(sources, __version__, self._clock, [self._parts.metrics])

    def _audit(self, record: CommandRecord, client: str | None) -> None:
        self._logs.audit.write(record, client=client)
        self._tally.note(record)

    def _address(self) -> str:
        """As bound, or as configured while it is not."""
        host, port = self._settings.api.host, self._settings.api.port
        if self._server is not None:
            with contextlib.suppress(RuntimeError):  # not listening, or not any more
                host, port = self._server.address
        shown = f"[{host}]" if ":" in host else host
        return urlunsplit(("http", f"{shown}:{port}", "", "", ""))
