"""Readings and commands for the journal's tests."""

from gateway.journal import JournalReader
from gateway.model.command import CommandRecord, CommandState
from gateway.model.reading import Loss, LossReason, Reading, StoredReading

UID = "0011223344556677"
T0 = 1_700_000_000_000


def sample(seq: int, *, boot: int = 1, uid: str = UID, device: str = "greenhouse") -> Reading:
    return Reading(
        device=device,
        time_ms=T0 + seq * 1000,
        values={"temperature": 20 + seq / 10, "door": None, "open": True},
        uid=uid,
        boot=boot,
        seq=seq,
        metadata={"room": "A"},
        simulated=True,
        boot_id="b",
        boottime_ms=seq,
    )


def samples(first: int, last: int, *, boot: int = 1) -> list[Reading]:
    return [sample(seq, boot=boot) for seq in range(first, last + 1)]


def line(time_ms: int = T0, device: str = "scale") -> Reading:
    return Reading(device=device, time_ms=time_ms, values={"weight": 1.5})


def loss(count: int = 3, *, reason: LossReason = LossReason.OVERWRITTEN, time_ms: int = T0) -> Loss:
    return Loss(device="greenhouse", reason=reason, count=count, time_ms=time_ms)


def command(
    number: int = 1,
    state: CommandState = CommandState.QUEUED,
    *,
    device: str = "greenhouse",
    token: int | None = None,
    key: str | None = None,
) -> CommandRecord:
    return CommandRecord(
        id=f"c{number}",
        device=device,
        name="fan",
        arguments={"speed": number},
        state=state,
        requested_at_ms=T0 + number,
        token=token,
        idempotency_key=key,
    )


def undelivered(
    reader: JournalReader, sink: str, after: int = 0, limit: int = 10_000
) -> list[StoredReading]:
    """The readings behind a sink's cursor on disk, or behind `after` if that is further."""
    after = max(after, reader.stats().cursors.get(sink, 0))
    return [
        one
        for one in reader.undelivered({"reading"}, after, limit)
        if isinstance(one, StoredReading)
    ]
