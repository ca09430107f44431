"""Replies that go on for long: event streams and exports. Each holds a request thread, so they are few.

The server has a thread for each of them beside those for short requests, so they never keep a command
waiting; and when it stops, they end first.
"""

import threading
from collections.abc import Callable, Iterator

from flask import Flask, Response, current_app

from api.problems import Problem

STREAMS_MAX = 100
RETRY_AFTER_S = 10

_KEY = "gateway-streams"


class Slot:
    """The right to one long reply. `close` may come more than once, from any thread."""

    def __init__(self, streams: "Streams") -> None:
        self._streams = streams
        self._closing = threading.Lock()
        self._closed = False

    def close(self) -> None:
        """Give it back."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
        self._streams.give_back()


class Streams:
    """Counts the long replies of one server, and ends them."""

    def __init__(self, wake: Callable[[], None], limit: int = STREAMS_MAX) -> None:
        """`wake` ends the waits of those who wait for events."""
        self._wake = wake
        self._limit = limit
        self._lock = threading.Lock()  # guards _open
        self._open = 0
        self._ending = False

    @property
    def open(self) -> int:
        """How many there are now."""
        return self._open

    def ending(self) -> bool:
        """Whether all of them shall end now."""
        return self._ending

    def take(self) -> Slot:
        """A slot for one more. Raises the problem `too_many_streams`."""
        with self._lock:
            if self._ending or self._open >= self._limit:
                raise Problem(
                    "too_many_streams",
                    f"{self._limit} streams and exports are open already; try again later",
                    headers={"Retry-After": str(RETRY_AFTER_S)},
                )
            self._open += 1
        return Slot(self)

    def give_back(self) -> None:
        """One has ended; its `Slot` calls this."""
        with self._lock:
            self._open -= 1

    def end(self) -> None:
        """Let all of them end, and begin no more; from any thread."""
        self._ending = True
        self._wake()


def attach(app: Flask, streams: Streams) -> None:
    """Give the app its streams."""
    app.extensions[_KEY] = streams


def streams() -> Streams:
    """The streams of the app that answers the current request."""
    return streams_of(current_app)


def streams_of(app: Flask) -> Streams:
    """The streams of an app."""
    found = app.extensions[_KEY]
    assert isinstance(found, Streams)
    return found


def stream_response(body: Iterator[bytes], content_type: str, slot: Slot | None) -> Response:
    """A reply that goes on until `body` ends; `slot` is given back then."""
    response = Response(body, content_type=content_type)
    if slot is not None:
        response.call_on_close(slot.close)
    response.headers["X-Accel-Buffering"] = "no"  # proxies shall not collect it
    return response
