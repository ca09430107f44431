"""The commands of `gateway`: the built-in ones, each a file beside this, and those of parts.

A command's file must be cheap to import: what it needs beyond the standard library it imports when it runs.
"""

import argparse
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Protocol

from gateway.cli import (
    check,
    completion,
    devices,
    export,
    journal,
    keys,
    learn,
    run,
    scan,
    send,
    service,
    watch,
)
from gateway.parts import PartLine


class Subcommand(Protocol):
    """What a command does. A part's module has `COMMANDS: Mapping[str, Subcommand]`, by name."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options and arguments."""
        ...

    def execute(self, options: argparse.Namespace) -> int:
        """Do it and return the exit code. `options.parser` is the parser of all commands."""
        ...


class BuiltInSubcommand(Subcommand, Protocol):
    """A command with its name and its line of help."""

    NAME: str
    HELP: str


COMMANDS: Sequence[BuiltInSubcommand] = (
    run,
    check,
    scan,
    devices,
    learn,
    watch,
    send,
    export,
    journal,
    keys,
    service,
    completion,
)


def help_lines(parts: Sequence[PartLine]) -> Mapping[str, str]:
    """The line of help of every command, by name, in the order of `--help`; imports no part."""
    lines = {one.NAME: one.HELP for one in COMMANDS}
    for part in parts:
        lines |= part.commands
    return lines


def find(name: str, parts: Sequence[PartLine]) -> Subcommand:
    """The command of this name, which must be one of `help_lines`; imports its part if it has one."""
    for one in COMMANDS:
        if name == one.NAME:
            return one
    part = next(part for part in parts if name in part.commands)
    commands: Mapping[str, Subcommand] = import_module(part.module).COMMANDS
    return commands[name]
