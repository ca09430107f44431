"""The command line: `gateway [run]` and `gateway check`. Arguments and exit codes, nothing else."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.config.loader import CommandLineOptions, load
from gateway.config.problems import ConfigError

if TYPE_CHECKING:
    from gateway.config.settings import Settings

EXIT_STOPPED = 0
EXIT_OTHER = 1
EXIT_CONFIG = 78
"""EX_CONFIG of sysexits.h: systemd must not start the gateway again before something was changed."""

_DESCRIPTION = "Collects readings of Arduinos, keeps every one, and sends them commands."
_EPILOG = "Without a command, `gateway` is `gateway run`. Start with: gateway run --no_i2c"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit code (2 is argparse's, for usage)."""
    options = _parser().parse_args(_with_command(sys.argv[1:] if arguments is None else arguments))
    try:
        settings = load(_options(options), os.environ, Path.cwd())
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EXIT_CONFIG
    if options.command == "check":
        return _check(settings)
    return _run(settings)


def _run(settings: "Settings") -> int:
    # Imported here: `check` and `--help` need none of it.
    from gateway.app import App, simulate, with_default_bus
    from gateway.log.system import set_up
    from gateway.sinks.mongo import check_uri

    problems = check_uri(settings.mongo.uri) if settings.mongo.uri else []
    if problems:
        print("\n".join(f"MONGO_URI: {problem}" for problem in problems), file=sys.stderr)
        return EXIT_CONFIG
    hardware = None
    if settings.simulated:
        hardware, settings = simulate(settings)
    else:
        settings = with_default_bus(settings)
    try:
        logs = set_up(settings.logging, secrets=settings.secret_values, facts=settings.facts())
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EXIT_CONFIG
    try:
        return App(settings, logs.audit, hardware).run(_announcement(settings))
    finally:
        logs.stop()


def _announcement(settings: "Settings") -> "Announce":
    return Announce(settings.simulated, len(settings.devices))


class Announce:
    """Tells the person at the terminal where the gateway can be seen."""

    def __init__(self, simulated: bool, devices: int) -> None:
        """`devices`: how many are configured."""
        self._kind = "simulated devices" if simulated else "configured devices"
        self._devices = devices

    def __call__(self, address: str) -> None:
        """Print it, at once also into a pipe."""
        print(f"gateway {__version__} works: {self._devices} {self._kind}", flush=True)
        print(f"  page      {address}/", flush=True)
        print(f"  readings  {address}/api/v1/readings/latest", flush=True)
        print("  stop with Ctrl-C", flush=True)


def _check(settings: "Settings") -> int:
    from gateway.sinks.mongo import check_uri

    problems = check_uri(settings.mongo.uri) if settings.mongo.uri else []
    for problem in problems:
        print(f"MONGO_URI: {problem}", file=sys.stderr)
    if problems:
        return EXIT_CONFIG
    width = max(len(name) for name in settings.facts())
    for name, fact in settings.facts().items():
        print(f"{name.replace('_', ' '):<{width}}  {fact}")
    print("the configuration is right")
    return EXIT_STOPPED


def _with_command(arguments: Sequence[str]) -> list[str]:
    """`run` is understood when no command is named."""
    given = list(arguments)
    if any(word in _COMMANDS or word in ("-h", "--help", "--version") for word in given[:1]):
        return given
    return ["run", *given]


_COMMANDS = ("run", "check")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("gateway", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"gateway {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    run = commands.add_parser("run", help="collect, deliver and serve until stopped")
    check = commands.add_parser(
        "check", help="validate the configuration and say what it amounts to"
    )
    for command in (run, check):
        _add_common(command)
    return parser


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--no_i2c", "--no-i2c", action="store_true", help="simulate the Arduinos, open no real bus"
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="instead of gateway.toml")
    parser.add_argument("--env-file", type=Path, metavar="FILE", help="instead of .env")
    parser.add_argument("--host", help="address the API listens on (127.0.0.1)")
    parser.add_argument("--port", type=int, help="TCP port the API listens on (8080)")
    parser.add_argument(
        "--log-level", type=str.upper, metavar="LEVEL", help="DEBUG, INFO, WARNING or ERROR"
    )
    parser.add_argument("--log-format", metavar="FORMAT", help="text or json")


def _options(options: argparse.Namespace) -> CommandLineOptions:
    return CommandLineOptions(
        no_i2c=options.no_i2c,
        config=options.config,
        env_file=options.env_file,
        host=options.host,
        port=options.port,
        log_level=options.log_level,
        log_format=options.log_format,
    )
