"""Telling systemd how the gateway is: ready, alive, stopping, and one line about it (sd_notify).

Alive means progress. The signs of life come from the supervisor's loop, and only while every worker makes
progress; a process that is merely there is restarted.
"""

import contextlib
import logging
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.runtime.supervisor import WorkerState, WorkerView

ESSENTIAL = ("journal", "collection")
"""Without these nothing is collected and stored. The others may be away for long: their restarts are the
supervisor's business, and to end the collection because the API's port is taken would help nobody."""

FRESH_S = 45.0
"""Longer than the longest stall that the supervisor heals by itself."""

STATUS_EVERY_S = 5.0

log = logging.getLogger(__name__)


class Notifier:
    """Datagrams to the socket that systemd names in NOTIFY_SOCKET. One thread may use it."""

    def __init__(self, address: str | None, watchdog_s: float | None) -> None:
        """`address` None: nobody listens. `watchdog_s` None: no signs of life are wanted."""
        self._address = address
        self._failed = False
        self.watchdog_s = watchdog_s

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], pid: int) -> "Notifier":
        """As systemd has set it up for the process `pid`; an address that cannot be one is ignored."""
        address = environ.get("NOTIFY_SOCKET", "")
        if not address.startswith(("/", "@")):
            return cls(None, None)
        watchdog_s = None
        # Without WATCHDOG_PID they are meant for whoever reads them.
        if environ.get("WATCHDOG_PID", str(pid)) == str(pid):
            with contextlib.suppress(ValueError):
                watchdog_s = int(environ.get("WATCHDOG_USEC", "")) / 1e6
        return cls(address, watchdog_s if watchdog_s and watchdog_s > 0 else None)

    def send(self, *assignments: str) -> None:
        """Send one message, such as READY=1. A failure is logged when it begins and not raised."""
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
                log.warning("systemd cannot be told: %s", error)
            self._failed = True
        else:
            self._failed = False


@dataclass(frozen=True, slots=True)
class Signs:
    """Where the signs of life come from; each call is a snapshot."""

    workers: Callable[[], Mapping[str, WorkerView]]
    ready: Callable[[], bool]
    """Whether the gateway collects and stores."""
    status: Callable[[], str]
    """One line for people."""


class Watchdog:
    """Called by the supervisor's loop, in the main thread only."""

    def __init__(self, notifier: Notifier, signs: Signs) -> None:
        """Sends nothing yet."""
        self._notifier = notifier
        self._signs = signs
        self._ready = False
        self._fed_at: float | None = None
        self._told = ""
        self._told_at: float | None = None
        self._stale: tuple[str, ...] = ()

    def step(self, now: float) -> None:
        """Tell what is due at monotonic time `now`."""
        if not self._ready and self._signs.ready():
            self._ready = True
            self._notifier.send("READY=1")
        self._tell_status(now)
        self._feed(now)

    def stopping(self) -> None:
        """The gateway has begun to stop, and will take its time."""
        self._notifier.send("STOPPING=1", "STATUS=storing what was received, then stopping")

    def _tell_status(self, now: float) -> None:
        if self._told_at is not None and now - self._told_at < STATUS_EVERY_S:
            return
        # A line break would begin another assignment.
        text = " ".join(self._signs.status().split())
        self._told_at = now
        if text != self._told:
            self._told = text
            self._notifier.send(f"STATUS={text}")

    def _feed(self, now: float) -> None:
        limit_s = self._notifier.watchdog_s
        if limit_s is None:
            return
        # Twice as often as asked for would do; more often leaves room for a machine under load.
        if self._fed_at is not None and now - self._fed_at < limit_s / 4:
            return
        stale = stale_workers(self._signs.workers(), now)
        if stale and stale != self._stale:
            log.error("no sign of life for systemd: no progress of %s", ", ".join(stale))
        self._stale = stale
        if not stale:
            self._fed_at = now
            self._notifier.send("WATCHDOG=1")


def stale_workers(views: Mapping[str, WorkerView], now: float) -> tuple[str, ...]:
    """The names of the workers whose progress is too old at monotonic time `now`. Pure."""
    return tuple(
        name
        for name, view in views.items()
        if (view.state is WorkerState.RUNNING or name in ESSENTIAL)
        and (view.progress_mono is None or now - view.progress_mono > FRESH_S)
    )
