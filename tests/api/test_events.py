"""GET /events over a real server."""

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api.resources.events.routes import HEARTBEAT_S
from api.streams import STREAMS_MAX, streams_of
from gateway.model.command import CommandState
from gateway.model.registry import DeviceState
from tests.api.gateway import DONE, GREENHOUSE, Gateway, reading
from tests.api.serving import DEADLINE_S, Running

PATH = "/api/v1/events"


class Listener:
    """A client of the stream that reads blocks as they come."""

    def __init__(self, running: Running, query: str = "", **headers: str) -> None:
        self.connection = http.client.HTTPConnection(*running.address, timeout=DEADLINE_S)
        self.connection.request("GET", PATH + query, headers=headers)
        self.reply = self.connection.getresponse()

    def block(self) -> dict[str, str]:
        """The fields of the next block; a comment is under the empty name. Empty at the end."""
        found: dict[str, str] = {}
        while line := self.reply.readline().decode().rstrip("\n"):
            name, _, value = line.partition(":")
            found[name] = value.strip()
        return found

    def event(self) -> tuple[str, Any]:
        block = self.block()
        return block["event"], json.loads(block["data"])

    def close(self) -> None:
        self.reply.close()
        self.connection.close()


@pytest.fixture
def gateway(bare: Gateway) -> Gateway:
    return bare


@pytest.fixture
def app(gateway: Gateway) -> Flask:
    return gateway.app()


@pytest.fixture
def running(app: Flask) -> Iterator[Running]:
    running = Running(app, end_streams=streams_of(app).end)
    running.start()
    yield running
    running.request_stop()
    running.join()


@pytest.fixture
def listen(running: Running) -> Iterator[Callable[..., Listener]]:
    with contextlib.ExitStack() as stack:

        def make(query: str = "", **headers: str) -> Listener:
            listener = Listener(running, query, **headers)
            stack.callback(listener.close)
            return listener

        yield make


def until(condition: Callable[[], bool]) -> None:
    """Wait on a condition that another thread brings about."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


def test_readings_devices_and_commands_come_as_elsewhere(
    gateway: Gateway, listen: Callable[..., Listener]
) -> None:
    listener = listen()
    assert listener.reply.status == 200
    assert listener.reply.headers["Content-Type"] == "text/event-stream"
    assert listener.reply.headers["Cache-Control"] == "no-store"
    first = listener.block()
    assert first["retry"] == "2000"
    gateway.store([reading(7)])
    gateway.save(replace(DONE, state=CommandState.SENT))
    name, stored = listener.event()
    assert (name, stored["key"]) == ("reading", "0011223344556677-5-7")
    name, command = listener.event()
    assert (name, command["id"], command["state"]) == ("command", "c1", "sent")
    gateway.devices.publish(replace(GREENHOUSE, state=DeviceState.LATE))
    name, device = listener.event()
    assert (name, device["id"], device["state"]) == ("device", "greenhouse", "late")


def test_a_client_that_comes_back_goes_on_where_it_was(
    gateway: Gateway, listen: Callable[..., Listener]
) -> None:
    before = listen("?type=reading")
    before.block()
    gateway.store([reading(9)])
    last = before.block()["id"]
    gateway.store([reading(8), reading(7)])
    listener = listen("?type=reading", **{"Last-Event-ID": last})
    listener.block()
    assert [listener.event()[1]["seq"] for _ in range(2)] == [8, 7]
    gateway.store([reading(6)])
    block = listener.block()
    assert json.loads(block["data"])["seq"] == 6
    gateway.store([reading(5)])
    again = listen("?type=reading", **{"Last-Event-ID": block["id"]})
    again.block()
    assert again.event()[1]["seq"] == 5


def test_only_what_is_asked_for_comes(gateway: Gateway, listen: Callable[..., Listener]) -> None:
    listener = listen("?device=vehicle,tank&type=reading")
    listener.block()
    gateway.store([reading(3), reading(2, "vehicle"), reading(1, "tank")])
    assert [listener.event()[1]["device"] for _ in range(2)] == ["vehicle", "tank"]


@pytest.mark.parametrize(
    ("query", "header"),
    [
        ("?type=rumour", None),
        ("?type=", None),
        ("?device=" + "x" * 65, None),
        ("?device=" + ",".join("x" * 65), None),
        ("?since=now", None),
        ("", "nonsense"),
        ("", "j.1.2.r.-1"),
    ],
)
def test_nonsense_is_refused(client: FlaskClient, query: str, header: str | None) -> None:
    reply = client.get(PATH + query, headers={"Last-Event-ID": header} if header else {})
    assert reply.status_code == 400
    assert reply.json is not None
    assert reply.json["code"] == "invalid_parameter"


def test_silence_is_broken_by_a_comment_that_tells_how_far_the_others_are(
    gateway: Gateway, listen: Callable[..., Listener]
) -> None:
    listener = listen("?device=vehicle")
    listener.block()
    gateway.store([reading(9)])  # not for this one
    gateway.clock.advance(HEARTBEAT_S)
    gateway.store([reading(8)])
    block = listener.block()
    assert block[""] == "heartbeat"
    gateway.store([reading(7)])
    later = listen("?type=reading", **{"Last-Event-ID": block["id"]})
    later.block()
    assert later.event()[1]["seq"] in (8, 7), "what the heartbeat told of does not come again"


def test_more_streams_than_the_gateway_takes_are_told_to_come_later(
    app: Flask, running: Running, listen: Callable[..., Listener]
) -> None:
    listeners = [listen() for _ in range(STREAMS_MAX)]
    for listener in listeners:
        listener.block()
    refused = listen()
    assert refused.reply.status == 503
    assert int(refused.reply.headers["Retry-After"]) > 0
    assert json.loads(refused.reply.read())["code"] == "too_many_streams"
    # All the others are served as ever.
    assert running.get("/api/v1/devices")[0] == 200
    listeners[0].close()
    until(lambda: streams_of(app).open < STREAMS_MAX)
    assert listen().reply.status == 200


def test_who_does_not_read_does_not_hold_up_who_does(
    gateway: Gateway, running: Running, listen: Callable[..., Listener]
) -> None:
    with socket.create_connection(running.address, DEADLINE_S) as stalled:
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stalled.sendall(f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert stalled.recv(1)
        listener = listen()
        listener.block()
        for newest in range(4001, 1, -200):
            gateway.store([reading(seq) for seq in range(newest, newest + 200)])
            for expected in reversed(range(newest, newest + 200)):
                assert listener.event()[1]["seq"] == expected


def test_clients_that_go_away_free_their_place(app: Flask, listen: Callable[..., Listener]) -> None:
    listeners = [listen() for _ in range(10)]
    until(lambda: streams_of(app).open == 10)
    for listener in listeners:
        listener.close()
    until(lambda: streams_of(app).open == 0)


def test_streams_end_first_when_the_server_stops(
    running: Running, listen: Callable[..., Listener]
) -> None:
    listeners = [listen() for _ in range(20)]
    for listener in listeners:
        listener.block()
    began = time.monotonic()
    running.request_stop()
    running.join()
    assert time.monotonic() - began < running.limits.stop_s
    assert [listener.block() for listener in listeners] == [{}] * 20


def test_head_opens_no_stream(app: Flask, client: FlaskClient) -> None:
    assert client.head(PATH).status_code == 200
    assert streams_of(app).open == 0
