"""commands.log: one line of JSON for every step of every command, who did what and when."""

import logging
from collections.abc import Callable

from gateway.log.layout import to_json
from gateway.log.redaction import Redactor
from gateway.model.command import CommandRecord
from gateway.model.times import format_ms


class AuditLog:
    """Queues records for their writer; never waits for a disk. Any thread may write.

    `wall_ms` gives UTC in ms since 1970.
    """

    def __init__(
        self, queue: logging.Handler, redactor: Redactor, wall_ms: Callable[[], int]
    ) -> None:
        self._queue = queue
        self._redactor = redactor
        self._wall_ms = wall_ms

    def write(self, record: CommandRecord, *, client: str | None = None) -> None:
        """Write `record` as it is now; `client` is the address that the request came from, or None."""
        line = {
            "time": format_ms(self._wall_ms()),
            "id": record.id,
            "device": record.device,
            "name": record.name,
            "arguments": record.arguments,
            "state": record.state.value,
            "result": record.result,
            "requested_at": format_ms(record.requested_at_ms),
            "finished_at": _time(record.finished_at_ms),
            "duration_ms": record.duration_ms,
            "detail": record.detail,
            "actor": record.actor,
            "client": client,
            "idempotency_key": record.idempotency_key,
        }
        self._queue.handle(logging.makeLogRecord({"msg": to_json(self._redactor.value(line))}))


def _time(time_ms: int | None) -> str | None:
    return None if time_ms is None else format_ms(time_ms)
