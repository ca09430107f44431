"""The options that locate and override the configuration, and loading it."""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.service.layout import Layout

if TYPE_CHECKING:
    from gateway.config.loader import CommandLineOptions
    from gateway.config.settings import Settings


def add_files(parser: argparse.ArgumentParser) -> None:
    """--config and --env-file."""
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="use this instead of gateway.toml"
    )
    parser.add_argument("--env-file", type=Path, metavar="FILE", help="use this instead of .env")


def add_overrides(parser: argparse.ArgumentParser) -> None:
    """The options that override the files."""
    parser.add_argument(
        "--no_i2c",
        "--no-i2c",
        action="store_true",
        help="simulate the Arduinos and open no real bus",
    )
    add_files(parser)
    parser.add_argument("--host", help="address that the API listens on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, help="TCP port that the API listens on (default: 8080)")
    parser.add_argument(
        "--log-level", type=str.upper, metavar="LEVEL", help="DEBUG, INFO, WARNING or ERROR"
    )
    parser.add_argument("--log-format", metavar="FORMAT", help="text or json")


def read_settings(options: argparse.Namespace) -> "Settings | None":
    """The configuration; None when it is invalid, after printing why to standard error."""
    from gateway.config.loader import load
    from gateway.config.problems import ConfigError

    try:
        return load(_given(options), environ_of(options.config), Path.cwd())
    except ConfigError as error:
        print(error, file=sys.stderr)
        return None


def environ_of(config: Path | None) -> Mapping[str, str]:
    """The environment; for the installed service's configuration, with the service's folders.

    So `gateway check` and `gateway journal` find the service's journal when a user runs them.
    """
    layout = Layout()
    named = config is not None and config.absolute() == layout.config
    alone = config is None and layout.config.exists() and not Path("gateway.toml").exists()
    if not layout.unit.exists() or "STATE_DIRECTORY" in os.environ or not (named or alone):
        return os.environ
    return {**os.environ, **layout.environ()}


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
