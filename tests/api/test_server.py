import errno
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from api.http.binding import CannotListen, PortInUse
from api.http.server import ApiServer, ServerLimits
from gateway.runtime.clock import MachineClock
from gateway.runtime.worker import WorkerThread
from tests.api.gateway import Gateway
from tests.api.serving import DEADLINE_S, Gate, Running, read_reply, serving


@pytest.fixture
def running(bare: Gateway) -> Iterator[Running]:
    with serving(bare.app()) as server:
        yield server


def test_it_serves_at_the_address_it_tells(running: Running) -> None:
    host, port = running.address
    assert host == "127.0.0.1"
    assert port > 0
    assert running.get("/api/v1/devices/vehicle")[1]["id"] == "vehicle"


def test_its_loop_shows_progress_without_any_request(running: Running) -> None:
    turns = running.server.turns
    assert turns.acquire(timeout=DEADLINE_S)
    before = running.thread.progress_mono
    running.server.wake()
    # The progress of a turn is noted before the next one begins.
    assert all(turns.acquire(timeout=DEADLINE_S) for _ in range(2))
    assert running.thread.progress_mono > before


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"}]
)
def test_foreign_hosts_and_pages_are_refused(running: Running, headers: dict[str, str]) -> None:
    status, problem = running.get("/api/v1/devices", **headers)
    assert (status, problem["code"]) == (403, "forbidden")


def test_a_taken_port_is_named_and_nothing_is_left_behind(bare: Gateway, running: Running) -> None:
    host, port = running.address
    threads = threading.active_count()
    second = ApiServer(bare.app(), host, port)
    with pytest.raises(PortInUse, match=f"{host} port {port}: another program.*--port") as raised:
        second.start_up()
    assert raised.value.errno == errno.EADDRINUSE
    assert threading.active_count() == threads
    second.shut_down()
    with pytest.raises(RuntimeError, match="not been started"):
        assert second.address


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("192.0.2.1", "does not have the address"),
        ("", "is empty"),
        ("not a name", "no name of this machine"),
    ],
)
def test_an_address_that_cannot_be_had(host: str, said: str) -> None:
    with pytest.raises(CannotListen, match=said):
        ApiServer(Gate(), host, 0).start_up()


def test_a_name_is_resolved() -> None:
    server = ApiServer(Gate(), "localhost", 0)
    server.start_up()
    assert server.address[0] in ("127.0.0.1", "::1")
    server.shut_down()


POST = b"POST /api/v1/devices/greenhouse/commands HTTP/1.1\r\nHost: localhost\r\n"
JSON = b"Content-Type: application/json\r\n"


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (POST + JSON + b"Content-Length: 65537\r\n\r\n", 413, "body_too_large"),
        (POST + JSON + b"Content-Length: 99999999999\r\n\r\n", 413, "body_too_large"),
        (
            POST + JSON + b"Transfer-Encoding: chunked\r\n\r\n11171\r\n" + b"x" * 65537,
            413,
            "body_too_large",
        ),
        (POST + JSON + b"Content-Length: 65536\r\n\r\n" + b" " * 65536, 400, "malformed_json"),
        (POST + b"X: " + b"x" * 16_400 + b"\r\n\r\n", 431, "headers_too_large"),
        (POST + JSON + b"Content-Length: -1\r\n\r\n", 400, "bad_request"),
        (POST + JSON + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "bad_request"),
        (POST + JSON + b"Transfer-Encoding: gzip\r\n\r\n", 501, "not_implemented"),
        (b"GET /healthz HTTP/1.1\r\nHost : localhost\r\n\r\n", 400, "bad_request"),
        (b"this is not HTTP\r\n\r\n", 400, "bad_request"),
        (b"GET /api/v1/devices HTTP/1.1\r\n\r\n", 403, "forbidden"),
    ],
)
def test_bad_requests_get_a_problem(running: Running, sent: bytes, status: int, code: str) -> None:
    with running.connect() as connection:
        connection.sendall(sent)
        got, content_type, body = read_reply(connection)
    assert (got, content_type) == (status, "application/problem+json")
    assert f'"{code}"' in body.decode()
    assert running.get()[0] == 200


def test_clients_that_send_slowly_disturb_nobody_and_are_dropped(bare: Gateway) -> None:
    limits = ServerLimits(request_threads=2, receive_s=0.3)
    with serving(bare.app(), limits) as running:
        slow = [running.connect() for _ in range(20)]
        for connection in slow:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: local")
        assert running.get() == (200, {"status": "alive"})
        for connection in slow:
            with connection:
                assert connection.recv(1) == b"", "closed by the server"


def test_a_trickle_does_not_keep_a_connection_open(bare: Gateway) -> None:
    limits = ServerLimits(receive_s=0.3)
    with (
        serving(bare.app(), limits) as running,
        running.connect() as connection,
    ):
        connection.sendall(b"GET /healthz HTTP/1.1\r\n")
        deadline = time.monotonic() + DEADLINE_S
        closed = False
        while not closed and time.monotonic() < deadline:
            connection.settimeout(0.05)
            try:
                connection.sendall(b"X")
                closed = connection.recv(1) == b""
            except TimeoutError:
                continue
            except ConnectionError:
                closed = True
        assert closed


def test_requests_on_one_connection_are_not_taken_for_slow_ones(bare: Gateway) -> None:
    limits = ServerLimits(receive_s=0.2)
    with (
        serving(bare.app(), limits) as running,
        running.connect() as connection,
    ):
        for _ in range(3):
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert read_reply(connection)[0] == 200
            turns = [running.server.turns.acquire(timeout=DEADLINE_S) for _ in range(2)]
            assert all(turns)


def is_refused(running: Running) -> bool:
    try:
        running.connect().close()
    except ConnectionError:  # refused, or reset when the listener closed under the attempt
        return True
    return False


def test_a_request_in_progress_is_answered_before_the_server_stops() -> None:
    gate = Gate(b"x" * 3_000_000)  # more than the kernel's buffers take at once
    running = Running(gate)
    running.start()
    with running.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert gate.entered.wait(DEADLINE_S)
        running.request_stop()
        deadline = time.monotonic() + DEADLINE_S
        while not is_refused(running):
            assert time.monotonic() < deadline, "new connections are still taken"
        gate.opened.set()
        status, _, body = read_reply(connection)
    running.join()
    assert (status, len(body)) == (200, 3_000_000)


def test_a_stuck_request_does_not_keep_the_server_from_stopping() -> None:
    gate = Gate()
    running = Running(gate, ServerLimits(stop_s=0.3))
    running.start()
    with running.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert gate.entered.wait(DEADLINE_S)
        began = time.monotonic()
        running.request_stop()
        running.join()
        assert time.monotonic() - began < 3
        assert connection.recv(1) == b""
        gate.opened.set()


def test_a_client_that_never_reads_does_not_keep_the_server_from_stopping() -> None:
    gate = Gate(b"x" * 10_000_000)
    gate.opened.set()
    running = Running(gate, ServerLimits(stop_s=0.3))
    running.start()
    with running.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert gate.entered.wait(DEADLINE_S)
        running.request_stop()
        running.join()


def test_an_open_idle_connection_does_not_delay_the_stop() -> None:
    running = Running(Gate())
    running.start()
    with running.connect() as connection:
        began = time.monotonic()
        running.request_stop()
        running.join()
        assert time.monotonic() - began < 2
        assert connection.recv(1) == b""


def test_it_can_be_started_again_on_the_same_port(bare: Gateway) -> None:
    with serving(bare.app()) as first:
        _, port = first.address
        assert first.get()[0] == 200
    app = bare.app()
    server = ApiServer(app, "127.0.0.1", port)
    for _ in range(2):
        server.start_up()
        assert server.address == ("127.0.0.1", port)
        server.shut_down()
    server.shut_down()
    server.wake()


def test_a_lost_listener_is_a_failure_and_not_silence() -> None:
    server = ApiServer(Gate(), "127.0.0.1", 0)
    server.start_up()
    # As waitress itself does when accepting fails in a way it does not expect.
    try:
        raise RuntimeError("accepting failed")
    except RuntimeError:
        server._server.handle_error()
    server.wake()
    try:
        with pytest.raises(RuntimeError, match="listening socket is gone"):
            server.step(0.0)
    finally:
        server.shut_down()


def test_an_app_that_breaks_is_answered_for(caplog: pytest.LogCaptureFixture) -> None:
    def broken(environ: object, start_response: object) -> list[bytes]:
        raise ZeroDivisionError("inside")

    with serving(broken) as running:
        status, problem = running.get()
    assert (status, problem["code"]) == (500, "internal_error")
    assert "inside" not in problem["detail"]
    assert "inside" in caplog.text


def test_it_runs_as_a_worker_of_the_supervisor(bare: Gateway) -> None:
    app = bare.app()
    server = ApiServer(app, "127.0.0.1", 0)
    worker = WorkerThread(server, MachineClock())
    worker.start()
    assert worker.started.wait(DEADLINE_S)
    with socket.create_connection(server.address, DEADLINE_S) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert read_reply(connection)[0] == 200
    worker.request_stop()
    assert worker.join(DEADLINE_S)
    assert worker.failure is None
