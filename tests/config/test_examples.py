"""The two example files say everything there is, and nothing that is not."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.config import CommandLineOptions, JournalSettings, load
from gateway.config.secrets import RESERVED, known_keys
from gateway.parts import PARTS
from gateway.sinks.mongo.part import MongoSettings
from tests.support.configuration_keys import documented_keys

ROOT = Path(__file__).parents[2]
TOML = ROOT / "gateway.example.toml"
ENV = ROOT / ".env.example"


def test_the_examples_are_valid(tmp_path: Path) -> None:
    options = CommandLineOptions(config=TOML, env_file=ENV)
    settings = load(options, {"STATE_DIRECTORY": "/var/lib/gateway"}, tmp_path)
    assert settings.gateway.id == "pi-greenhouse"
    assert settings.parts["mongo"] == MongoSettings(uri=None)
    assert settings.devices[0].metadata == {"room": "A", "train": "12"}


def test_every_key_is_in_the_example() -> None:
    assert set(_written("", tomllib.loads(TOML.read_text()))) == documented_keys()


def _written(table: str, content: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every (table, key) of a document, tables in lists included; other tables are values."""
    for key, value in content.items():
        if table:
            yield table, key
        inner = value if isinstance(value, list) else [value] if not table else []
        for one in inner:
            if isinstance(one, dict):
                yield from _written(f"{table}.{key}".lstrip("."), one)


def test_every_key_is_explained() -> None:
    """A comment stands above each, or above the keys that it also explains."""
    uncommented = []
    previous = ""
    for line in TOML.read_text().splitlines():
        if re.match(r"\w+ = ", line) and previous.strip() == "":
            uncommented.append(line)
        previous = line
    assert uncommented == []


def test_values_shown_as_defaults_are_the_defaults(tmp_path: Path) -> None:
    shown = load(CommandLineOptions(config=TOML), {"HOME": "/home/pi"}, tmp_path)
    plain = load(CommandLineOptions(), {"HOME": "/home/pi"}, tmp_path)
    assert shown.journal == plain.journal
    assert isinstance(plain.journal, JournalSettings)
    assert shown.logging == plain.logging
    assert shown.parts["mongo"] == MongoSettings()
    assert (shown.api.host, shown.api.port) == (plain.api.host, plain.api.port)


def test_the_example_of_secrets_when_its_lines_are_put_in_force(tmp_path: Path) -> None:
    text = re.sub(r"^# (\w+=')", r"\1", ENV.read_text(), flags=re.MULTILINE)
    (tmp_path / ".env").write_text(text)
    settings = load(CommandLineOptions(), {"HOME": "/home/pi"}, tmp_path)
    mongo = settings.parts["mongo"]
    assert isinstance(mongo, MongoSettings)
    assert mongo.uri is not None
    assert [note.split()[0] for note in settings.notes] == [one.key for one in RESERVED]
    for key in known_keys(PARTS):
        assert key in text
