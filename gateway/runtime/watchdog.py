"""Notifies systemd (sd_notify): ready, alive, stopping, and one line of status.

Alive means progress: the watchdog is fed from the supervisor's loop, and only while every worker makes
progress. A process that exists without progress is restarted.
"""

import contextlib
import logging
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.runtime.supervisor import WorkerState, WorkerView

ESSENTIAL = ("journal", "collection")
"""Workers without which nothing is collected and stored. The supervisor restarts the others: the collection
must not end because, for example, the API's port is taken."""

FRESH_S = 45.0
"""Longer than the longest stall that the supervisor heals by itself."""

STATUS_EVERY_S = 5.0

log = logging.getLogger(__name__)


class Notifier:
    """Datagrams to the socket of NOTIFY_SOCKET. For one thread."""

    def __init__(self, address: str | None, watchdog_s: float | None) -> None:
        """`address` None: no systemd. `watchdog_s` None: no watchdog."""
        self._address = address
        self._failed = False
        self.watchdog_s = watchdog_s

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], pid: int) -> "Notifier":
        """From the variables that systemd sets for the process `pid`; an invalid address is ignored."""
        address = environ.get("NOTIFY_SOCKET", "")
        if not address.startswith(("/", "@")):
            return cls(None, None)
        watchdog_s = None
        # Without WATCHDOG_PID the interval is meant for any process.
        if environ.get("WATCHDOG_PID", str(pid)) == str(pid):
            with contextlib.suppress(ValueError):
                watchdog_s = int(environ.get("WATCHDOG_USEC", "")) / 1e6
        return cls(address, watchdog_s if watchdog_s and watchdog_s > 0 else None)

    def send(self, *assignments: str) -> None:
        """Send one message, such as READY=1. Does not raise; the first of a series of failures is logged."""
        if self._address is None:
            return
        # A name in the abstract space is written with "@" and begins with a NUL.
        name = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        message = "\n".join(assignments).encode("utf-8")
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
                # A full queue must not hold up the supervisor; the next message comes soon.
                channel.setblocking(False)
                channel.sendto(message, name)
        except OSError as error:
            if not self._failed:
                log.warning("systemd cannot be notified: %s", error)
            self._failed = True
        else:
            self._failed = False


@dataclass(frozen=True, slots=True)
class Signs:
    """Where the watchdog looks; each call is a snapshot."""

    workers: Callable[[], Mapping[str, WorkerView]]
    ready: Callable[[], bool]
    """Whether the gateway collects and stores."""
    status: Callable[[], str]
    """One line for people."""


class Watchdog:
    """Called by the supervisor's loop; main thread only."""

    def __init__(self, notifier: Notifier, signs: Signs) -> None:
        self._notifier = notifier
        self._signs = signs
        self._ready = False
        self._fed_at: float | None = None
        self._status = ""
        self._status_at: float | None = None
        self._stale: tuple[str, ...] = ()

    def step(self, now: float) -> None:
        """Send what is due at monotonic time `now`."""
        if not self._ready and self._signs.ready():
            self._ready = True
            self._notifier.send("READY=1")
        self._send_status(now)
        self._feed(now)

    def stopping(self) -> None:
        """The gateway has begun to stop."""
        self._notifier.send("STOPPING=1", "STATUS=storing what was received, then stopping")

    def _send_status(self, now: float) -> None:
        if self._status_at is not None and now - self._status_at < STATUS_EVERY_S:
            return
        # A line break would begin another assignment.
        text = " ".join(self._signs.status().split())
        self._status_at = now
        if text != self._status:
            self._status = text
            self._notifier.send(f"STATUS={text}")

    def _feed(self, now: float) -> None:
        limit_s = self._notifier.watchdog_s
        if limit_s is None:
            return
        # Half the interval is the rule; a quarter leaves room for a machine under load.
        if self._fed_at is not None and now - self._fed_at < limit_s / 4:
            return
        stale = stale_workers(self._signs.workers(), now)
        if stale and stale != self._stale:
            log.error("systemd's watchdog is not fed: no progress in %s", ", ".join(stale))
        self._stale = stale
        if not stale:
            self._fed_at = now
            self._notifier.send("WATCHDOG=1")


def stale_workers(views: Mapping[str, WorkerView], now: float) -> tuple[str, ...]:
    """The names of the workers without progress for too long at monotonic time `now`. Pure."""
    return tuple(
        name
        for name, view in views.items()
        if (view.state is WorkerState.RUNNING or name in ESSENTIAL)
        and (view.progress_mono is None or now - view.progress_mono > FRESH_S)
    )
