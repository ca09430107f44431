"""Records to table rows and back. Pure.

Encoding happens in the thread that hands a record in: what cannot be stored is refused there with a
`ValueError` and never reaches the queue, where it would stop everything behind it.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.journal.batch import stored_reading
from gateway.journal.types import DeviceRow, Kind, Record, StoredCommand
from gateway.model.command import CommandRecord, CommandState
from gateway.model.reading import Reading, StoredReading

Row = Sequence[Any]
_INTEGER_MAX: Final = 2**63 - 1
_encode_json: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode

READING_COLUMNS: Final = (
    "row, key, device, time_ms, uid, boot, seq, boot_id, boottime_ms, quality, simulated,"
    ' "values", metadata'
)
COMMAND_COLUMNS: Final = (
    "version, id, device, name, arguments, state, requested_at_ms, token, finished_at_ms,"
    " duration_ms, result, error, detail, actor, idempotency_key, body_hash"
)
DEVICE_COLUMNS: Final = (
    "id, name, uid, bus, address, driver, firmware, boot, schema_text, last_seen_ms, metadata"
)
RECORD_COLUMNS: Final = "seq, kind, id, device, time_ms, document"


def encode_reading(reading: Reading) -> tuple[object, ...]:
    """The columns of a reading after row and key. Raises `ValueError` for what cannot be stored."""
    identity = (reading.uid, reading.boot, reading.seq)
    if any(part is None for part in identity) and any(part is not None for part in identity):
        raise ValueError(f"a reading of {reading.device} has half an identity: {identity}")
    return (
        check_text(reading.device),
        check_integer(reading.time_ms),
        check_text(reading.uid),
        check_integer(reading.boot),
        check_integer(reading.seq),
        check_text(reading.boot_id),
        check_integer(reading.boottime_ms),
        reading.quality.value,
        int(reading.simulated),
        _encode_mapping(reading.values),
        _encode_mapping(reading.metadata),
    )


def decode_reading(row: Row) -> StoredReading:
    """A row of `READING_COLUMNS`."""
    return stored_reading(row, json.loads(row[11]))


def encode_command(record: CommandRecord) -> tuple[object, ...]:
    """`COMMAND_COLUMNS` after the version. Raises `ValueError` for what cannot be stored."""
    return (
        check_text(record.id),
        check_text(record.device),
        check_text(record.name),
        _encode_mapping(record.arguments),
        record.state.value,
        check_integer(record.requested_at_ms),
        check_integer(record.token),
        check_integer(record.finished_at_ms),
        record.duration_ms,
        _encode(record.result),
        check_text(record.error),
        check_text(record.detail),
        check_text(record.actor),
        check_text(record.idempotency_key),
        check_text(record.body_hash),
    )


def decode_command(row: Row) -> StoredCommand:
    """A row of `COMMAND_COLUMNS`."""
    record = CommandRecord(
        id=row[1],
        device=row[2],
        name=row[3],
        arguments=json.loads(row[4]),
        state=CommandState(row[5]),
        requested_at_ms=row[6],
        token=row[7],
        finished_at_ms=row[8],
        duration_ms=row[9],
        result=json.loads(row[10]),
        error=row[11],
        detail=row[12],
        actor=row[13],
        idempotency_key=row[14],
        body_hash=row[15],
    )
    return StoredCommand(version=row[0], record=record)


def encode_device(device: DeviceRow) -> tuple[object, ...]:
    """`DEVICE_COLUMNS`. Raises `ValueError` for what cannot be stored."""
    return (
        check_text(device.id),
        check_text(device.name),
        check_text(device.uid),
        check_text(device.bus),
        check_integer(device.address),
        check_text(device.driver),
        check_text(device.firmware),
        check_integer(device.boot),
        check_text(device.schema_text),
        check_integer(device.last_seen_ms),
        "null" if device.metadata is None else _encode_mapping(device.metadata),
    )


def decode_device(row: Row) -> DeviceRow:
    """A row of `DEVICE_COLUMNS`."""
    return DeviceRow(
        id=row[0],
        name=row[1],
        uid=row[2],
        bus=row[3],
        address=row[4],
        driver=row[5],
        firmware=row[6],
        boot=row[7],
        schema_text=row[8],
        last_seen_ms=row[9],
        metadata=json.loads(row[10]),
    )


def encode_record(record: Record) -> tuple[object, ...]:
    """`RECORD_COLUMNS` after the number. Raises `ValueError` for what cannot be stored."""
    if not record.kind or record.kind in set(Kind):
        raise ValueError(f"{record.kind!r} is no kind of record")
    return (
        check_text(record.kind),
        check_text(record.id),
        check_text(record.device),
        check_integer(record.time_ms),
        _encode_mapping(record.document),
    )


def decode_record(row: Row) -> Record:
    """A row of `RECORD_COLUMNS`."""
    return Record(row[0], row[1], row[2], row[3], row[4], json.loads(row[5]))


def check_integer(value: int | None) -> int | None:
    """`value` if SQLite can hold it (64 bits, signed); raises `ValueError` otherwise."""
    if value is not None and not -_INTEGER_MAX <= value <= _INTEGER_MAX:
        raise ValueError(f"{value} does not fit into 64 bits")
    return value


def check_text(value: str | None) -> str | None:
    """`value` if SQLite can hold it; raises `ValueError` for a lone surrogate or a NUL."""
    if value is not None:
        # UnicodeEncodeError is a ValueError.
        value.encode()
        if "\0" in value:
            raise ValueError(f"{value!r} contains a NUL")
    return value


def _encode_mapping(mapping: Mapping[str, object]) -> str:
    return _encode(dict(mapping)) if mapping else "{}"


def _encode(value: object) -> str:
    try:
        return _encode_json(value)
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from error
