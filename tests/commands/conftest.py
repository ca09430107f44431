from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "journal.db")
    yield bench
    bench.house.close()
