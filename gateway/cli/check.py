"""`gateway check`: whether the configuration is right, and what it amounts to."""

import argparse
import sys

from gateway.cli.exit_codes import EXIT_CONFIG, EXIT_STOPPED
from gateway.cli.options import Commands, add_run_options
from gateway.cli.problems import start_problems
from gateway.config.settings import Settings


def add_to(commands: Commands) -> None:
    """Add the command to the program."""
    parser = commands.add_parser(
        "check", help="validate the configuration and say what it amounts to"
    )
    add_run_options(parser)


def execute(options: argparse.Namespace, settings: Settings) -> int:  # noqa: ARG001 - as all commands
    """Say what is wrong, or what the configuration amounts to."""
    problems = start_problems(settings)
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return EXIT_CONFIG
    width = max(len(name) for name in settings.facts())
    for name, fact in settings.facts().items():
        print(f"{name.replace('_', ' '):<{width}}  {fact}")
    print("the configuration is right")
    return EXIT_STOPPED
