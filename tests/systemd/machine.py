"""A machine with the gateway on it, and the questions that the tests ask."""

import json
import shlex
import time
from collections.abc import Callable
from typing import Any

from tests.systemd import wheels
from tests.systemd.container import Container

DEADLINE_S = 60.0
PIP = "PIP_NO_INDEX=1 PIP_FIND_LINKS=/opt/wheels"
"""The machine has no network; what the gateway needs lies there."""

_LOOK_EVERY_S = 0.1
# What takes half a minute on a real machine takes seconds here.
_IMPATIENT = "[Service]\nWatchdogSec=4\nRestartSec=1\n"
_GET = (
    "import sys, http.client as h; c = h.HTTPConnection('127.0.0.1', 8080, timeout=10);"
    "c.request('GET', sys.argv[1]); r = c.getresponse(); print(r.status); print(r.read().decode())"
)


class Installed:
    """The gateway in a container."""

    def __init__(self, container: Container) -> None:
        """Installs nothing yet."""
        self.container = container
        self.run = container.run
        self.says = container.says

    def install(self) -> str:
        """Install it as the documentation says; what the installer prints."""
        self.run(
            "mkdir -p /etc/systemd/system/gateway.service.d;"
            f" printf {shlex.quote(_IMPATIENT)} >/etc/systemd/system/gateway.service.d/90-test.conf"
        )
        return self.says(f"{PIP} python3 /mnt/{wheels.built().name}/gateway service install")

    def update(self, wheel: str, *options: str) -> tuple[int, str]:
        """Update to a wheel on the shelf: exit code, and everything that was said."""
        words = " ".join(options)
        done = self.run(
            f"{PIP} gateway service update /mnt/{wheel} {words} 2>&1", check=False, timeout_s=400
        )
        return done.returncode, done.stdout

    def show(self, name: str) -> str:
        """A property of the unit."""
        return self.says(f"systemctl show gateway --property={name} --value")

    def get(self, path: str) -> tuple[int, Any]:
        """Status and JSON of a request to the gateway; 0 when nobody answers."""
        done = self.run(f"python3 -c {shlex.quote(_GET)} {path}", check=False)
        if done.returncode:
            return 0, None
        status, _, body = done.stdout.partition("\n")
        return int(status), json.loads(body)

    def version(self) -> str:
        """What the running gateway says that it is."""
        return str(self.get("/api/v1/status")[1]["version"])

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for a condition; fails with the gateway's log when it does not come."""
        deadline = time.monotonic() + DEADLINE_S
        while not condition():
            if time.monotonic() > deadline:
                log = self.run("journalctl -u gateway -n 40 --no-pager", check=False).stdout
                raise AssertionError(f"not in {DEADLINE_S:.0f} s: {what}\n{log}")
            # The command inside takes its time; the pause only keeps the loop from being a load.
            time.sleep(_LOOK_EVERY_S)

    def until_ready(self) -> None:
        """Wait until it collects and stores."""
        self.until(lambda: self.get("/readyz")[0] == 200, "/readyz says ready")
