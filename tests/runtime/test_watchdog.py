"""What systemd hears, on a real datagram socket."""

import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from gateway.runtime.supervisor import WorkerState, WorkerView
from gateway.runtime.watchdog import (
    FRESH_S,
    STATUS_EVERY_S,
    Notifier,
    Signs,
    Watchdog,
    stale_workers,
)

PID = 4711


class Listener:
    """The socket that systemd would make."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        self.socket.setblocking(False)

    def heard(self) -> list[str]:
        """Every message since the last question: a datagram is there as soon as it was sent."""
        found = []
        while True:
            try:
                found.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return found


@pytest.fixture(params=["path", "abstract"])
def listener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Listener]:
    name = f"@gateway-test-{os.getpid()}" if request.param == "abstract" else f"{tmp_path}/notify"
    listener = Listener(name)
    yield listener
    listener.socket.close()


class House:
    """A supervisor's views, as the test wants them."""

    def __init__(self) -> None:
        self.ready = False
        self.status = "starting"
        self.views = {name: view(name, 0.0) for name in ("journal", "collection", "command")}

    def signs(self) -> Signs:
        return Signs(self._views, lambda: self.ready, lambda: self.status)

    def progress(self, now: float) -> None:
        self.views = {name: view(name, now) for name in self.views}

    def _views(self) -> Mapping[str, WorkerView]:
        return self.views


def view(name: str, progress: float | None, state: WorkerState = WorkerState.RUNNING) -> WorkerView:
    return WorkerView(name, state, progress_mono=progress)


def notifier(listener: Listener, **environ: str) -> Notifier:
    return Notifier.from_environ({"NOTIFY_SOCKET": listener.address, **environ}, PID)


def test_ready_comes_once_and_not_before_it_collects_and_stores(listener: Listener) -> None:
    house = House()
    watchdog = Watchdog(notifier(listener), house.signs())
    watchdog.step(0.0)
    assert listener.heard() == ["STATUS=starting"]
    house.ready = True
    watchdog.step(0.25)
    assert listener.heard() == ["READY=1"]
    house.ready = False
    watchdog.step(0.5)
    house.ready = True
    watchdog.step(0.75)
    assert listener.heard() == []


def test_the_status_is_said_when_it_changes_and_not_too_often(listener: Listener) -> None:
    house = House()
    watchdog = Watchdog(notifier(listener), house.signs())
    watchdog.step(0.0)
    house.status = "two\nREADY=1 lines"
    watchdog.step(STATUS_EVERY_S / 2)
    assert listener.heard() == ["STATUS=starting"]
    watchdog.step(STATUS_EVERY_S)
    watchdog.step(2 * STATUS_EVERY_S)
    assert listener.heard() == ["STATUS=two READY=1 lines"]


def test_signs_of_life_come_four_times_in_the_time_asked_for(listener: Listener) -> None:
    house = House()
    given = notifier(listener, WATCHDOG_USEC="4000000", WATCHDOG_PID=str(PID))
    watchdog = Watchdog(given, house.signs())
    for quarter in range(16):
        house.progress(quarter / 4)
        watchdog.step(quarter / 4)
    assert listener.heard().count("WATCHDOG=1") == 4


def test_no_sign_of_life_while_one_worker_makes_no_progress(listener: Listener) -> None:
    house = House()
    watchdog = Watchdog(notifier(listener, WATCHDOG_USEC="4000000"), house.signs())
    now = FRESH_S + 1.0
    house.progress(now)
    house.views["command"] = view("command", 0.0)
    watchdog.step(now)
    assert "WATCHDOG=1" not in listener.heard()
    house.views["command"] = view("command", now)
    watchdog.step(now + 0.25)
    assert "WATCHDOG=1" in listener.heard()


def test_a_worker_that_is_being_restarted_is_the_supervisors_business_unless_it_is_essential() -> (
    None
):
    now = FRESH_S + 1.0
    backing_off = {
        name: view(name, 0.0, WorkerState.BACKOFF)
        for name in ("journal", "delivery-mongo", "collection", "command")
    }
    assert stale_workers(backing_off, now) == ("journal", "collection")
    assert stale_workers({"journal": view("journal", None)}, 0.0) == ("journal",)


@pytest.mark.parametrize(
    "environ",
    [{}, {"WATCHDOG_USEC": ""}, {"WATCHDOG_USEC": "x"}, {"WATCHDOG_USEC": "0"},
     {"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": str(PID + 1)}],
)  # fmt: skip
def test_no_signs_of_life_when_none_are_wanted_of_this_process(
    listener: Listener, environ: dict[str, str]
) -> None:
    watchdog = Watchdog(notifier(listener, **environ), House().signs())
    watchdog.step(0.0)
    assert listener.heard() == ["STATUS=starting"]


def test_stopping_is_said(listener: Listener) -> None:
    Watchdog(notifier(listener), House().signs()).stopping()
    (said,) = listener.heard()
    assert said.startswith("STOPPING=1\nSTATUS=")


@pytest.mark.parametrize("address", ["", "relative", "vsock:2:1", None])
def test_without_a_socket_nothing_is_sent(address: str | None) -> None:
    environ = {} if address is None else {"NOTIFY_SOCKET": address}
    house = House()
    house.ready = True
    watchdog = Watchdog(Notifier.from_environ(environ, PID), house.signs())
    watchdog.step(0.0)
    watchdog.stopping()


def test_a_socket_that_is_gone_is_logged_once_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    address = f"{tmp_path}/notify"
    given = Notifier.from_environ({"NOTIFY_SOCKET": address}, PID)
    given.send("READY=1")
    given.send("READY=1")
    assert len(caplog.records) == 1
    listener = Listener(address)
    given.send("READY=1")
    assert listener.heard() == ["READY=1"]
    listener.socket.close()


def test_a_listener_that_does_not_read_holds_nobody_up(tmp_path: Path) -> None:
    listener = Listener(f"{tmp_path}/notify")
    given = Notifier.from_environ({"NOTIFY_SOCKET": listener.address}, PID)
    for _ in range(5000):
        given.send("WATCHDOG=1")
    listener.socket.close()
