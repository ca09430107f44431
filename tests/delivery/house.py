"""A journal and a delivery in one thread, with the time of the test."""

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from gateway.delivery.consumer import Consumer
from gateway.delivery.worker import DeliveryWorker
from gateway.journal import Journal, JournalReader
from gateway.model.heartbeat import Heartbeat
from gateway.model.reading import Reading
from gateway.runtime.clock import MachineClock
from tests.delivery.records import HEARTBEAT, reading

DEADLINE_S = 60.0


class Sink(Protocol):
    """Something that readings, commands and heartbeats go to."""

    name: str

    def consumers(self, describe: Callable[[], Heartbeat]) -> list[Consumer]: ...


class House:
    """Steps journal and delivery in turn; `now` jumps over every wait, so nothing ever sleeps."""

    def __init__(self, folder: Path, sink: Sink) -> None:
        clock = MachineClock()
        self.journal = Journal(folder / "journal.db", clock=clock, queue_max=100_000)
        self.reader = JournalReader(folder / "journal.db")
        self.sink = sink
        self.now = 0.0
        self.describe = lambda: HEARTBEAT
        self.worker = DeliveryWorker(
            sink.name,
            sink.consumers(self._describe),
            self.journal,
            self.reader,
            clock,
            random.Random(1),
        )
        self._made = 0

    def open(self) -> "House":
        self.journal.open()
        self.journal.register(self.sink.name, {"reading"})
        self.journal.register(f"{self.sink.name}-commands", {"command"})
        self.journal.step(self.now)
        self.worker.start_up()
        return self

    def close(self) -> None:
        self.worker.shut_down()
        self.reader.close()
        self.journal.close()

    def _describe(self) -> Heartbeat:
        return self.describe()

    def make(self, count: int) -> list[Reading]:
        """Store so many more readings."""
        readings = [reading(self._made + number) for number in range(1, count + 1)]
        self._made += count
        self.store(readings)
        return readings

    def store(self, readings: list[Reading]) -> None:
        self.journal.append(readings)
        self.commit()

    def commit(self) -> None:
        ticket = self.journal.flush()
        self.journal.step(self.now)
        assert ticket.done

    def step(self) -> float:
        wait_s = self.worker.step(self.now)
        self.now += wait_s
        self.journal.step(self.now)
        return wait_s

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < deadline, self.worker.state()
            self.step()

    def drained(self) -> bool:
        return self.worker.state().lag_rows == 0
