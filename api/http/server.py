"""The command thread: waitress around the app, as a worker whose step is one turn of its loop.

Waitress's own `run` cannot be stopped from outside without errors, says nothing of its progress and binds
its socket after it has started threads; so the loop, the socket and the end are here.
"""

import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from wsgiref.types import WSGIApplication

from waitress import wasyncore
from waitress.server import create_server

from api.app import BODY_LIMIT
from api.http.binding import bind
from api.http.channel import GatewayChannel
from api.http.dispatcher import GrowingDispatcher
from api.streams import STREAMS_MAX
from gateway.runtime.worker import Worker

_LOG = logging.getLogger(__name__)

_TURN_S = 1.0  # longest turn of the loop, so that its progress stays visible
_STOPPING_TURN_S = 0.05
# Waitress moves larger replies to temporary files; ours are in memory already, and the files are on a card.
_IN_MEMORY = 1 << 30
_CLIENT_GONE_MS = 10_000  # unacknowledged data this old: the client has stopped reading


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """What one client, and all of them, may take. Times in seconds, sizes in bytes."""

    request_threads: int = 8
    """For requests that are answered at once or within the time of a command."""
    streams: int = STREAMS_MAX
    """Threads on top of those, for replies that go on; the app counts them. Started when they are needed."""
    connections: int = STREAMS_MAX + 64
    head: int = 16 * 1024
    body: int = BODY_LIMIT
    unsent: int = 64 * 1024
    """Reply data kept for a client that reads slowly before its request thread has to wait."""
    idle_s: int = 60
    receive_s: float = 30.0
    """How long a request may take to arrive."""
    stop_s: float = 3.0
    """How long requests in progress may take to end when the server stops."""


class ApiServer(Worker):
    """Serves an app over HTTP. Everything but `wake` is called by one thread, the worker's own."""

    name = "command"

    def __init__(
        self,
        app: WSGIApplication,
        host: str,
        port: int,
        *,
        limits: ServerLimits | None = None,
        end_streams: Callable[[], None] | None = None,
    ) -> None:
        """Opens nothing. `end_streams` is called before the server stops, to end the replies that go on."""
        super().__init__()
        self._app = app
        self._wanted = (host, port)
        self._limits = limits or ServerLimits()
        self._end_streams = end_streams
        self._address: tuple[str, int] | None = None
        # Waitress's published types are wrong about these two.
        self._server: Any = None
        self._sockets: dict[int, Any] = {}
        self._waking = threading.Lock()  # guards the use of _trigger against its end
        self._trigger: Any = None

    @property
    def address(self) -> tuple[str, int]:
        """Address and port as bound; port 0 has become a real one. Raises `RuntimeError` before."""
        if self._address is None:
            raise RuntimeError("the server has not been started")
        return self._address

    def start_up(self) -> None:
        """Bind and listen. Raises `PortInUse` or another `CannotListen` that says what to do."""
        listener = bind(*self._wanted)
        limits = self._limits
        self._sockets = {}
        self._server = create_server(
            self._app,
            map=self._sockets,
            sockets=[listener],
            _dispatcher=GrowingDispatcher(limits.request_threads + limits.streams),
            # So that the loop reads on and notices when the client of a stream has gone.
            channel_request_lookahead=1,
            connection_limit=limits.connections,
            channel_timeout=limits.idle_s,
            cleanup_interval=max(1, limits.idle_s // 2),
            outbuf_high_watermark=limits.unsent,
            outbuf_overflow=_IN_MEMORY,
            # Waitress refuses from the limit on, we above it.
            max_request_body_size=limits.body + 1,
            max_request_header_size=limits.head,
            ident="gateway",
        )
        self._server.channel_class = GatewayChannel
        self._server.adj.socket_options = [
            (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
            (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _CLIENT_GONE_MS),
            (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        ]
        host, port = listener.getsockname()[:2]
        self._address = (host, port)
        with self._waking:
            self._trigger = self._server.trigger
        _LOG.info("listening on %s port %d", host, port)

    def step(self, now: float) -> float:  # noqa: ARG002 - the loop waits on sockets, not on a time
        """Serve for one turn of the loop, at most a second."""
        # An exception while accepting makes waitress close its listener and go on without one.
        if self._server not in self._sockets.values():
            raise RuntimeError("the listening socket is gone")
        self._turn(_TURN_S)
        return 0.0

    def wake(self) -> None:
        """End the current turn of the loop; from any thread."""
        super().wake()
        with self._waking:
            # A closed trigger would write to a file number that may be someone else's by now.
            if self._trigger is not None and not self._trigger._closed:
                self._trigger.pull_trigger()

    def shut_down(self) -> None:
        """Take no more requests, let those in progress end within `ServerLimits.stop_s`, close everything."""
        if self._server is None:
            return
        server, self._server = self._server, None
        deadline = time.monotonic() + self._limits.stop_s
        if self._end_streams is not None:
            self._end_streams()
        # Only the listener: its trigger is what request threads still wake the loop with.
        wasyncore.dispatcher.close(server)
        dispatcher = server.task_dispatcher
        dispatcher.set_thread_count(0)
        while dispatcher.threads and time.monotonic() < deadline:
            self._turn(_STOPPING_TURN_S)
        dispatcher.shutdown(timeout=0)  # drops requests that no thread had taken up
        while self._has_unsent_data(server) and time.monotonic() < deadline:
            self._turn(_STOPPING_TURN_S)
        with self._waking:
            self._trigger = None
            wasyncore.close_all(self._sockets)
        self._address = None
        _LOG.info("no longer listening")

    def _turn(self, timeout_s: float) -> None:
        # poll, because select cannot handle file numbers from 1024 on
        wasyncore.poll2(timeout_s, self._sockets)
        now = time.monotonic()
        for channel in list(self._sockets.values()):
            if isinstance(channel, GatewayChannel):
                channel.drop_if_slow(now, self._limits.receive_s)

    def _has_unsent_data(self, server: Any) -> bool:
        return any(channel.total_outbufs_len for channel in server.active_channels.values())
