"""A gateway for the API's tests: small, by hand, and it refuses what the real one would refuse."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from marshmallow import Schema

from api.ports import Ports
from arduino_iface.arguments import InvalidArguments, pack
from arduino_iface.schema import parse
from gateway.command_record import CommandRecord, CommandState
from gateway.errors import CommandError
from gateway.journal.types import LedgerHour
from gateway.reading import Quality, Reading, StoredReading
from gateway.registry import DeviceHealth, DeviceState, DeviceView, Registry

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


@dataclass
class RecordsPage:
    records: Sequence[CommandRecord]
    next: str | None


@dataclass
class FakeReadings:
    """Rows newest first; the cursor is the number of rows to leave out."""

    rows: list[StoredReading] = field(default_factory=list)
    asked: list[dict[str, object]] = field(default_factory=list)

    def page(
        self,
        device: str | None,
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
            if (device is None or row.reading.device == device)
            and (since_ms is None or row.reading.time_ms >= since_ms)
            and (until_ms is None or row.reading.time_ms < until_ms)
        ]
        if order == "asc":
            rows.reverse()
        start = 0 if cursor is None else int(cursor)
        more = len(rows) > start + limit
        return Page(rows[start : start + limit], str(start + limit) if more else None)

    def latest(self) -> Sequence[StoredReading]:
        newest: dict[str, StoredReading] = {}
        for row in self.rows:
            newest.setdefault(row.reading.device, row)
        return list(newest.values())


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
        idempotency_key: str | None,
        body_hash: str | None,
        timeout_s: float | None,
    ) -> CommandRecord:
        self.asked.append({"key": idempotency_key, "hash": body_hash, "actor": actor})
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

    def now_ms(self) -> int:
        return NOW_MS

    def now_mono(self) -> float:
        return NOW_MONO


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
        self.ledger = FakeLedger()

    @property
    def ports(self) -> Ports:
        return Ports(self.devices, self.readings, self.commands, self.status, self.ledger)
