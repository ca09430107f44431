"""The command line: which commands there are. Each has a file of its own in this folder."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from gateway import __version__
from gateway.cli import check, keys, run
from gateway.cli.exit_codes import EXIT_CONFIG, EXIT_OTHER, EXIT_STOPPED
from gateway.cli.options import command_line_options
from gateway.config.loader import load
from gateway.config.problems import ConfigError
from gateway.config.settings import Settings

__all__ = ["EXIT_CONFIG", "EXIT_OTHER", "EXIT_STOPPED", "main"]

_DESCRIPTION = "Collects readings of Arduinos, keeps every one, and sends them commands."
_EPILOG = "Without a command, `gateway` is `gateway run`. Start with: gateway run --no_i2c"

_COMMANDS: Mapping[str, Callable[[argparse.Namespace, Settings], int]] = {
    "run": run.execute,
    "check": check.execute,
    "keys": keys.execute,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit code (2 is argparse's, for usage)."""
    options = _parser().parse_args(_with_command(sys.argv[1:] if arguments is None else arguments))
    try:
        settings = load(command_line_options(options), os.environ, Path.cwd())
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EXIT_CONFIG
    return _COMMANDS[options.command](options, settings)


def _with_command(arguments: Sequence[str]) -> list[str]:
    """`run` is understood when no command is named."""
    given = list(arguments)
    if any(word in _COMMANDS or word in ("-h", "--help", "--version") for word in given[:1]):
        return given
    return ["run", *given]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("gateway", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"gateway {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for module in (run, check, keys):
        module.add_to(commands)
    return parser
