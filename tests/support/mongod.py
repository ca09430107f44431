"""A real MongoDB server for one test: started, stopped, killed and frozen at will."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pymongo
from pymongo.errors import ConnectionFailure

from tools.testservers.mongod import ensure_mongod

Database = pymongo.database.Database[dict[str, Any]]

START_DEADLINE_S = 60.0
STOP_DEADLINE_S = 30.0
PORT_ATTEMPTS = 5

# Kills the server when our end of its standard input closes, however this process ended; a test run
# that is itself killed must leave no server behind. The read returns at end of file only.
WATCHER = 'read -r _; kill -KILL "$1"'


class MongodFailedError(Exception):
    """The server did not start or stop; the text carries the end of its log."""


class Mongod:
    """A server on a loopback port, with its data and its log in `folder`.

    Used as a context manager it runs from the beginning and leaves nothing behind at the end. Port
    and data stay the same over `stop` or `kill` and a new `start`. One thread at a time may use it.
    """

    def __init__(self, folder: Path, *arguments: str) -> None:
        """`arguments` are added to the server's command line, such as `--replSet rs0`."""
        self._folder = folder
        self._arguments = arguments
        self._port: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    @property
    def port(self) -> int:
        """The port, known from the first start on."""
        assert self._port is not None, "the server was never started"
        return self._port

    @property
    def uri(self) -> str:
        """What `MONGO_URI` would hold; valid from the first start on, whether it runs or not."""
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true"

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        return self._running().pid

    def client(self, **options: Any) -> pymongo.MongoClient[dict[str, Any]]:
        """Return a client that fails within seconds, not pymongo's 30; the caller closes it."""
        return pymongo.MongoClient(
            self.uri,
            **{"timeoutMS": 5000, "tz_aware": True, **options},
        )

    def start(self) -> None:
        """Start the server and return when it answers.

        Raises MongodFailedError if it ends or is silent for too long.
        """
        assert self._process is None, "the server is running already"
        if self._port is not None:
            self._launch(self._port)
            self._wait_until_up(self._port)
            return
        for attempt in range(1, PORT_ATTEMPTS + 1):
            port = _free_port()
            try:
                self._launch(port)
                self._wait_until_up(port)
            except MongodFailedError:
                # Someone else may have taken the port since it was found free.
                if attempt == PORT_ATTEMPTS or "Address already in use" not in self._log_tail():
                    raise
            else:
                self._port = port
                return

    def stop(self) -> None:
        """Stop the server in order, as an administrator would; it is gone when this returns."""
        process = self._running()
        process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            raise MongodFailedError(f"did not stop on SIGTERM\n{self._log_tail()}") from None
        finally:
            self.kill()

    def kill(self) -> None:
        """End the server at once, as a power cut would; does nothing if it is not running."""
        # The watcher first: once the server is reaped its process id may come to mean another one.
        if self._watcher is not None:
            self._watcher.kill()
            self._watcher.communicate()
            self._watcher = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Keep the server from running, while its port still accepts connections."""
        self._running().send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        self._running().send_signal(signal.SIGCONT)

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "the server is not running"
        return self._process

    def _launch(self, port: int) -> None:
        server = ensure_mongod()
        data = self._folder / "data"
        data.mkdir(parents=True, exist_ok=True)
        command: list[str] = [str(server.binary), "--dbpath", str(data), "--port", str(port)]
        command += ["--bind_ip", "127.0.0.1", "--nounixsocket", "--wiredTigerCacheSizeGB", "0.25"]
        command += ["--setParameter", "diagnosticDataCollectionEnabled=false"]
        command += ["--logpath", str(self._log), "--logappend", *self._arguments]
        self._process = subprocess.Popen(
            command,
            env={**os.environ, **server.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Ctrl-C at the terminal is for the test run, which then stops its servers itself.
            start_new_session=True,
        )
        self._watcher = subprocess.Popen(
            ["sh", "-c", WATCHER, "sh", str(self._process.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _wait_until_up(self, port: int) -> None:
        deadline = time.monotonic() + START_DEADLINE_S
        try:
            while not _accepts(port):
                self._fail_if_ended(within_s=0.02)
                if time.monotonic() > deadline:
                    raise MongodFailedError(f"not listening in time\n{self._log_tail()}")
            left_ms = max(1, int((deadline - time.monotonic()) * 1000))
            address = f"mongodb://127.0.0.1:{port}/?directConnection=true"
            with pymongo.MongoClient[dict[str, Any]](address, timeoutMS=left_ms) as client:
                client.admin.command("ping")
            # It may have been another program's port that answered.
            self._fail_if_ended(within_s=0)
        except ConnectionFailure as error:
            self.kill()
            raise MongodFailedError(f"no answer to a ping\n{self._log_tail()}") from error
        except BaseException:
            self.kill()
            raise

    def _fail_if_ended(self, within_s: float) -> None:
        try:
            status = self._running().wait(within_s)
        except subprocess.TimeoutExpired:
            return
        raise MongodFailedError(f"ended with status {status}\n{self._log_tail()}")

    @property
    def _log(self) -> Path:
        return self._folder / "mongod.log"

    def _log_tail(self) -> str:
        if not self._log.is_file():
            return "(it wrote no log)"
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-20:])


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
