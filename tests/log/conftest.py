import io
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.config import LoggingSettings
from gateway.log import LogSystem, set_up


class Logged:
    """A running log in a folder of its own, and what it wrote."""

    def __init__(self, system: LogSystem, folder: Path, console: io.StringIO) -> None:
        self.system = system
        self.folder = folder
        self.console = console
        self.logger = logging.getLogger("gateway.test")

    def lines(self, name: str = "gateway.log") -> list[str]:
        """The lines but the first, which is the header of the file."""
        assert self.system.flush()
        lines = (self.folder / name).read_text(encoding="utf-8").splitlines()
        return lines[1:] if name == "gateway.log" else lines


Begin = Callable[..., Logged]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Starts a log: fields of the settings by name, and `arguments` of `set_up`."""
    running: list[LogSystem] = []

    def begin(arguments: dict[str, Any] | None = None, **settings: Any) -> Logged:
        console = io.StringIO()
        folder = tmp_path / "logs"
        values = LoggingSettings(**{"folder": folder, **settings})
        running.append(set_up(values, **{"console": console, **(arguments or {})}))
        return Logged(running[-1], folder, console)

    yield begin
    for system in running:
        assert system.stop()
