from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.config import CommandLineOptions, ConfigError, Settings, load
from gateway.parts import PARTS, PartLine
from gateway.sinks.mongo.part import MongoSettings

HOME = {"HOME": "/home/pi"}


class Start:
    """A start of the gateway in a folder of its own."""

    def __init__(self, folder: Path, parts: Sequence[PartLine] = PARTS) -> None:
        self.folder = folder
        self.parts = parts
        self.environ: dict[str, str] = dict(HOME)

    def write(self, text: str, name: str = "gateway.toml") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def load(self, options: CommandLineOptions | None = None) -> Settings:
        return load(options or CommandLineOptions(), self.environ, self.folder, self.parts)

    def mongo(self, options: CommandLineOptions | None = None) -> MongoSettings:
        found = self.load(options).parts["mongo"]
        assert isinstance(found, MongoSettings)
        return found

    def problems(self, options: CommandLineOptions | None = None) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            self.load(options)
        problems = [str(problem) for problem in caught.value.problems]
        assert all(problem in str(caught.value) for problem in problems)
        return problems

    def problem(self, options: CommandLineOptions | None = None) -> str:
        (only,) = self.problems(options)
        return only
