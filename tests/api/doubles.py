"""A gateway for the API's tests: small, by hand, and it refuses what the real one would refuse."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from marshmallow import Schema

from api.ports import DummyPort, Ports
from arduino_iface.arguments import InvalidArguments, pack
from arduino_iface.schema import parse
from gateway.access.keys import Key, KeyRing, Scope, digest_of
from gateway.devices.labels import LabelledDevices, Labels
from gateway.history.history import HistoryUnavailable
from gateway.journal.types import DeviceRow, LedgerHour, StoredCommand
from gateway.live.feed import EventFeed
from gateway.live.stream import Events
from gateway.log.entry import LogEntry
from gateway.model.command import CommandRecord, CommandState
from gateway.model.errors import CommandError
from gateway.model.reading import Quality, Reading, StoredReading
from gateway.model.registry import DeviceHealth, DeviceState, DeviceView, Registry
from gateway.model.windows import Window, WindowQuery, summed_up
from gateway.observe.metrics import Family, Histogram

NOW_MS = 1_795_158_000_000  # 2026-11-20T07:00:00.000Z
NOW_MONO = 5000.0

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


def stored(row: int, device: str = "greenhouse", **changes: object) -> StoredReading:
    reading = Reading(
        device=device,
        time_ms=NOW_MS - 1000 * row,
        values={"temperature": 21.5, "humidity": None},
        quality=Quality.PARTIAL,
        uid="0011223344556677",
        boot=5,
        seq=row,
    )
    reading = replace(reading, **changes)  # type: ignore[arg-type]
    return StoredReading(row, reading.key or f"journal-{row}", reading)


def fits(schema: type[Schema], document: Any) -> bool:
    """Whether a document is as described: reading it and writing it again changes nothing."""
    return bool(schema().dump(schema().load(document)) == document)


@dataclass
class Settings:
    host: str = "127.0.0.1"
    port: int = 0
    cors_origins: Sequence[str] = ()


@dataclass
class Page:
    readings: Sequence[StoredReading]
    next: str | None
    complete: bool = True


@dataclass
class WindowsPage:
    windows: Sequence[Window]
    next: str | None
    complete: bool = True


@dataclass
class RecordsPage:
    records: Sequence[CommandRecord]
    next: str | None


@dataclass
class FakeReadings:
    """Rows newest first; the cursor is the number of rows to leave out."""

    rows: list[StoredReading] = field(default_factory=list)
    asked: list[dict[str, object]] = field(default_factory=list)
    complete: bool = True

    def page(
        self,
        device: str,
        *,
        since_ms: int | None,
        until_ms: int | None,
        limit: int,
        order: Literal["asc", "desc"],
        cursor: str | None,
    ) -> Page:
        assert 1 <= limit <= 10_000
        assert order in ("asc", "desc")
        self.asked.append({"device": device, "since": since_ms, "until": until_ms, "order": order})
        rows = [
            row
            for row in self.rows
            if row.reading.device == device
            and (since_ms is None or row.reading.time_ms >= since_ms)
            and (until_ms is None or row.reading.time_ms < until_ms)
        ]
        if order == "asc":
            rows.reverse()
        start = 0 if cursor is None else int(cursor)
        more = len(rows) > start + limit
        following = str(start + limit) if more else None
        return Page(rows[start : start + limit], following, self.complete)

    def every(
        self,
        device: str,
        *,
        since_ms: int | None,
        until_ms: int | None,
        order: Literal["asc", "desc"],
    ) -> Iterator[StoredReading]:
        if not self.complete:
            raise HistoryUnavailable("older readings are out of reach")
        page = self.page(
            device, since_ms=since_ms, until_ms=until_ms, limit=10_000, order=order, cursor=None
        )
        yield from page.readings

    def windows(
        self, query: WindowQuery, *, limit: int, order: Literal["asc", "desc"], cursor: str | None
    ) -> WindowsPage:
        page = self.page(
            query.device,
            since_ms=query.since_ms,
            until_ms=query.until_ms,
            limit=10_000,
            order=order,
            cursor=None,
        )
        windows = list(summed_up((row.reading for row in page.readings), query))
        start = 0 if cursor is None else int(cursor)
        following = str(start + limit) if len(windows) > start + limit else None
        return WindowsPage(windows[start : start + limit], following, self.complete)

    def latest(self) -> Sequence[StoredReading]:
        newest: dict[str, StoredReading] = {}
        for row in self.rows:
            newest.setdefault(row.reading.device, row)
        return list(newest.values())


@dataclass
class Stats:
    seq: int = 0


@dataclass
class FakeHistory:
    """What the journal holds, for streams that resume."""

    rows: list[StoredReading] = field(default_factory=list)
    versions: list[StoredCommand] = field(default_factory=list)

    def stats(self) -> Stats:
        return Stats(max((one.seq for one in [*self.rows, *self.versions]), default=0))

    def readings_after(self, row: int, limit: int) -> list[StoredReading]:
        return [one for one in self.rows if one.row > row][:limit]

    def commands_changed_since(self, version: int, limit: int) -> list[StoredCommand]:
        return [one for one in self.versions if one.version > version][:limit]


@dataclass
class FakeCommands:
    """Checks arguments as the real one does; `outcome` is raised instead of doing anything."""

    devices: Registry
    outcome: Exception | None = None
    asked: list[Mapping[str, object]] = field(default_factory=list)
    trail: list[CommandRecord] = field(default_factory=list)

    def execute(
        self,
        device: str,
        name: str,
        arguments: Mapping[str, object],
        *,
        actor: str | None,
        client: str | None,
        idempotency_key: str | None,
        body_hash: str | None,
        timeout_s: float | None,
    ) -> CommandRecord:
        self.asked.append(
            {
                "key": idempotency_key,
                "hash": body_hash,
                "actor": actor,
                "client": client,
                "timeout_s": timeout_s,
            }
        )
        if self.outcome is not None:
            raise self.outcome
        view = self.devices.get(device)
        if view is None or view.schema is None:
            raise CommandError("unknown_device", f"no device has the id {device!r}")
        command = view.schema.command(name)
        if command is None:
            raise CommandError("unknown_command", f"{device} has no command {name!r}")
        try:
            pack(command, arguments)
        except InvalidArguments as error:
            raise CommandError("invalid_arguments", str(error), problems=error.problems) from error
        record = replace(DONE, device=device, name=name, arguments=dict(arguments))
        self.trail.append(record)
        return record

    def submit(
        self,
        device: str,
        name: str,
        arguments: Mapping[str, object],
        *,
        queue_s: float | None,
        **order: Any,
    ) -> CommandRecord:
        done = self.execute(device, name, arguments, **order)
        self.asked[-1] = {**self.asked[-1], "queue_s": queue_s}
        return replace(
            done, state=CommandState.QUEUED, finished_at_ms=None, duration_ms=None, token=None
        )

    def record(self, command: str, /) -> CommandRecord | None:
        return next((record for record in self.trail if record.id == command), None)

    def records(self, device: str | None, limit: int, cursor: str | None) -> RecordsPage:
        rows = [row for row in self.trail if device is None or row.device == device]
        start = 0 if cursor is None else int(cursor)
        more = len(rows) > start + limit
        return RecordsPage(rows[start : start + limit], str(start + limit) if more else None)


@dataclass
class Readiness:
    ready: bool
    reasons: Sequence[str]


@dataclass
class FakeStatus:
    reasons: Sequence[str] = ()
    failure: Exception | None = None
    mono: float = NOW_MONO

    def status(self) -> Mapping[str, object]:
        if self.failure is not None:
            raise self.failure
        return {
            "gateway": "pi",
            "version": "0.1.0",
            "uptime_s": 12.5,
            "simulated": True,
            "clock": {"synchronised": True},
            "workers": [{"name": "collection", "state": "running"}],
            "journal": {"status": "ok"},
            "sinks": [],
            "buses": [{"name": "i2c1"}],
        }

    def readiness(self) -> Readiness:
        return Readiness(not self.reasons, self.reasons)

    def gateway_id(self) -> str:
        return "pi"

    def now_ms(self) -> int:
        return NOW_MS

    def now_mono(self) -> float:
        return self.mono


@dataclass
class FakeKeys:
    """Keys by secret; the scope is the first part of the name."""

    keys: list[Key] = field(default_factory=list)
    readable: bool = True

    def ring(self) -> KeyRing:
        return KeyRing(tuple(self.keys), self.readable)

    def add(self, scope: Scope, name: str | None = None) -> str:
        secret = f"gwk_secret-of-{name or scope}"
        self.keys.append(Key(name or scope.value, scope, digest_of(secret), NOW_MS))
        return secret


@dataclass
class Stored:
    done: bool

    def wait(self, timeout_s: float) -> bool:
        assert timeout_s > 0
        return self.done


@dataclass
class FakeDeviceStore:
    """What the journal is for labels; `works` False: nothing gets to disk."""

    rows: dict[str, DeviceRow] = field(default_factory=dict)
    works: bool = True

    def save_device(self, device: DeviceRow) -> Stored:
        self.rows[device.id] = device
        return Stored(self.works)

    def flush(self) -> Stored:
        return Stored(self.works)


@dataclass
class FakeLogs:
    entries: list[LogEntry] = field(default_factory=list)
    level: str = "INFO"

    def recent(self, level: str, limit: int) -> Sequence[LogEntry]:
        number = logging.getLevelNamesMapping()[level]
        return [entry for entry in reversed(self.entries) if entry.level >= number][:limit]

    def set_level(self, level: str) -> None:
        assert level in logging.getLevelNamesMapping()
        self.level = level


class FakeMetrics:
    def families(self) -> list[Family]:
        return [
            Family("gateway_things", "counter", "Things.", ("device",), [(("a b",), 3)]),
            Family("gateway_level", "gauge", "Level.", (), [((), 0.5)]),
            Family(
                "gateway_wait_seconds",
                "histogram",
                "Waits.",
                ("bus",),
                [(("i2c1",), Histogram((1, 2, 3), 0.25, (0.01, 0.1)))],
            ),
        ]


@dataclass(frozen=True)
class HoursPage:
    hours: Sequence[LedgerHour]
    next: str | None


@dataclass
class FakeLedger:
    """The hours as they are, newest first."""

    hours: list[LedgerHour] = field(default_factory=list)

    def ledger(
        self,
        device: str | None,
        *,
        since_ms: int | None,
        until_ms: int | None,
        limit: int,
        cursor: str | None,
    ) -> HoursPage:
        start = 0 if cursor is None else int(cursor)
        found = [
            hour
            for hour in self.hours
            if (device is None or hour.device == device)
            and (since_ms is None or hour.hour_ms > since_ms - 3_600_000)
            and (until_ms is None or hour.hour_ms < until_ms)
        ]
        more = len(found) > start + limit
        return HoursPage(found[start : start + limit], str(start + limit) if more else None)


class Gateway:
    """All ports of one gateway."""

    def __init__(self) -> None:
        self.devices = Registry()
        self.devices.publish(GREENHOUSE)
        self.devices.publish(VEHICLE)
        self.readings = FakeReadings([stored(row) for row in range(1, 6)])
        self.commands = FakeCommands(self.devices)
        self.status = FakeStatus()
        self.keys = FakeKeys()
        self.device_store = FakeDeviceStore()
        self.labels = Labels(self.device_store)
        self.logs = FakeLogs()
        self.metrics = FakeMetrics()
        self.dummy: DummyPort | None = None
        self.feed = EventFeed(self.devices.get, lambda: "journal")
        self.devices.subscribe(self.feed.publish_device)
        self.history = FakeHistory()
        self.ledger = FakeLedger()

    @property
    def ports(self) -> Ports:
        return Ports(
            devices=LabelledDevices(self.devices, self.labels),
            readings=self.readings,
            commands=self.commands,
            status=self.status,
            events=Events(self.feed, self.history),  # type: ignore[arg-type]
            ledger=self.ledger,
            keys=self.keys,
            logs=self.logs,
            metrics=self.metrics,
            dummy=self.dummy,
        )
