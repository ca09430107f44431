"""Reads gateway.toml: its text, its tables checked one by one, and where each value stands."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import ValidationError

from gateway.config.fields import MISSING, UNKNOWN, messages_by_key
from gateway.config.locator import Locator, Path
from gateway.config.problems import ConfigError, Finding, Problem, close_match
from gateway.config.schemas import (
    BUS_SCHEMAS,
    DEVICE_SCHEMAS,
    SECTION_SCHEMAS,
    AnyBusSchema,
    DeviceSchema,
    TableSchema,
)

_POSITION = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_LISTS = {"bus": "[[bus]]", "device": "[[device]]"}
_REQUIRED_EXAMPLES = {
    "name": 'write for example name = "i2c1"',
    "type": 'write type = "i2c" or type = "serial"',
    "port": 'write for example port = "/dev/i2c-1"',
    "id": 'write for example id = "greenhouse"',
    "bus": 'write the name of a [[bus]], for example bus = "i2c1"',
    "channels": 'write for example [{ name = "level", register = 0x00, type = "u16be" }]',
    "format": 'write format = "json", "csv" or "keyvalue"',
}


@dataclass(frozen=True, slots=True)
class Table:
    """One table as it was understood: only what was written, and only what was right.

    `raw` is what was written, for checks that must not be misled by another mistake beside it.
    """

    path: Path
    values: Mapping[str, Any] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)


class Document:
    """A configuration file, or none. Once it is valid TOML, problems are collected, not raised."""

    def __init__(self, where: str, text: str) -> None:
        """`where` is how messages call the file. Raises `ConfigError` when `text` is not TOML."""
        self._where = where
        self._tree = _parse(where, text)
        self._locator = Locator(text)
        self.problems: list[Problem] = []
        self.sections: dict[str, Table] = {}
        self.buses: list[Table] = []
        self.devices: list[Table] = []
        self._read()

    def problem(self, path: Path, reason: str, suggestion: str | None = None) -> None:
        """Note that something is wrong with the value at `path`."""
        key = ".".join(str(part) for part in path)
        line = self._locator.line(path)
        self.problems.append(Problem(self._where, reason, line, key, suggestion))

    def line(self, path: Path) -> int | None:
        """The line on which `path` was written."""
        return self._locator.line(path)

    def _read(self) -> None:
        known = [*SECTION_SCHEMAS, *_LISTS]
        for name, value in self._tree.items():
            if name in SECTION_SCHEMAS:
                if self._is_table((name,), value, f"[{name}]"):
                    self.sections[name] = self._load(SECTION_SCHEMAS[name](), (name,), value)
            elif name == "bus":
                self.buses = [
                    self._load(_bus_schema(v), p, v) for p, v in self._tables(name, value)
                ]
            elif name == "device":
                self.devices = [self._device(path, v) for path, v in self._tables(name, value)]
            else:
                reason = "unknown table" if isinstance(value, (dict, list)) else UNKNOWN
                self.problem((name,), reason, close_match(name, known))

    def _is_table(self, path: Path, value: object, header: str) -> bool:
        if isinstance(value, dict):
            return True
        self.problem(path, "is not a table", f"begin it with a line {header}")
        return False

    def _tables(self, name: str, value: object) -> Iterator[tuple[Path, dict[str, Any]]]:
        header = _LISTS[name]
        if not isinstance(value, list):
            self.problem((name,), "is not a list of tables", f"begin each with a line {header}")
            return
        for number, table in enumerate(value):
            if self._is_table((name, number), table, header):
                yield (name, number), table

    def _device(self, path: Path, raw: dict[str, Any]) -> Table:
        schema_class = DEVICE_SCHEMAS.get(str(raw.get("driver", "protocol")))
        if schema_class is not None:
            return self._load(schema_class(), path, raw)
        # The driver itself is refused; which keys it would have is not known.
        schema = DeviceSchema()
        known = {key: value for key, value in raw.items() if key in schema.fields}
        return Table(path, self._load(schema, path, known).values, raw)

    def _load(self, schema: TableSchema, path: Path, raw: dict[str, Any]) -> Table:
        try:
            return Table(path, schema.load(raw), raw)
        except ValidationError as error:
            for key, findings in messages_by_key(error).items():
                self._report((*path, key), findings, tuple(schema.fields))
            valid = error.valid_data if isinstance(error.valid_data, dict) else {}
            return Table(path, valid, raw)

    def _report(self, path: Path, findings: object, known: tuple[str, ...]) -> None:
        if isinstance(findings, dict):
            for key, inner in findings.items():
                self._report((*path, key), inner, known)
            return
        for finding in findings if isinstance(findings, list) else [findings]:
            key = str(path[-1])
            if isinstance(finding, Finding):
                self.problem(path, finding.reason, finding.suggestion)
            elif finding == UNKNOWN:
                self.problem(path, UNKNOWN, close_match(key, known))
            elif finding == MISSING:
                self.problem(path, MISSING, _REQUIRED_EXAMPLES.get(key))
            else:
                self.problem(path, str(finding))


def _bus_schema(raw: Mapping[str, object]) -> TableSchema:
    kind = raw.get("type")
    return BUS_SCHEMAS.get(kind.lower() if isinstance(kind, str) else "", AnyBusSchema)()


def _parse(where: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        match = _POSITION.search(message)
        line = int(match[1]) if match and match[1] else text.count("\n") + 1
        reason = f"is not valid TOML: {_POSITION.sub('', message)}"
        raise ConfigError([Problem(where, reason, line)]) from error
