"""From the words of the command line to one command and its exit code."""

import argparse
import sys
from collections.abc import Sequence

from gateway import __version__
from gateway.cli.commands import COMMANDS, find, help_lines
from gateway.cli.exits import EXIT_OTHER
from gateway.parts import PARTS, PartLine

_DESCRIPTION = "Collects readings from Arduinos, stores and delivers every one, and sends commands."
_EPILOG = "Without a command, `gateway` means `gateway run`. To try it: gateway run --no_i2c"


def main(arguments: Sequence[str] | None = None, parts: Sequence[PartLine] = PARTS) -> int:
    """Run a command and return the exit code (2 is argparse's, for usage)."""
    words = _with_command(sys.argv[1:] if arguments is None else arguments, parts)
    parser = make_parser(parts, words[0])
    options = parser.parse_args(words, argparse.Namespace(parser=parser))
    try:
        return find(options.command, parts).execute(options)
    except KeyboardInterrupt:
        # `run` handles it itself; the others have nothing to finish.
        return EXIT_OTHER


def make_parser(parts: Sequence[PartLine] = PARTS, used: str = "") -> argparse.ArgumentParser:
    """The parser of all commands; of a part's commands only `used` has arguments, as it alone is imported."""
    parser = argparse.ArgumentParser("gateway", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"gateway {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    built_in = {one.NAME for one in COMMANDS}
    for name, line in help_lines(parts).items():
        one = commands.add_parser(name, help=line, description=line)
        if name == used or name in built_in:
            find(name, parts).add_arguments(one)
    return parser


def _with_command(arguments: Sequence[str], parts: Sequence[PartLine]) -> list[str]:
    """`run` is understood when no command is named."""
    given = list(arguments)
    known = {*help_lines(parts), "-h", "--help", "--version"}
    return given if given and given[0] in known else ["run", *given]
