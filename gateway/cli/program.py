"""From the words of the command line to one command and its exit code."""

import argparse
import sys
from collections.abc import Sequence

from gateway import __version__
from gateway.cli.table import COMMANDS

_DESCRIPTION = "Collects readings of Arduinos, keeps every one, and sends them commands."
_EPILOG = "Without a command, `gateway` is `gateway run`. Start with: gateway run --no_i2c"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit code (2 is argparse's, for usage)."""
    words = _with_command(sys.argv[1:] if arguments is None else arguments)
    parser = make_parser()
    options = parser.parse_args(words, argparse.Namespace(parser=parser))
    command = next(one for one in COMMANDS if options.command == one.NAME)
    return command.execute(options)


def make_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = argparse.ArgumentParser("gateway", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"gateway {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for one in COMMANDS:
        one.add_arguments(commands.add_parser(one.NAME, help=one.HELP, description=one.HELP))
    return parser


def _with_command(arguments: Sequence[str]) -> list[str]:
    """`run` is understood when no command is named."""
    given = list(arguments)
    known = {one.NAME for one in COMMANDS} | {"-h", "--help", "--version"}
    return given if given and given[0] in known else ["run", *given]
