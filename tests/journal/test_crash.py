"""A process that is killed at any moment: everything it was told is stored, is stored."""

import subprocess
import sys
from pathlib import Path

import pytest

from gateway.journal import Journal, JournalReader
from tests.journal.records import UID
from tests.support.clock import FakeClock

KILLS = 5


def run_and_kill(path: Path, lines_before: int) -> list[str]:
    """Run the child until it has said so many lines, kill it, return all it said."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.journal.crash_child", str(path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert child.stdout is not None
    with child, child.stdout:
        said = [child.stdout.readline() for _ in range(lines_before)]
        child.kill()
        said += child.stdout.readlines()
    return [one.strip() for one in said if one.endswith("\n")]


@pytest.mark.parametrize("lines_before", [2, 30])
def test_killed_while_appending(tmp_path: Path, lines_before: int) -> None:
    path = tmp_path / "journal.db"
    expected_from = 1
    rounds = 0
    for kill in range(KILLS):
        said = run_and_kill(path, lines_before + kill * 3)
        assert said[0] == f"from {expected_from}"
        told = [int(one.split()[1]) for one in said if one.startswith("stored")]
        journal = Journal(path, clock=FakeClock())
        journal.open()
        following = journal.next_seq(UID, 1)
        journal.close()
        assert following > max(told)
        assert (following - 1) % 20 == 0, "an append was stored in part"
        rounds += (following - expected_from) // 20
        expected_from = following
    reader = JournalReader(path)
    stored = []
    while page := reader.readings_after(stored[-1].row if stored else 0, 10_000):
        stored += page
    assert [one.reading.seq for one in stored if one.reading.uid] == list(range(1, expected_from))
    assert sum(one.reading.uid is None for one in stored) == rounds
    assert reader.stats().rows == len(stored)
    reader.close()
    assert list(tmp_path.glob("*corrupt*")) == []
