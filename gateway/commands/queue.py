"""Commands whose callers do not wait: queued for their turn, and for a device that cannot be reached.

Bounded; those of one device are carried out one after the other, in the order they came.
"""

import threading
from collections.abc import Collection
from dataclasses import dataclass

from gateway.commands.order import CommandOrder
from gateway.model.command import CommandRecord
from gateway.model.errors import CommandError

QUEUE_MAX = 100
"""Commands waiting or being carried out, of all devices together."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A queued command. `expires_mono`: until then it may wait for its device (monotonic seconds)."""

    record: CommandRecord
    order: CommandOrder
    expires_mono: float


class CommandQueue:
    """The waiting commands. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards everything below
        self._waiting: list[Job] = []
        self._reserved = 0  # places taken by commands: announced, waiting, or being carried out
        self._added = threading.Event()

    def reserve(self) -> None:
        """Take a place for a command to be added. Raises `CommandError` when none is free."""
        with self._lock:
            if self._reserved >= QUEUE_MAX:
                raise CommandError(
                    "queue_full",
                    f"{QUEUE_MAX} commands are queued already; nothing was sent",
                    retry_after_s=5.0,
                )
            self._reserved += 1

    def give_back(self) -> None:
        """Free a place: its command was not added."""
        with self._lock:
            self._reserved -= 1

    def add(self, job: Job) -> None:
        """Put a command into the place that was reserved for it."""
        with self._lock:
            self._waiting.append(job)
        self._added.set()

    def first_of_each(self, busy: Collection[str]) -> list[Job]:
        """The oldest command of each device that is not `busy`, oldest first."""
        with self._lock:
            firsts: dict[str, Job] = {}
            for job in self._waiting:
                firsts.setdefault(job.order.device, job)
        return [job for device, job in firsts.items() if device not in busy]

    def take(self, job: Job) -> None:
        """Remove a command that has ended, and free its place."""
        with self._lock:
            self._waiting.remove(job)
            self._reserved -= 1

    def waiting(self) -> list[Job]:
        """All of them, oldest first."""
        with self._lock:
            return list(self._waiting)

    def wait(self, timeout_s: float) -> None:
        """Wait until a command is added or `wake` is called, `timeout_s` at most."""
        self._added.wait(timeout_s)
        self._added.clear()

    def wake(self) -> None:
        """End a wait."""
        self._added.set()
