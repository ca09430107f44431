"""Options that several commands have."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.config.loader import CommandLineOptions

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Commands = Any


def add_file_options(parser: argparse.ArgumentParser) -> None:
    """Where the configuration is: every command has these."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="instead of gateway.toml")
    parser.add_argument("--env-file", type=Path, metavar="FILE", help="instead of .env")


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """What goes before the configuration of a gateway that is to run."""
    parser.add_argument(
        "--no_i2c", "--no-i2c", action="store_true", help="simulate the Arduinos, open no real bus"
    )
    add_file_options(parser)
    parser.add_argument("--host", help="address the API listens on (127.0.0.1)")
    parser.add_argument("--port", type=int, help="TCP port the API listens on (8080)")
    parser.add_argument(
        "--log-level", type=str.upper, metavar="LEVEL", help="DEBUG, INFO, WARNING or ERROR"
    )
    parser.add_argument("--log-format", metavar="FORMAT", help="text or json")


def command_line_options(options: argparse.Namespace) -> CommandLineOptions:
    """What the configuration has to know of the command line; commands have not all of it."""
    given = vars(options)
    return CommandLineOptions(
        no_i2c=given.get("no_i2c", False),
        config=given.get("config"),
        env_file=given.get("env_file"),
        host=given.get("host"),
        port=given.get("port"),
        log_level=given.get("log_level"),
        log_format=given.get("log_format"),
    )
