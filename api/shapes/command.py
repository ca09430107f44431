"""A command as a document."""

from api.times import format_ms
from gateway.model.command import CommandRecord


def command_document(record: CommandRecord) -> dict[str, object]:
    """The audit record without what is between the gateway and the board, or private to the caller."""
    finished = record.finished_at_ms
    return {
        "id": record.id,
        "device": record.device,
        "name": record.name,
        "arguments": dict(record.arguments),
        "state": record.state.value,
        "result": record.result,
        "detail": record.detail,
        "actor": record.actor,
        "requested_at": format_ms(record.requested_at_ms),
        "finished_at": None if finished is None else format_ms(finished),
        "duration_ms": record.duration_ms,
    }
