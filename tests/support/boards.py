"""Simulated boards on pseudo-terminals, in a process that outlives the gateway under test."""

import json
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.process import ROOT, ChildProcess, python_module


@dataclass(frozen=True, slots=True)
class BoardCounts:
    """What one board has to say at its end; samples are counted since its start."""

    uid: str
    boot: int
    made: int
    overwritten: int
    held: int
    executed: Mapping[str, int]

    def keys(self) -> set[str]:
        """Keys of all samples it has made in this boot."""
        return {f"{self.uid}-{self.boot}-{number}" for number in range(1, self.made + 1)}


class BoardsProcess:
    """`python -m dummy_hw`: runs when entered, gone when left. Identities are kept over restarts."""

    def __init__(
        self, folder: Path, count: int, *, interval_s: float = 0.1, ring: int = 512
    ) -> None:
        """`ring`: samples a board holds before it overwrites the oldest."""
        self.names = [f"board{number}" for number in range(count)]
        self._ports = folder / "ports"
        options = {
            "--boards": count,
            "--interval": interval_s,
            "--ring": ring,
            "--dir": self._ports,
            "--eeprom": folder / "eeprom",
        }
        words = [str(word) for option in options.items() for word in option]
        environment = {**os.environ, "PYTHONPATH": os.fspath(ROOT)}
        self.process = ChildProcess(
            python_module("dummy_hw", *words), folder / "boards.txt", environment
        )

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

    def config(self) -> str:
        """The part of gateway.toml that names every board as a device on a bus of its own."""
        return "".join(
            f'[[bus]]\nname = "bench-{name}"\ntype = "serial"\nport = "{self._ports / name}"\n'
            f'[[device]]\nid = "{name}"\nbus = "bench-{name}"\n'
            for name in self.names
        )

    def start(self) -> None:
        """Plug all boards in; they start, which counts as a boot."""
        before = self._said("ready")
        self.process.start()
        self.process.until(lambda: self._said("ready") > before, "the boards are ready")

    def freeze(self) -> None:
        """Let them take no more samples, and answer all the same."""
        before = self._said("frozen")
        self.process.send(signal.SIGUSR1)
        self.process.until(lambda: self._said("frozen") > before, "the boards are frozen")

    def suspend(self) -> None:
        """Let them fall silent, with their ports still there."""
        self.process.send(signal.SIGSTOP)

    def resume(self) -> None:
        """Let suspended ones go on."""
        self.process.send(signal.SIGCONT)

    def counts(self) -> dict[str, BoardCounts]:
        """What each board has counted so far."""
        before = len(self._told())
        self.process.send(signal.SIGUSR2)
        expected = before + len(self.names)
        self.process.until(lambda: len(self._told()) >= expected, "the boards tell their counts")
        return {one["board"]: _counts(one) for one in self._told()[before:]}

    def stop(self) -> dict[str, BoardCounts]:
        """Unplug all boards and return what each has counted."""
        before = len(self._told())
        self.process.send(signal.SIGTERM)
        assert self.process.wait() == 0
        return {one["board"]: _counts(one) for one in self._told()[before:]}

    def kill(self) -> None:
        """Pull every cable at once."""
        # The names first: the kernel gives a terminal that is free to whoever asks next, and a name that
        # still led there would lead to boards of somebody else.
        for name in self.names:
            (self._ports / name).unlink(missing_ok=True)
        self.process.kill()

    def _lines(self) -> list[str]:
        return self.process.output().splitlines()

    def _told(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._lines() if line.startswith("{")]

    def _said(self, word: str) -> int:
        return self._lines().count(word)


def _counts(told: Mapping[str, Any]) -> BoardCounts:
    return BoardCounts(
        uid=told["uid"],
        boot=told["boot"],
        made=told["samples_made"],
        overwritten=told["overwritten"],
        held=told["held"],
        executed=told["executed"],
    )
