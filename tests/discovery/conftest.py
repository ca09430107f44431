from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.discovery.house import SearchingHouse


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of the journal."""
    return tmp_path / "journal.db"


@pytest.fixture
def house(path: Path) -> Iterator[SearchingHouse]:
    house = SearchingHouse(path)
    yield house
    house.close()
