"""The tests' own server does what the delivery tests rely on."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymongo.errors import ConnectionFailure

from tests.support.mongod import Mongod
from tools.testservers.cache import ROOT

HOLDER = """
import sys, pathlib
from tests.support.mongod import Mongod
with Mongod(pathlib.Path(sys.argv[1])) as server:
    print(server.pid, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Mongod]:
    with Mongod(tmp_path) as running:
        yield running


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_acknowledged_writes_and_the_port_survive_a_restart(server: Mongod, end: str) -> None:
    uri = server.uri
    with server.client(journal=True) as client:
        client.gateway.readings.insert_one({"_id": "a-1", "value": 21.5})
    getattr(server, end)()
    with server.client(timeoutMS=300) as client, pytest.raises(ConnectionFailure):
        client.admin.command("ping")

    server.start()

    assert server.uri == uri
    with server.client() as client:
        assert client.gateway.readings.find_one("a-1") == {"_id": "a-1", "value": 21.5}


def test_a_frozen_server_is_silent_until_thawed(server: Mongod) -> None:
    with server.client() as client:
        client.admin.command("ping")
        server.freeze()
        with server.client(timeoutMS=300) as impatient, pytest.raises(ConnectionFailure):
            impatient.admin.command("ping")
        server.thaw()
        client.admin.command("ping")


def test_a_frozen_server_can_be_stopped(server: Mongod) -> None:
    server.freeze()
    server.stop()


def test_no_server_outlives_a_test_run_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        server = int(holder.stdout.readline())
        handle = os.pidfd_open(server)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    _wait_until_ended(handle)


def _wait_until_ended(handle: int) -> None:
    try:
        readable, _, _ = select.select([handle], [], [], 30)
    finally:
        os.close(handle)
    assert readable, "the server still runs"
