"""`gateway completion`: what a shell needs to complete the command line, made from the parser by shtab."""

import argparse
from pathlib import Path

from gateway.cli.exits import EXIT_STOPPED

NAME = "completion"
HELP = 'print the completion for a shell: eval "$(gateway completion bash)"'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The shell."""
    parser.add_argument("shell", choices=["bash", "zsh"], help="the shell to complete in")


def execute(options: argparse.Namespace) -> int:
    """Print it."""
    import shtab

    _complete_files(options.parser, shtab.FILE)
    print(shtab.complete(options.parser, shell=options.shell))
    return EXIT_STOPPED


def _complete_files(parser: argparse.ArgumentParser, completer: object) -> None:
    """Mark what takes a path, in this parser and those of its commands."""
    for action in parser._actions:
        if action.type is Path:
            vars(action)["complete"] = completer
        if isinstance(action, argparse._SubParsersAction):
            for child in action.choices.values():
                _complete_files(child, completer)
