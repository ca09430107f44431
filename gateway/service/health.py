"""The health of the installed gateway, by systemd and by its own /readyz."""

import http.client
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from gateway.service.errors import ServiceError
from gateway.service.layout import UNIT, Layout
from gateway.service.machine import Machine

_REQUEST_TIMEOUT_S = 5.0
_LOOK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Health:
    """`pid` 0: not running. `ready`: /readyz answers 200; `detail`: its status line, or the reason."""

    state: str
    pid: int
    restarts: int
    detail: str
    ready: bool


def look(machine: Machine, layout: Layout) -> Health:
    """The current health. Raises `ServiceError`."""
    found = machine.properties(
        UNIT, "ActiveState", "SubState", "MainPID", "NRestarts", "StatusText", "Result"
    )
    active = found.get("ActiveState") == "active"
    ready, answer = _readyz(*layout.api()) if active else (False, "")
    detail = found.get("StatusText") or found.get("Result", "")
    return Health(
        state=f"{found.get('ActiveState', 'unknown')} ({found.get('SubState', '')})",
        pid=int(found.get("MainPID") or 0),
        restarts=int(found.get("NRestarts") or 0),
        detail=detail if ready or not active else answer,
        ready=ready,
    )


def wait_healthy(look_now: Callable[[], Health], *, timeout_s: float, steady_s: float) -> Health:
    """Wait until it has been ready for `steady_s` without a restart in between.

    Raises `ServiceError` when it has not within `timeout_s`.
    """
    deadline = time.monotonic() + timeout_s
    since, pid = 0.0, 0
    while True:
        now = time.monotonic()
        health = look_now()
        if not health.ready or health.pid != pid:
            since, pid = now, health.pid
        elif now - since >= steady_s:
            return health
        if now > deadline:
            raise ServiceError(
                f"not healthy after {timeout_s:.0f} s: {health.state}, {health.detail}"
            )
        time.sleep(_LOOK_EVERY_S)


def _readyz(host: str, port: int) -> tuple[bool, str]:
    try:
        connection = http.client.HTTPConnection(host, port, timeout=_REQUEST_TIMEOUT_S)
        with closing(connection):
            connection.request("GET", "/readyz")
            reply = connection.getresponse()
            body = reply.read(2000).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return False, f"/readyz at {host} port {port}: {error}"
    return reply.status == 200, f"/readyz answered {reply.status}: {body}"
