"""A power cut at any moment loses nothing that the journal had said is stored."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.journal import Journal, JournalReader
from tests.faults.power import Entry, build_logger, cut_at, read_log
from tests.journal.records import UID
from tests.support.clock import FakeClock
from tests.support.process import ROOT

LAST = 4000
CUTS = 40


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> list[Entry]:
    """Everything a journal's life has written."""
    folder = tmp_path_factory.mktemp("power")
    state = folder / "state"
    state.mkdir()
    environment = {
        **os.environ,
        "LD_PRELOAD": os.fspath(build_logger(folder)),
        "WRITE_LOG": os.fspath(folder / "writes"),
        "WRITE_LOG_FOLDER": f"{state}/",
        "PYTHONPATH": os.fspath(ROOT),
    }
    command = [sys.executable, "-m", "tests.faults.power_child", os.fspath(state), str(LAST)]
    subprocess.run(command, env=environment, check=True, timeout=100)
    return read_log(folder / "writes")


def test_the_log_has_what_a_journal_does(log: list[Entry]) -> None:
    kinds = {(Path(entry.path).name, entry.kind) for entry in log}
    assert {("journal.db", "W"), ("journal.db", "S"), ("journal.db-wal", "S")} <= kinds
    told = [entry.data for entry in log if entry.path.endswith("acknowledged")]
    assert told[-1] == b"%d\n" % LAST


def test_what_was_acknowledged_is_there_after_a_cut_at_any_moment(
    log: list[Entry], tmp_path: Path
) -> None:
    rng = random.Random(20)
    for number in range(CUTS):
        moment = rng.randrange(len(log) // 20, len(log))
        check(log[:moment], rng, tmp_path / str(number))


def check(entries: list[Entry], rng: random.Random, folder: Path) -> None:
    told = b"".join(one.data for one in entries if one.path.endswith("acknowledged")).split()
    folder.mkdir()
    for path, content in cut_at(entries, rng).items():
        if not path.endswith("acknowledged"):
            (folder / Path(path).name).write_bytes(content)
    for shared_memory in folder.glob("*-shm"):
        shared_memory.unlink()
    journal = Journal(folder / "journal.db", clock=FakeClock())
    journal.open()
    acknowledged = int(told[-1]) if told else 0
    assert journal.next_seq(UID, 1) > acknowledged
    journal.close()
    assert list(folder.glob("*corrupt*")) == []
    reader = JournalReader(folder / "journal.db")
    numbers = [one.reading.seq for one in reader.readings_after(0, 10_000)]
    hours = reader.ledger().hours
    cursor = reader.stats().sinks
    reader.close()
    assert numbers == sorted(set(numbers))
    if acknowledged:
        assert numbers
        assert numbers[-1] is not None
        assert numbers[-1] >= acknowledged
        # All that is not delivered yet is in one piece, up to the end.
        first = cursor["mongo"].seq + 1 if cursor else 1
        held = [seq for seq in numbers if seq is not None and seq >= first]
        assert held == list(range(first, numbers[-1] + 1))
        assert all(one.expected == one.stored + sum(one.lost.values()) for one in hours)
        assert sum(one.expected for one in hours) == numbers[-1]


def test_a_journal_that_does_not_sync_would_be_found_out(log: list[Entry], tmp_path: Path) -> None:
    unsynced = [entry for entry in log if entry.kind != "S"]
    failures = 0
    rng = random.Random(3)
    for number in range(5):
        moment = rng.randrange(len(unsynced) // 2, len(unsynced))
        try:
            check(unsynced[:moment], rng, tmp_path / str(number))
        except (AssertionError, IndexError):
            failures += 1
    assert failures > 0
