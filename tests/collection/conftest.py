from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collection.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "journal.db")
    yield house
    house.close()
