"""Disks that are full, read-only, too small or damaged, under a real gateway."""

import resource
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.devices.buses import Buses, RealTransports
from gateway.journal import Journal, JournalReader, JournalStatus
from gateway.observe.status import StatusBoard, StatusSources
from gateway.runtime.supervisor import WorkerState, WorkerView
from gateway.runtime.timekeeper import Timekeeper
from tests.faults.waiting import healthy_counts, journal_of, until_ready
from tests.journal.conftest import MakeJournal
from tests.journal.faulty import FaultyDisk
from tests.journal.records import samples
from tests.journal.test_retention import BOUND, fill, settle
from tests.support.boards import BoardsProcess
from tests.support.clock import FakeClock
from tests.support.gateway import GatewayProcess

CONFIG = '[journal]\ncommit_interval = "100ms"\n'
NO_LIMIT = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def limit_file_size(gateway: GatewayProcess, size: int) -> None:
    """No file of the gateway can grow beyond this, as on a disk that is full."""
    resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_a_full_disk_is_said_and_nothing_is_lost_when_there_is_room_again(tmp_path: Path) -> None:
    with BoardsProcess(tmp_path, 2, interval_s=0.05, ring=512) as boards:
        config = CONFIG + boards.config()
        with GatewayProcess(tmp_path, config=config) as gateway:
            gateway.until(lambda: journal_of(gateway)["last_row"] > 20, "readings")
            # The write-ahead log is what grows; it is far larger than this by now.
            limit_file_size(gateway, 4096)
            gateway.until(lambda: journal_of(gateway)["status"] == "blocked", "blocked")
            refused = gateway.request("GET", "/readyz")
            assert (refused.status, refused.body["code"]) == (503, "not_ready")
            assert "the journal cannot store" in refused.body["detail"]
            assert gateway.request("GET", "/healthz").status == 200
            resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, NO_LIMIT)
            until_ready(gateway)
            counts = healthy_counts(gateway, boards)
            log = "\n".join(gateway.log_lines())
    assert "nothing can be stored, readings wait in memory" in log
    assert "storing resumed" in log
    assert all(one.overwritten == 0 for one in counts.values())


def test_a_read_only_file_system_blocks_until_it_is_writable(
    make: MakeJournal,
    reader: JournalReader,
    disk: FaultyDisk,
    clock: FakeClock,
) -> None:
    journal = make()
    journal.open()
    connection = disk.connection
    assert connection is not None
    connection.execute("PRAGMA query_only = ON")
    ticket = journal.append(samples(1, 10))
    for _ in range(3):
        clock.advance(journal.step(clock.monotonic()))
    assert journal.state().status is JournalStatus.BLOCKED
    assert "read-only" in journal.state().detail
    connection.execute("PRAGMA query_only = OFF")
    journal.step(clock.monotonic())
    assert ticket.done
    assert journal.state().status is JournalStatus.OK
    assert len(reader.readings_after(0, 100)) == 10


def test_a_journal_that_is_full_says_what_it_drops(
    make: MakeJournal,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    journal = make(max_bytes=BOUND)
    journal.open()
    journal.register("mongo", {"reading"})
    board = status_of(journal, clock)
    assert board.readiness().ready
    fill(journal, clock, 1, 4000)
    settle(journal, clock)
    shown: Any = board.status()["journal"]
    assert shown["shedding"] is True
    assert shown["shed_rows"] > 0
    (reason,) = board.readiness().reasons
    assert "bound is reached" in reason
    assert "the journal is full" in caplog.text
    journal.advance("mongo", 4000)
    settle(journal, clock)
    clock.advance(601)
    settle(journal, clock)
    assert board.readiness().ready
    assert "readings are no longer dropped" in caplog.text


def status_of(journal: Journal, clock: FakeClock) -> StatusBoard:
    def workers() -> dict[str, WorkerView]:
        running = WorkerView("any", WorkerState.RUNNING, progress_mono=clock.monotonic())
        return {"journal": running, "collection": running}

    sources = StatusSources(
        workers=workers,
        journal=journal,
        journal_max_bytes=BOUND,
        sinks=list,
        buses=Buses([], RealTransports()),
        timekeeper=Timekeeper(clock),
    )
    return StatusBoard("pi", "1", True, sources, clock)


def _damage_middle(file: Path) -> None:
    with file.open("r+b") as stream:
        stream.seek(file.stat().st_size // 2 // 4096 * 4096)
        stream.write(b"\xa5" * 8192)


def _cut_off(file: Path) -> None:
    with file.open("r+b") as stream:
        stream.truncate(file.stat().st_size * 3 // 4)


@pytest.mark.parametrize("harm", [_damage_middle, _cut_off])
def test_a_damaged_journal_is_set_aside_and_what_can_be_read_taken_over(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    with BoardsProcess(tmp_path, 2, interval_s=0.01, ring=512) as boards:
        config = CONFIG + boards.config()
        with GatewayProcess(tmp_path, config=config) as gateway:
            gateway.until(lambda: journal_of(gateway)["last_row"] > 600, "readings")
            assert gateway.terminate() == 0
            harm(gateway.journal)
            gateway.start()
            shown = journal_of(gateway)
            healthy_counts(gateway, boards)
            log = "\n".join(gateway.log_lines())
            assert gateway.terminate() == 0
    aside = list(gateway.journal.parent.glob("journal.db.corrupt-*"))
    assert aside
    assert shown["salvaged_rows"] + shown["unreadable_rows"] > 0
    assert "is damaged" in log
    assert "taken over from" in log
    connection = sqlite3.connect(gateway.journal)
    keys: list[tuple[Any, ...]] = connection.execute("SELECT key FROM readings").fetchall()
    connection.close()
    assert len(keys) == len(set(keys))
