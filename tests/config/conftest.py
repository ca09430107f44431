from pathlib import Path

import pytest

from tests.config.support import Start


@pytest.fixture
def start(tmp_path: Path) -> Start:
    return Start(tmp_path)
