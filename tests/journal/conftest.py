"""A journal in a folder of its own, closed at the end of each test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.journal import Journal, JournalReader
from tests.journal.faulty import FaultyDisk
from tests.support.clock import FakeClock

MakeJournal = Callable[..., Journal]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


@pytest.fixture
def disk() -> FaultyDisk:
    return FaultyDisk()


@pytest.fixture
def make(path: Path, clock: FakeClock, disk: FaultyDisk) -> Iterator[MakeJournal]:
    made: list[Journal] = []

    def make(**options: object) -> Journal:
        journal = Journal(path, **{"clock": clock, "connect": disk.connect, **options})  # type: ignore[arg-type]
        made.append(journal)
        return journal

    yield make
    for journal in made:
        journal.close()


@pytest.fixture
def journal(make: MakeJournal) -> Journal:
    journal = make()
    journal.open()
    return journal


@pytest.fixture
def reader(path: Path) -> Iterator[JournalReader]:
    reader = JournalReader(path)
    yield reader
    reader.close()
