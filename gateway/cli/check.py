"""`gateway check`: the configuration, and what it amounts to."""

import argparse
import sys
from typing import TYPE_CHECKING

from gateway.cli.configuration import add_overrides, read_settings
from gateway.cli.exits import EXIT_CONFIG, EXIT_STOPPED

if TYPE_CHECKING:
    from gateway.config.settings import Settings

NAME = "check"
HELP = "validate the configuration and say what it amounts to"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of the configuration."""
    add_overrides(parser)


def execute(options: argparse.Namespace) -> int:
    """78: the configuration is wrong."""
    settings = read_settings(options)
    if settings is None or not _is_right(settings):
        return EXIT_CONFIG
    width = max(len(name) for name in settings.facts())
    for name, fact in settings.facts().items():
        print(f"{name.replace('_', ' '):<{width}}  {fact}")
    print("the configuration is right")
    return EXIT_STOPPED


def _is_right(settings: "Settings") -> bool:
    from gateway.sinks.mongo import check_uri

    problems = check_uri(settings.mongo.uri) if settings.mongo.uri else []
    for problem in problems:
        print(f"MONGO_URI: {problem}", file=sys.stderr)
    return not problems
