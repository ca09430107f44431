"""What is wrong with a configuration: where, why, and what to write instead."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    `where` is a file as the user would name it, "environment" or "command line"; `line` counts
    from 1 and is None where there are no lines; `key` is dotted, list items by their number from 0.
    A secret is never part of any of these.
    """

    where: str
    reason: str
    line: int | None = None
    key: str | None = None
    suggestion: str | None = None

    def __str__(self) -> str:
        place = self.where if self.line is None else f"{self.where}:{self.line}"
        key = f"{self.key}: " if self.key else ""
        hint = f"; {self.suggestion}" if self.suggestion else ""
        return f"{place}: {key}{self.reason}{hint}"


class ConfigError(Exception):
    """Refuse to start and do not restart: a person has to change the configuration."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """`problems` in the order in which they are to be read; at least one."""
        self.problems: tuple[Problem, ...] = tuple(problems)
        if not self.problems:
            raise ValueError("a configuration error needs at least one problem")
        super().__init__(self.problems)

    def __str__(self) -> str:
        count = len(self.problems)
        title = "1 problem" if count == 1 else f"{count} problems"
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        return f"the configuration has {title}; nothing was started:\n{lines}"


@dataclass(frozen=True, slots=True)
class ValueProblem:
    """What a check says about one value; the loader adds where it stands."""

    reason: str
    suggestion: str | None = None


def close_match(word: str, known: Sequence[str], otherwise: str | None = None) -> str:
    """A suggestion for a word that is not known: the nearest one, `otherwise`, or all there are."""
    by_small = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), list(by_small), n=1, cutoff=0.6)
    if near:
        return f'did you mean "{by_small[near[0]]}"?'
    return otherwise or f"known here: {', '.join(known)}"
