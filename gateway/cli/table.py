"""Every command of `gateway`. A new one is a file beside this and a line here.

A command's file must be cheap to import: what it needs beyond the standard library it imports when it runs.
"""

import argparse
from collections.abc import Sequence
from typing import Protocol

from gateway.cli import check, devices, run, scan, send


class Command(Protocol):
    """What the file of a command has."""

    NAME: str
    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options and arguments."""
        ...

    def execute(self, options: argparse.Namespace) -> int:
        """Do it and return the exit code. `options.parser` is the parser of all commands."""
        ...


COMMANDS: Sequence[Command] = (
    run,
    check,
    scan,
    devices,
    send,
)
