"""The command line: one file for each command, and `table` that lists them."""

from gateway.cli.exits import EXIT_CONFIG, EXIT_OTHER, EXIT_STOPPED
from gateway.cli.program import main, make_parser
from gateway.cli.table import COMMANDS

__all__ = ["COMMANDS", "EXIT_CONFIG", "EXIT_OTHER", "EXIT_STOPPED", "main", "make_parser"]
