"""What the reading of a configuration file has found, and what is wrong with it, by line."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.config.locator import KeyPath, Locator
from gateway.config.problems import Problem


@dataclass(frozen=True, slots=True)
class Table:
    """One table as it was understood: only what was written, and only what was right.

    `raw` is what was written, for checks that must not be misled by another mistake beside it.
    """

    path: KeyPath
    values: Mapping[str, Any] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)

    def tables(self, key: str) -> list["Table"]:
        """Those of a list of tables in it; none when there is a mistake in one of them."""
        raw = self.raw.get(key)
        return [
            Table((*self.path, key, number), values, raw[number] if isinstance(raw, list) else {})
            for number, values in enumerate(self.values.get(key, ()))
        ]


class Report:
    """The problems of one file: collected, not raised."""

    def __init__(self, where: str, text: str) -> None:
        """`where` is how messages call the file; `text` is valid TOML."""
        self._where = where
        self._locator = Locator(text)
        self.problems: list[Problem] = []

    def problem(self, path: KeyPath, reason: str, suggestion: str | None = None) -> None:
        """Note that something is wrong with the value at `path`."""
        key = ".".join(str(part) for part in path)
        self.problems.append(Problem(self._where, reason, self.line(path), key, suggestion))

    def line(self, path: KeyPath) -> int | None:
        """The line on which `path` was written."""
        return self._locator.line(path)

    def unique(
        self,
        items: Iterable[tuple[KeyPath, Hashable]],
        reason: str,
        suggestion: str | None = None,
    ) -> None:
        """Note every value that was there before. In `reason` stand {value} and {line}, the first's."""
        first: dict[Hashable, KeyPath] = {}
        for path, value in items:
            if value in first:
                line = self.line(first[value])
                self.problem(path, reason.format(value=value, line=line), suggestion)
            else:
                first[value] = path
