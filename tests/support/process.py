"""A program of ours as a real process: started, signalled, waited for, and never left behind."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_S = 30.0
"""Generous: a machine under load is slow, and only a failing test waits this long."""

_LOOK_EVERY_S = 0.02

# Kills the program when our end of its standard input closes, however this process ended.
_WATCHER = 'read -r _; kill -KILL "$1"'


class ProcessFailedError(Exception):
    """The program ended or did not get ready; the text carries the end of what it said."""


def python_module(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of ours with the Python that runs this."""
    return [sys.executable, "-m", module, *arguments]


class ChildProcess:
    """One program. What it says, on both streams, is appended to a file. One thread may use it."""

    def __init__(self, command: Sequence[str], output: Path, env: Mapping[str, str]) -> None:
        """Starts nothing. The program runs in the folder of `output`."""
        self._command = list(command)
        self._output = output
        self._env = dict(env)
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id. Raises `ProcessFailedError` when it is not running."""
        return self._started().pid

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def output(self) -> str:
        """Everything it has said so far, over all its starts."""
        return self._output.read_text(errors="replace") if self._output.exists() else ""

    def start(self) -> None:
        """Start it; not while it runs."""
        assert self._process is None, "the program is running already"
        self._output.parent.mkdir(parents=True, exist_ok=True)
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._output.parent,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Ctrl-C at the terminal is for the test run, which then ends its programs itself.
                start_new_session=True,
            )
        self._watcher = subprocess.Popen(
            ["sh", "-c", _WATCHER, "sh", str(self._process.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def until(
        self, condition: Callable[[], bool], what: str, timeout_s: float = DEADLINE_S
    ) -> None:
        """Wait for `condition`. Raises `ProcessFailedError` when the program ends or time is over."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline:
                raise ProcessFailedError(f"not in {timeout_s:.0f} s: {what}\n{self._tail()}")
            try:
                status = self._started().wait(_LOOK_EVERY_S)
            except subprocess.TimeoutExpired:
                continue
            raise ProcessFailedError(f"ended with {status} before: {what}\n{self._tail()}")

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._started().send_signal(number)

    def wait(self, timeout_s: float = DEADLINE_S) -> int:
        """Wait for its end and return the exit code (negative: by that signal).

        Raises `ProcessFailedError` when it goes on; it is killed then.
        """
        try:
            return self._started().wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise ProcessFailedError(
                f"did not end within {timeout_s:.0f} s\n{self._tail()}"
            ) from None
        finally:
            self.kill()

    def kill(self) -> None:
        """End it at once, as a power cut would; does nothing when it is not running."""
        # The watcher first: once the program is reaped its process id may come to mean another one.
        if self._watcher is not None:
            self._watcher.kill()
            self._watcher.communicate()
            self._watcher = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            raise ProcessFailedError(f"the program is not running\n{self._tail()}")
        return self._process

    def _tail(self) -> str:
        lines = self.output().splitlines()
        return "\n".join([f"{self._output.name}:", *lines[-30:]])
