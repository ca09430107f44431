"""Reads gateway.toml: its text, and its tables checked one by one."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from marshmallow import ValidationError

from gateway.config.driver import driver_config, driver_of
from gateway.config.locator import KeyPath
from gateway.config.problems import ConfigError, Problem, ValueProblem, close_match
from gateway.config.report import Report, Table
from gateway.config.schemas import BUS_SCHEMAS, AnyBusTable, DeviceTable
from gateway.config.section import Section
from gateway.config.tables import UNKNOWN, TableSchema, messages_by_key

_POSITION = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_LISTS = ("bus", "device")


class Document:
    """A configuration file, or none. Once it is valid TOML, problems are collected, not raised."""

    def __init__(self, where: str, text: str) -> None:
        """`where` is how messages call the file. Raises `ConfigError` when `text` is not TOML."""
        self._tree = _parse(where, text)
        self.report = Report(where, text)
        self.sections: dict[str, Table] = {}
        self.lists: dict[str, list[Table]] = {name: [] for name in _LISTS}

    @property
    def tables(self) -> Sequence[str]:
        """Everything that the file has at its top, known or not."""
        return tuple(self._tree)

    def read(self, sections: Sequence[Section], more: Sequence[str]) -> None:
        """Check every table by its schema, that of a section also when the file has none.

        `more`: names of tables that the file has not and could have.
        """
        for section in sections:
            if section.many:
                tables = self._tables(section.name)
                self.lists[section.name] = [self._load(section.schema(), p, v) for p, v in tables]
            else:
                self._section(section)
        self.lists["bus"] = [self._load(_bus_schema(v), p, v) for p, v in self._tables("bus")]
        self.lists["device"] = [self._device(path, v) for path, v in self._tables("device")]
        known = [*dict.fromkeys((*(one.name for one in sections), *more)), *_LISTS]
        for name, value in self._tree.items():
            if name not in known:
                reason = "unknown table" if isinstance(value, dict | list) else UNKNOWN
                self.report.problem((name,), reason, close_match(name, known))

    def _section(self, section: Section) -> None:
        value = self._tree.get(section.name, {})
        path = (section.name,)
        if self._is_table(path, value, f"[{section.name}]"):
            self.sections[section.name] = self._load(section.schema(), path, value)

    def _is_table(self, path: KeyPath, value: object, header: str) -> bool:
        if isinstance(value, dict):
            return True
        self.report.problem(path, "is not a table", f"begin it with a line {header}")
        return False

    def _tables(self, name: str) -> Iterator[tuple[KeyPath, dict[str, Any]]]:
        header = f"[[{name}]]"
        value = self._tree.get(name, [])
        if not isinstance(value, list):
            hint = f"begin each with a line {header}"
            self.report.problem((name,), "is not a list of tables", hint)
            return
        for number, table in enumerate(value):
            if self._is_table((name, number), table, header):
                yield (name, number), table

    def _device(self, path: KeyPath, raw: dict[str, Any]) -> Table:
        driver = driver_of(raw)
        if driver is not None:
            return self._load(driver_config(driver).schema(), path, raw)
        # The driver itself is refused; which keys it would have is not known.
        schema = DeviceTable()
        known = {key: value for key, value in raw.items() if key in schema.fields}
        return Table(path, self._load(schema, path, known).values, raw)

    def _load(self, schema: TableSchema, path: KeyPath, raw: dict[str, Any]) -> Table:
        try:
            return Table(path, schema.load(raw), raw)
        except ValidationError as error:
            for key, findings in messages_by_key(error).items():
                self._note((*path, key), findings)
            valid = error.valid_data if isinstance(error.valid_data, dict) else {}
            return Table(path, valid, raw)

    def _note(self, path: KeyPath, findings: object) -> None:
        if isinstance(findings, Mapping):
            for key, inner in findings.items():
                self._note((*path, key), inner)
            return
        for one in findings if isinstance(findings, list) else [findings]:
            problem = one if isinstance(one, ValueProblem) else ValueProblem(str(one))
            self.report.problem(path, problem.reason, problem.suggestion)


def _bus_schema(raw: Mapping[str, object]) -> TableSchema:
    kind = raw.get("type")
    return BUS_SCHEMAS.get(kind.lower() if isinstance(kind, str) else "", AnyBusTable)()


def _parse(where: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        match = _POSITION.search(message)
        line = int(match[1]) if match and match[1] else text.count("\n") + 1
        reason = f"is not valid TOML: {_POSITION.sub('', message)}"
        raise ConfigError([Problem(where, reason, line)]) from error
