"""`gateway run`: the gateway itself."""

import argparse
import logging
import sys
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.cli.configuration import add_overrides, read_settings
from gateway.cli.exits import EXIT_CONFIG
from gateway.model.wording import counted

if TYPE_CHECKING:
    from gateway.config.settings import Settings

NAME = "run"
HELP = "collect, deliver and serve until stopped"

log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the configuration."""
    add_overrides(parser)


def execute(options: argparse.Namespace) -> int:
    """Run until stopped."""
    settings = read_settings(options)
    return EXIT_CONFIG if settings is None else _run(settings)


def _run(settings: "Settings") -> int:
    # Imported here: `check` and `--help` need none of it.
    from gateway.app import App
    from gateway.cli.problems import start_problems
    from gateway.config.problems import ConfigError
    from gateway.devices.buses import with_default_bus
    from gateway.log.system import set_up

    problems = start_problems(settings)
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return EXIT_CONFIG
    hardware = None
    if settings.simulated:
        from gateway.simulation import simulate

        hardware, settings = simulate(settings)
    else:
        settings = with_default_bus(settings)
    try:
        logs = set_up(settings.logging, secrets=settings.secret_values, facts=settings.facts())
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EXIT_CONFIG
    for note in settings.notes:
        log.warning("%s", note)
    try:
        announce = Announce(settings.simulated, len(settings.devices))
        return App(settings, logs, hardware).run(announce)
    finally:
        logs.stop()


class Announce:
    """Prints the addresses of the running gateway.

    `devices`: how many are configured.
    """

    def __init__(self, simulated: bool, devices: int) -> None:
        kind = "simulated" if simulated else "configured"
        self._devices = counted(devices, f"{kind} device")

    def __call__(self, address: str) -> None:
        """Print them; flushed, so that a pipe gets them at once."""
        print(f"gateway {__version__} works: {self._devices}", flush=True)
        print(f"  page      {address}/", flush=True)
        print(f"  readings  {address}/api/v1/readings/latest", flush=True)
        print("  stop with Ctrl-C", flush=True)
