"""`python -m tools.bench.drain`: how fast a backlog goes, next to a bare driver that has nothing else to do.

Both write the same documents to the same server, in turns, so that what else the machine does hits both.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gateway.delivery.worker import DeliveryWorker
from gateway.journal import Journal, JournalReader
from gateway.journal.batch import RowBatch
from gateway.journal.types import Kind
from gateway.model.heartbeat import Heartbeat
from gateway.model.reading import Reading
from gateway.runtime.clock import MachineClock
from gateway.runtime.interpreter import tune_interpreter
from gateway.sinks.mongo.consumers import make
from gateway.sinks.mongo.documents import reading_documents
from tests.support.mongod import Mongod
from tools.bench.machine import conditions
from tools.bench.usage import usage_of

BARE_BATCH = 1000
_CHUNK = 5000
_FIRST_MS = 1_790_000_000_000
_METADATA = {"room": "A"}


@dataclass(frozen=True, slots=True)
class Round:
    """Rows per second of both, and by how much the peak of the memory grew meanwhile."""

    bare: float
    ours: float
    grown_bytes: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when a reading was not delivered."""
    options = _parser().parse_args(arguments)
    tune_interpreter()
    with tempfile.TemporaryDirectory(prefix="gateway-drain-", dir=options.dir) as folder:
        print(conditions(Path(folder)))
        rounds, complete = measure(Path(folder), options.rows, options.rounds)
    for one in rounds:
        print(
            f"bare {one.bare:9.0f}/s   gateway {one.ours:9.0f}/s   {one.ours / one.bare:4.0%}"
            f"   memory +{one.grown_bytes / 2**20:.1f} MB"
        )
    print(f"median {statistics.median(one.ours / one.bare for one in rounds):.0%}")
    return 0 if complete else 1


def measure(folder: Path, rows: int, rounds: int) -> tuple[list[Round], bool]:
    """Fill a journal with `rows`, and drain it `rounds` times, each to a sink of its own."""
    clock = MachineClock()
    journal = Journal(folder / "journal.db", clock=clock, max_bytes=1 << 40)
    journal.open()
    reader = JournalReader(folder / "journal.db")
    try:
        fill(journal, rows)
        with Mongod(folder / "mongod") as server:
            done = [_round(server, journal, reader, rows, number) for number in range(rounds)]
            with server.client() as client:
                count = client.gateway.readings.count_documents({})
    finally:
        reader.close()
        journal.close()
    return done, count == rows


def fill(journal: Journal, rows: int) -> None:
    """A backlog of eight boards with four channels each."""
    for first in range(0, rows, _CHUNK):
        numbers = range(first, min(rows, first + _CHUNK))
        journal.append([_reading(number) for number in numbers], urgent=True)
        journal.step(time.monotonic())


def _reading(number: int) -> Reading:
    board = number % 8
    return Reading(
        device=f"board{board}",
        time_ms=_FIRST_MS + number * 100,
        values={
            "temperature": 20 + number % 100 / 10,
            "humidity": number % 1000 / 10,
            "count": number,
            "door": bool(number % 2),
        },
        uid=f"001122334455667{board}",
        boot=1,
        seq=number // 8 + 1,
        metadata=_METADATA,
        boot_id="00000000-0000-4000-8000-000000000001",
        boottime_ms=number,
    )


def _round(
    server: Mongod, journal: Journal, reader: JournalReader, rows: int, number: int
) -> Round:
    with server.client(w="majority", journal=True, timeoutMS=60_000) as client:
        client.drop_database("gateway")
        client.drop_database("bare")
        collection = client.bare.readings
        collection.create_index([("device", 1), ("time", -1)])
        spent = 0.0
        for documents in _documents(reader):
            began = time.perf_counter()
            collection.insert_many(documents, ordered=False)
            spent += time.perf_counter() - began
    name = f"mongo{number}"
    describe = partial(Heartbeat, "1", None, [], 0)
    consumers = make(server.uri, "gateway", "bench", describe, name=name)
    worker = DeliveryWorker(name, consumers, journal, reader, MachineClock())
    worker.start_up()
    before = usage_of(os.getpid()).peak_rss_bytes
    began = time.perf_counter()
    while worker.state().lag_rows:
        worker.step(time.monotonic())
    ours = time.perf_counter() - began
    worker.shut_down()
    grown = usage_of(os.getpid()).peak_rss_bytes - before
    return Round(rows / spent, rows / ours, grown)


def _documents(reader: JournalReader) -> Iterator[list[dict[str, object]]]:
    """What the bare driver gets ready-made."""
    row = 0
    while batch := reader.undelivered({Kind.READING}, row, BARE_BATCH):
        assert isinstance(batch, RowBatch)
        yield reading_documents(batch, "bench")
        row = batch[-1].row


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.drain", description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000, help="the backlog (200000)")
    parser.add_argument("--rounds", type=int, default=5, help="how often it is drained (5)")
    parser.add_argument("--dir", type=Path, help="where journal and database are put for the run")
    return parser


if __name__ == "__main__":
    sys.exit(main())
