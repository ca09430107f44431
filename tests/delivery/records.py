"""Readings, commands and heartbeats for the tests of the delivery."""

from collections.abc import Mapping

from gateway.journal.types import StoredCommand
from gateway.model.command import CommandRecord, CommandState
from gateway.model.heartbeat import Heartbeat
from gateway.model.reading import Reading, ReadingValue, StoredReading

UID = "0011223344556677"
T0_MS = 1_795_158_000_123


def reading(seq: int, values: Mapping[str, ReadingValue] | None = None) -> Reading:
    return Reading(
        device="greenhouse",
        time_ms=T0_MS + seq * 1000,
        values={"temperature": 21.5, "humidity": None} if values is None else values,
        uid=UID,
        boot=5,
        seq=seq,
        metadata={"room": "A"},
        simulated=True,
    )


def stored(seq: int, values: Mapping[str, ReadingValue] | None = None) -> StoredReading:
    one = reading(seq, values)
    assert one.key is not None
    return StoredReading(seq, one.key, one)


def command(
    name: str, version: int, state: CommandState, finished_at_ms: int | None = None
) -> StoredCommand:
    return StoredCommand(version, command_record(name, state, finished_at_ms))


def command_record(
    name: str, state: CommandState, finished_at_ms: int | None = None
) -> CommandRecord:
    return CommandRecord(
        id=name,
        device="greenhouse",
        name="fan",
        arguments={"speed": 128},
        state=state,
        requested_at_ms=T0_MS,
        token=7,
        finished_at_ms=finished_at_ms,
        duration_ms=None if finished_at_ms is None else 7.4,
        actor="local",
        idempotency_key="a-key",
        body_hash="a-hash",
    )


HEARTBEAT = Heartbeat("1.2.3", "127.0.0.1:8080", ("greenhouse", "workshop"), T0_MS)
