"""The command line: one file for each command, and `commands`, which lists them."""

from gateway.cli.commands import COMMANDS
from gateway.cli.exits import EXIT_CONFIG, EXIT_OTHER, EXIT_STOPPED
from gateway.cli.program import main, make_parser

__all__ = ["COMMANDS", "EXIT_CONFIG", "EXIT_OTHER", "EXIT_STOPPED", "main", "make_parser"]
