"""The gateway as a real process, with folders, a port and a configuration of its own."""

import http.client
import json
import os
import signal
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.ports import ReservedPort
from tests.support.process import DEADLINE_S, ROOT, ChildProcess, python_module

STOP_DEADLINE_S = 10.0
"""What the contract grants for an orderly stop."""

_REQUEST_TIMEOUT_S = 15.0
# What the machine of the developer may have set must not reach the gateway under test.
_OURS = (
    "MONGO_URI",
    "MONGOURI",
    "GATEWAY_MQTT_URL",
    "STATE_DIRECTORY",
    "CONFIGURATION_DIRECTORY",
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One reply over HTTP; `body` is what the JSON says."""

    status: int
    body: Any
    headers: Mapping[str, str]


class GatewayProcess:
    """`python -m gateway run` in `folder`; ready when entered, gone when left.

    Folder, port and so the journal stay the same over `terminate` or `kill` and a new `start`. One thread may
    use it; requests may come from any.
    """

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        config: str | None = None,
        mongo_uri: str | None = None,
        port: int | None = None,
        environ: Mapping[str, str] | None = None,
        module: str = "gateway",
    ) -> None:
        """`config` is the text of gateway.toml; `port` None means one of its own; `environ` is added.

        `module` is a program that takes the same arguments.
        """
        self.folder = folder
        self._reserved = ReservedPort() if port is None else None
        self.port = self._reserved.number if self._reserved else port
        self._write("gateway.toml", config)
        self._write(".env", mongo_uri and f"MONGO_URI='{mongo_uri}'\n")
        environment = {name: text for name, text in os.environ.items() if name not in _OURS}
        environment["XDG_STATE_HOME"] = os.fspath(folder / "state")
        environment["LOGS_DIRECTORY"] = os.fspath(folder / "logs")
        environment["PYTHONPATH"] = os.fspath(ROOT)
        environment.update(environ or {})
        command = python_module(module, "run", "--port", str(self.port), *arguments)
        self.process = ChildProcess(command, folder / "console.txt", environment)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.folder / "state" / "gateway" / "journal.db"

    def start(self) -> None:
        """Start it and return when it says that it collects and stores."""
        self.process.start()
        self.until(self._is_ready, "/readyz says ready")

    def run_to_end(self) -> int:
        """Start one that is expected to end by itself, and return its exit code."""
        self.process.start()
        return self.process.wait()

    def terminate(self) -> int:
        """Stop it as systemd does; return the exit code."""
        self.process.send(signal.SIGTERM)
        return self.process.wait(STOP_DEADLINE_S)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()

    def close(self) -> None:
        """Kill it and give its port back; again is no harm."""
        self.process.kill()
        if self._reserved is not None:
            self._reserved.release()

    def until(
        self, condition: Callable[[], bool], what: str, timeout_s: float = DEADLINE_S
    ) -> None:
        """Wait for a condition while it runs; fails with the end of its console when it does not come."""
        self.process.until(condition, what, timeout_s)

    def get(self, path: str) -> Any:
        """The JSON of a GET that succeeds."""
        answer = self.request("GET", path)
        assert answer.status == 200, answer
        return answer.body

    def post(self, path: str, body: object, **headers: str) -> Answer:
        """The reply to a POST, whatever it is; `_` in a header's name stands for `-`."""
        spelled = {name.replace("_", "-"): text for name, text in headers.items()}
        return self.request("POST", path, json.dumps(body), spelled)

    def command(self, device: str, name: str, **arguments: object) -> Answer:
        """Send a command to a device."""
        body = {"name": name, "arguments": arguments}
        return self.post(f"/api/v1/devices/{device}/commands", body)

    def request(
        self,
        method: str,
        path: str,
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request on a connection of its own. Raises `OSError` when nobody answers."""
        assert self.port is not None
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_REQUEST_TIMEOUT_S)
        sent = {"Content-Type": "application/json"} if body is not None else {}
        with closing(connection):
            connection.request(method, path, body, {**sent, **(headers or {})})
            reply = connection.getresponse()
            return Answer(reply.status, json.loads(reply.read()), dict(reply.headers))

    def text(self, path: str) -> str:
        """What a GET that succeeds answers, as text."""
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self.port}{path}", timeout=_REQUEST_TIMEOUT_S
        ) as reply:
            found: bytes = reply.read()
        return found.decode()

    def states(self) -> dict[str, str]:
        """State of every device, by id."""
        return {one["id"]: one["state"] for one in self.get("/api/v1/devices")["devices"]}

    def log_lines(self) -> list[str]:
        """The lines of gateway.log so far."""
        path = self.folder / "logs" / "gateway.log"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def _is_ready(self) -> bool:
        try:
            return self.request("GET", "/readyz").status == 200
        except OSError:
            return False

    def _write(self, name: str, text: str | None) -> None:
        if text:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text, encoding="utf-8")
