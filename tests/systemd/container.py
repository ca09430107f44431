"""A Debian with a real systemd as process 1, booted by systemd-nspawn in about a second.

It runs on this machine's kernel and has no network, no devices, and no limits by control groups. What is changed in it is
lost with it.
"""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.process import ROOT

FOLDER = ROOT / ".cache/systemd/root"
BOOT_DEADLINE_S = 60.0
STOP_DEADLINE_S = 30.0

_LOOK_EVERY_S = 0.05
_POWER_OFF = signal.SIGRTMIN + 4
_CONTROL_GROUPS = ("/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup")
_ENTER = ("-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w")
_ENVIRONMENT = ("/usr/bin/env", "-i", "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")


class ContainerError(Exception):
    """It did not boot, or a command in it failed; the text carries what was said."""


class Container:
    """One machine; booted when entered, gone when left. One thread may use it."""

    def __init__(self, name: str, log: Path, bind: Path) -> None:
        """`bind`: a folder that is seen as /mnt there, read-only."""
        self._name = f"{name}-{os.getpid()}"
        self._log = log
        self._bind = bind
        self._process: subprocess.Popen[bytes] | None = None
        # A control group of its own; systemd-nspawn would put the container's beside ours and leave it.
        self._groups = [
            Path(one) / f"gateway-{self._name}"
            for one in _CONTROL_GROUPS
            if Path(one, "cgroup.procs").exists()
        ]

    def __enter__(self) -> Self:
        if not FOLDER.is_dir():
            raise ContainerError(f"there is no {FOLDER}; type: make service")
        for group in self._groups:
            group.mkdir(parents=True, exist_ok=True)
        enter = "".join(f"echo 0 >{group}/cgroup.procs; " for group in self._groups)
        words = [
            *("systemd-nspawn", "-q", "-D", str(FOLDER), "-M", self._name, "--boot"),
            *("--register=no", "--keep-unit", "--private-network", "--volatile=overlay"),
            *("--console=read-only", "--link-journal=no", "--settings=no"),
            f"--bind-ro={self._bind}:/mnt",
        ]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["sh", "-c", f'{enter}exec "$@"', "sh", *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._wait_for_boot()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def run(
        self, command: str, *, check: bool = True, text: str | None = None, timeout_s: float = 300.0
    ) -> "subprocess.CompletedProcess[str]":
        """Run a line of shell there as root; `text` is its standard input."""
        done = subprocess.run(
            ["nsenter", "-t", self._first(), *_ENTER, *_ENVIRONMENT, "sh", "-c", command],
            input="" if text is None else text,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        if check and done.returncode:
            raise ContainerError(f"{done.returncode}: {command}\n{done.stdout}{done.stderr}")
        return done

    def says(self, command: str) -> str:
        """What a command prints, stripped. Raises `ContainerError` when it fails."""
        return self.run(command).stdout.strip()

    def stop(self) -> None:
        """Turn it off; again is no harm."""
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ContainerError):
                os.kill(int(self._first()), _POWER_OFF)
            try:
                self._process.wait(STOP_DEADLINE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None
        for group in self._groups:
            for folder, _, _ in os.walk(group, topdown=False):
                with contextlib.suppress(OSError):  # already gone with its last process
                    os.rmdir(folder)

    def _wait_for_boot(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + BOOT_DEADLINE_S
        state = "no process"
        while state not in ("running", "degraded"):
            if time.monotonic() > deadline:
                raise ContainerError(f"not up ({state}):\n{self._tail()}")
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_LOOK_EVERY_S)
                raise ContainerError(f"ended:\n{self._tail()}")
            with contextlib.suppress(ContainerError):
                state = self.run("systemctl is-system-running", check=False).stdout.strip()

    def _first(self) -> str:
        """The number, on this machine, of the process 1 there."""
        if self._process is None:
            raise ContainerError("the container is not running")
        number = self._process.pid
        try:
            children = Path(f"/proc/{number}/task/{number}/children").read_text().split()
        except OSError as error:
            raise ContainerError(f"the container has ended:\n{self._tail()}") from error
        if not children:
            raise ContainerError("the container has no process yet")
        return children[0]

    def _tail(self) -> str:
        return self._log.read_text(errors="replace")[-2000:]
