"""`gateway run`: collect, deliver and serve until stopped."""

import argparse
import sys

from gateway import __version__
from gateway.cli.exit_codes import EXIT_CONFIG
from gateway.cli.options import Commands, add_run_options
from gateway.cli.problems import start_problems
from gateway.config.problems import ConfigError
from gateway.config.settings import Settings


def add_to(commands: Commands) -> None:
    """Add the command to the program."""
    add_run_options(commands.add_parser("run", help="collect, deliver and serve until stopped"))


def execute(options: argparse.Namespace, settings: Settings) -> int:  # noqa: ARG001 - as all commands
    """Run a gateway and return its exit code."""
    # Imported here: the other commands and `--help` need none of it.
    from gateway.app import App, simulate
    from gateway.log.system import set_up

    problems = start_problems(settings)
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return EXIT_CONFIG
    hardware = None
    if settings.simulated:
        hardware, settings = simulate(settings)
    try:
        logs = set_up(settings.logging, secrets=settings.secret_values, facts=settings.facts())
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EXIT_CONFIG
    try:
        return App(settings, logs, hardware).run(
            Announce(settings.simulated, len(settings.devices))
        )
    finally:
        logs.stop()


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
