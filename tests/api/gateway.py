"""A gateway for the API's tests: real parts on a real journal, a scripted board, a clock that stands."""

import contextlib
import io
import logging
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from flask import Flask
from flask.testing import FlaskClient
from marshmallow import Schema as Document

from api.app import create_app
from api.ports import DummyBoards, Ports
from arduino_iface.arguments import pack
from arduino_iface.link import LinkCounters
from arduino_iface.measurement import CommandOutcome
from arduino_iface.messages import CommandStatus
from arduino_iface.schema import Command, Schema, parse
from gateway.access.keys import KeyStore, Scope
from gateway.commands.commander import Commander
from gateway.config.settings import ApiSettings, LoggingSettings
from gateway.devices.buses import Buses, RealTransports
from gateway.devices.labels import LabelledDevices, Labels
from gateway.drivers.base import Known, Tally
from gateway.history.history import Archive, History
from gateway.host.view import PartView
from gateway.journal.journal import Journal
from gateway.journal.reader import JournalReader
from gateway.journal.types import Order
from gateway.journal.worker import JournalWorker
from gateway.live.feed import EventFeed
from gateway.live.latest import LiveHub
from gateway.live.stream import Events
from gateway.log.system import OURS, LogSystem, set_up
from gateway.model.command import CommandRecord, CommandState
from gateway.model.reading import Loss, Quality, Reading, StoredReading
from gateway.model.registry import DeviceHealth, DeviceState, DeviceView, Registry
from gateway.observe.metrics import CommandTally, Metric, Metrics, MetricSources
from gateway.observe.status import StatusBoard, StatusSources
from gateway.runtime.supervisor import WorkerState, WorkerView
from gateway.runtime.timekeeper import Timekeeper
from gateway.runtime.worker import WorkerThread
from tests.support.clock import FakeClock

NOW_MS = 1_795_158_000_000  # 2026-11-20T07:00:00.000Z
NOW_MONO = 5000.0
DEADLINE_S = 10.0
COMMAND_S = 0.0074  # that the board takes

SCHEMA = parse(
    "gw 1\nname greenhouse\nfirmware 1.4.0\nsample 1000\n"
    "channel temperature i16 Cel 0.01 0\nchannel humidity u16 %RH 0.1 0\n"
    "command fan speed:u8:0:255\ncommand reset_counter"
)

GREENHOUSE = DeviceView(
    id="greenhouse",
    bus="i2c1",
    address=18,
    driver="protocol",
    state=DeviceState.ONLINE,
    interval_s=1.0,
    name="Greenhouse A",
    uid="0011223344556677",
    boot=5,
    schema=SCHEMA,
    last_seen_ms=NOW_MS - 400,
    last_seen_mono=NOW_MONO - 0.4,
    metadata={"room": "A"},
    health=DeviceHealth(polls=10, latency_ms_p50=2.5, latency_ms_p99=9.0),
)
VEHICLE = DeviceView(
    id="vehicle",
    bus="bench",
    address=None,
    driver="protocol",
    state=DeviceState.OFFLINE,
    interval_s=1.0,
    detail="no answer for 12 s",
)

DONE = CommandRecord(
    id="c1",
    device="greenhouse",
    name="fan",
    arguments={"speed": 128},
    state=CommandState.DONE,
    requested_at_ms=NOW_MS,
    finished_at_ms=NOW_MS + 8,
    duration_ms=7.4,
    token=77,
    idempotency_key="secret-key",
    body_hash="hash",
)


def reading(number: int, device: str = "greenhouse", /, **changes: object) -> Reading:
    """The sample with this number, taken so many seconds ago: the newest is 1."""
    found = Reading(
        device=device,
        time_ms=NOW_MS - 1000 * number,
        values={"temperature": 21.5, "humidity": None},
        quality=Quality.PARTIAL,
        uid="0011223344556677",
        boot=5,
        seq=number,
    )
    return replace(found, **changes)  # type: ignore[arg-type]


def fits(schema: type[Document], document: Any) -> bool:
    """Whether a document is as described: reading it and writing it again changes nothing."""
    return bool(schema().dump(schema().load(document)) == document)


@dataclass
class ScriptedBoard:
    """A driver whose board ends every command as told; it takes only what its schema allows."""

    clock: FakeClock
    schema: Schema = SCHEMA
    outcome: CommandStatus | Exception = CommandStatus.DONE
    executed: list[tuple[str, Mapping[str, object], float]] = field(default_factory=list)
    entered: threading.Event = field(default_factory=threading.Event)
    free: threading.Event = field(default_factory=threading.Event)
    tally: Tally = field(default_factory=Tally)
    counters: LinkCounters = field(default_factory=LinkCounters)
    interval_s: float = 1.0
    board: None = None

    def __post_init__(self) -> None:
        self.free.set()

    def latency_quantiles_ms(self) -> tuple[float, float] | None:
        return None

    def collect(self) -> Known | None:
        raise AssertionError("nothing is collected here")

    def forget(self) -> None:
        raise AssertionError("nothing is collected here")

    def check(self, command: Command, arguments: Mapping[str, object]) -> None:
        pack(command, arguments)

    def execute(
        self, token: int, command: Command, arguments: Mapping[str, object], timeout_s: float
    ) -> CommandOutcome:
        pack(command, arguments)
        assert token >= 0
        self.executed.append((command.name, dict(arguments), timeout_s))
        self.entered.set()
        assert self.free.wait(DEADLINE_S), "the board was never let go"
        self.clock.advance(COMMAND_S)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return CommandOutcome(self.outcome, confirmed=True)


class Gateway:
    """All that the API asks of a gateway. Its journal has a thread that commits at once; `close` ends it."""

    def __init__(self, folder: Path, *, archive: Archive | None = None) -> None:
        self.clock = FakeClock(NOW_MONO, NOW_MS)
        self.devices = Registry()
        self.journal = Journal(folder / "journal.db", clock=self.clock, commit_interval_s=0.0)
        self.reader = JournalReader(folder / "journal.db")
        self.history = History(self.reader, archive)
        self.latest = LiveHub()
        self.feed = EventFeed(self.devices.get, lambda: self.journal.state().journal_id)
        self.labels = Labels(self.journal)
        self.keys = KeyStore(folder / "keys.json")
        self.board = ScriptedBoard(self.clock)
        self.away = ScriptedBoard(self.clock)
        self.audited: list[tuple[CommandRecord, str | None]] = []
        self.commander = Commander(
            self.devices,
            {"greenhouse": self.board, "vehicle": self.away}.get,
            self.journal,
            self.reader,
            self.clock,
            lambda record, client: self.audited.append((record, client)),
        )
        running = ("journal", "collection")
        self.workers = {
            name: WorkerView(name, WorkerState.RUNNING, 0, NOW_MONO) for name in running
        }
        self.failure: Exception | None = None
        self.dummy: DummyBoards | None = None
        self.parts: Mapping[str, object] = {}
        self.resources: tuple[str, ...] = ()
        self.views: tuple[PartView, ...] = ()
        self.more: tuple[Callable[[], Iterable[Metric]], ...] = ()
        self._levels = {name: logging.getLogger(name).level for name in OURS}
        self._log_settings = LoggingSettings(folder / "logs", level="DEBUG")
        self.logs = self._new_logs()
        self.logs.stop()
        self._told = threading.Condition()  # guards _keys
        self._keys: set[str] = set()
        self._writer = WorkerThread(JournalWorker(self.journal), self.clock)
        self._start()

    def _start(self) -> None:
        self.journal.subscribe(self.latest.publish)
        self.journal.subscribe(self._note)
        self.journal.follow(self.feed.publish)
        self.devices.subscribe(self.feed.publish_device)
        self._writer.start()
        assert self._writer.started.wait(DEADLINE_S)
        self.devices.publish(GREENHOUSE)
        self.devices.publish(VEHICLE)

    def close(self) -> None:
        """End the journal's thread and undo what was set for the whole process."""
        self.stop_storing()
        self.reader.close()
        for name, level in self._levels.items():
            logging.getLogger(name).setLevel(level)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def stop_storing(self) -> None:
        """From now on nothing gets to disk."""
        self._writer.request_stop()
        assert self._writer.join(DEADLINE_S)

    def store(self, readings: Sequence[Reading], losses: Sequence[Loss] = ()) -> None:
        """Put readings into the journal, the oldest first; they are on disk and told of when this returns."""
        before = len(self._keys)
        ticket = self.journal.append(sorted(readings, key=lambda one: one.time_ms), losses)
        assert ticket.wait(DEADLINE_S)
        with self._told:
            assert self._told.wait_for(
                lambda: len(self._keys) >= before + len(readings), DEADLINE_S
            )

    def _note(self, stored: Sequence[StoredReading]) -> None:
        with self._told:
            self._keys.update(one.key for one in stored)
            self._told.notify_all()

    def save(self, *records: CommandRecord) -> None:
        """Put commands into the audit trail."""
        for record in records:
            assert self.journal.save_command(record).wait(DEADLINE_S)

    def orders(self) -> list[CommandRecord]:
        """Every command that was recorded, oldest first."""
        found = self.reader.commands(limit=1000, order=Order.ASC).commands
        return [one.record for one in found]

    def add_key(self, scope: Scope, name: str | None = None) -> str:
        """Make a key, named as its scope unless said otherwise; its secret."""
        return self.keys.create(name or scope.value, scope, NOW_MS)

    def damage_keys(self) -> None:
        """Make the file with the keys unreadable."""
        self.keys.path.write_text("{", encoding="utf-8")

    @contextlib.contextmanager
    def logging(self) -> Iterator[LogSystem]:
        """Have the process log through `logs`, from DEBUG on."""
        self.logs = self._new_logs()
        try:
            yield self.logs
        finally:
            self.logs.stop()

    def _new_logs(self) -> LogSystem:
        return set_up(self._log_settings, console=io.StringIO())

    def ports(self, **settings: Any) -> Ports:
        """What the API gets; `settings` are those of `[api]`."""
        return Ports(
            devices=LabelledDevices(self.devices, self.labels),
            history=self.history,
            latest=self.latest,
            commander=self.commander,
            reader=self.reader,
            status=self.status(),
            events=Events(self.feed, self.reader),
            keys=self.keys,
            logs=self.logs,
            metrics=self.metrics(),
            settings=ApiSettings(**{"port": 0, **settings}),
            dummy=self.dummy,
            parts=self.parts,
            resources=self.resources,
            views=self.views,
        )

    def app(self, **settings: Any) -> Flask:
        """The app of this gateway; `settings` are those of `[api]`."""
        return create_app(self.ports(**settings))

    def client(self, **settings: Any) -> FlaskClient:
        """A client of the app."""
        return self.app(**settings).test_client()

    def status(self) -> StatusBoard:
        sources = StatusSources(
            workers=self._views,
            journal=self.journal,
            journal_max_bytes=1 << 30,
            sinks=list,
            buses=Buses((), RealTransports()),
            timekeeper=Timekeeper(self.clock),
        )
        views = [view.document for view in self.views]
        return StatusBoard("pi", "0.1.0", True, sources, self.clock, views)

    def metrics(self) -> Metrics:
        sources = MetricSources(
            devices=self.devices.all,
            buses=dict,
            journal=self.journal.state,
            sinks=list,
            workers=self._views,
            logs=lambda: self.logs.stats,
            commands=CommandTally(),
        )
        return Metrics(sources, "0.1.0", self.clock, self.more)

    def _views(self) -> Mapping[str, WorkerView]:
        if self.failure is not None:
            raise self.failure
        return self.workers


@contextlib.contextmanager
def temporary() -> Iterator[Gateway]:
    """A gateway in a folder that goes with it."""
    with tempfile.TemporaryDirectory() as folder, Gateway(Path(folder)) as gateway:
        yield gateway


def raising(gateway: Gateway, error: Exception) -> FlaskClient:
    """A client of an app that has GET /raise, which ends with the error."""
    app = gateway.app()

    def view() -> str:
        raise error

    app.add_url_rule("/raise", view_func=view)
    return app.test_client()
