"""The options that say where the configuration is, and reading it for a command."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.config.loader import CommandLineOptions
    from gateway.config.settings import Settings


def add_files(parser: argparse.ArgumentParser) -> None:
    """--config and --env-file."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="instead of gateway.toml")
    parser.add_argument("--env-file", type=Path, metavar="FILE", help="instead of .env")


def add_overrides(parser: argparse.ArgumentParser) -> None:
    """The options that go before what the files say."""
    parser.add_argument(
        "--no_i2c", "--no-i2c", action="store_true", help="simulate the Arduinos, open no real bus"
    )
    add_files(parser)
    parser.add_argument("--host", help="address the API listens on (127.0.0.1)")
    parser.add_argument("--port", type=int, help="TCP port the API listens on (8080)")
    parser.add_argument(
        "--log-level", type=str.upper, metavar="LEVEL", help="DEBUG, INFO, WARNING or ERROR"
    )
    parser.add_argument("--log-format", metavar="FORMAT", help="text or json")


def read_settings(options: argparse.Namespace) -> "Settings | None":
    """The configuration; None after having said on the standard error what is wrong with it."""
    from gateway.config.loader import load
    from gateway.config.problems import ConfigError

    try:
        return load(_given(options), os.environ, Path.cwd())
    except ConfigError as error:
        print(error, file=sys.stderr)
        return None


def _given(options: argparse.Namespace) -> "CommandLineOptions":
    from gateway.config.loader import CommandLineOptions

    return CommandLineOptions(
        no_i2c=getattr(options, "no_i2c", False),
        config=options.config,
        env_file=options.env_file,
        host=getattr(options, "host", None),
        port=getattr(options, "port", None),
        log_level=getattr(options, "log_level", None),
        log_format=getattr(options, "log_format", None),
    )
