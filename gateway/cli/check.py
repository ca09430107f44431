"""`gateway check`: validates the configuration and checks the machine."""

import argparse
import sys
from itertools import chain
from typing import TYPE_CHECKING

from gateway.cli.configuration import add_overrides, read_settings
from gateway.cli.exits import EXIT_CONFIG, EXIT_OTHER, EXIT_STOPPED

if TYPE_CHECKING:
    from gateway.config.settings import Settings

NAME = "check"
HELP = "validate the configuration, check the machine, and suggest remedies"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of the configuration, and --config-only."""
    add_overrides(parser)
    parser.add_argument(
        "--config-only",
        action="store_true",
        help="validate the files only, do not check the machine",
    )


def execute(options: argparse.Namespace) -> int:
    """78: the configuration is invalid; 1: a check of the machine failed."""
    from gateway.cli.problems import start_problems

    settings = read_settings(options)
    if settings is None:
        return EXIT_CONFIG
    problems = start_problems(settings)
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return EXIT_CONFIG
    width = max(len(name) for name in settings.facts())
    for name, fact in settings.facts().items():
        print(f"{name.replace('_', ' '):<{width}}  {fact}")
    for note in settings.notes:
        print(f"note: {note}")
    print("the configuration is valid")
    return EXIT_STOPPED if options.config_only else _machine(settings)


def _machine(settings: "Settings") -> int:
    from gateway.host.parts import Parts
    from gateway.model.finding import Verdict
    from gateway.observe.checks import check_machine

    worst = Verdict.OK
    for finding in chain(check_machine(settings), Parts(settings).checks()):
        print(f"{finding.verdict.value:<5} {finding.what}")
        if finding.remedy:
            print(f"      do: {finding.remedy}")
        if finding.verdict is Verdict.WRONG:
            worst = Verdict.WRONG
    print("the machine is ready" if worst is Verdict.OK else "the machine is not ready")
    return EXIT_STOPPED if worst is Verdict.OK else EXIT_OTHER
