"""A Debian with a real systemd as process 1, booted by systemd-nspawn in about a second.

It runs on this machine's kernel, has no network and no devices, and its control groups may set no limits.
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
    """One machine; booted when entered, gone when left. One thread may use it.

    What is changed on it stays over `reboot` and is gone with `work`.
    """

    def __init__(self, name: str, work: Path, bind: Path, base: Path | None = None) -> None:
        """`work`: an empty folder. `bind`: a folder that is seen as /mnt there, read-only.

        `base`: the `work` of another one, turned off, whose changes this one begins with.
        """
        self._name = f"{name}-{os.getpid()}"
        self._work = work
        self._log = work / "console.txt"
        self._bind = bind
        self._lower = [FOLDER] if base is None else [base / "changes", FOLDER]
        self._mounted = False
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
        try:
            self._mount()
            self._boot()
        except BaseException:
            self.stop()
            raise
        return self

    def reboot(self) -> None:
        """Turn it off and on again."""
        self._power_off()
        self._boot()

    def _mount(self) -> None:
        for name in ("changes", "scratch", "root"):
            (self._work / name).mkdir()
        lower = ":".join(map(str, self._lower))
        layers = f"lowerdir={lower},upperdir={self._work}/changes,workdir={self._work}/scratch"
        words = ["mount", "-t", "overlay", "overlay", "-o", layers, str(self._work / "root")]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ContainerError(f"the folders cannot be laid over each other: {done.stderr}")
        self._mounted = True

    def _boot(self) -> None:
        for group in self._groups:
            group.mkdir(parents=True, exist_ok=True)
        enter = "".join(f"echo 0 >{group}/cgroup.procs; " for group in self._groups)
        words = [
            *("systemd-nspawn", "-q", "-D", str(self._work / "root"), "-M", self._name, "--boot"),
            *("--register=no", "--keep-unit", "--private-network"),
            # Its own filter would answer before the one of the unit under test.
            "--system-call-filter=adjtimex clock_adjtime clock_adjtime64",
            *("--console=read-only", "--link-journal=no", "--settings=no"),
            f"--bind-ro={self._bind}:/mnt",
        ]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                ["sh", "-c", f'{enter}exec "$@"', "sh", *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait_for_boot()

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
        """Turn it off and let go of its folders; again is no harm."""
        self._power_off()
        if self._mounted:
            subprocess.run(["umount", str(self._work / "root")], check=True)
            self._mounted = False

    def _power_off(self) -> None:
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
