"""A real server in a thread, and a client that can misbehave."""

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any
from wsgiref.types import WSGIApplication

from api.http.server import ApiServer, ServerLimits
from gateway.runtime.clock import MachineClock
from gateway.runtime.worker import WorkerThread

DEADLINE_S = 10.0


class CountingServer(ApiServer):
    """Releases `turns` with every turn of its loop."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.turns = threading.Semaphore(0)

    def step(self, now: float) -> float:
        wait_s = super().step(now)
        self.turns.release()
        return wait_s


class Running:
    """A server and the thread it runs in."""

    def __init__(
        self,
        app: WSGIApplication,
        limits: ServerLimits | None = None,
        end_streams: Callable[[], None] | None = None,
    ) -> None:
        self.limits = limits or ServerLimits()
        self.server = CountingServer(
            app, "127.0.0.1", 0, limits=self.limits, end_streams=end_streams
        )
        self.thread = WorkerThread(self.server, MachineClock())

    def start(self) -> None:
        self.thread.start()
        assert self.thread.started.wait(DEADLINE_S), self.thread.failure
        self.address = self.server.address

    def request_stop(self) -> None:
        self.thread.request_stop()

    def join(self) -> None:
        assert self.thread.join(DEADLINE_S), "the server did not stop"
        assert self.thread.failure is None

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, DEADLINE_S)

    def get(self, path: str = "/healthz", **headers: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(*self.address, timeout=DEADLINE_S)
        with contextlib.closing(connection):
            connection.request("GET", path, headers=headers)
            reply = connection.getresponse()
            return reply.status, json.loads(reply.read())


@contextlib.contextmanager
def serving(app: WSGIApplication, limits: ServerLimits | None = None) -> Iterator[Running]:
    running = Running(app, limits)
    running.start()
    try:
        yield running
    finally:
        running.request_stop()
        running.join()


def read_reply(connection: socket.socket) -> tuple[int, str, bytes]:
    """Status, content type and body of one reply."""
    reply = http.client.HTTPResponse(connection)
    with contextlib.closing(reply):
        reply.begin()
        return reply.status, reply.headers["Content-Type"], reply.read()


class Gate:
    """A WSGI app whose replies wait until the gate is opened."""

    def __init__(self, body: bytes = b'"through"') -> None:
        self.entered = threading.Event()
        self.opened = threading.Event()
        self._body = body

    def __call__(self, environ: object, start_response: Callable[..., object]) -> list[bytes]:
        self.entered.set()
        assert self.opened.wait(DEADLINE_S), "nobody opened the gate"
        length = str(len(self._body))
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", length)])
        return [self._body]
