import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.systemd import wheels
from tests.systemd.container import Container
from tests.systemd.machine import Installed


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """The folder that the machine sees as /mnt, with the wheel in it."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    shutil.copy(wheels.built(), folder)
    return folder


@pytest.fixture
def container(tmp_path: Path, shelf: Path) -> Iterator[Container]:
    """A machine without a gateway."""
    work = tmp_path / "machine"
    work.mkdir()
    with Container("test", work, shelf) as container:
        yield container


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a machine, turned off, on which the gateway was installed."""
    work = tmp_path_factory.mktemp("installation")
    with Container("install", work, wheels.built().parent) as container:
        Installed(container).install()
    return work


@pytest.fixture
def installed(tmp_path: Path, shelf: Path, installation: Path) -> Iterator[Installed]:
    """A machine with the gateway installed and running, quicker to lose patience than usual."""
    work = tmp_path / "machine"
    work.mkdir()
    with Container("test", work, shelf, installation) as container:
        machine = Installed(container)
        machine.until_ready()
        yield machine
