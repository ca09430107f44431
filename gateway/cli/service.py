"""`gateway service`: installs, updates, shows and removes the service. Standard library only."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from gateway.cli.exits import EXIT_OTHER, EXIT_STOPPED
from gateway.model.wording import counted
from gateway.service import health, install, uninstall
from gateway.service.errors import ServiceError
from gateway.service.layout import UNIT, Layout
from gateway.service.machine import Machine
from gateway.service.steps import carry_out
from gateway.service.wheel import Wheel, running_wheel

NAME = "service"
HELP = "install, update, show or uninstall the gateway as a systemd service"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its own commands, each with their options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    one = actions.add_parser("install", help="install it and start it at boot")
    one.add_argument(
        "--wheel",
        type=Path,
        metavar="FILE",
        help="the wheel; default: the one that this program runs from",
    )
    one.add_argument(
        "--no-start", action="store_true", help="do not start it, neither now nor at boot"
    )
    _add_dry_run(one)
    one = actions.add_parser(
        "update", help="switch to another version; rolled back automatically if that fails"
    )
    one.add_argument("wheel", type=Path, metavar="WHEEL", help="the new version")
    one.add_argument(
        "--timeout",
        type=float,
        default=60.0,
        metavar="S",
        help="seconds until it must be healthy (default: 60)",
    )
    actions.add_parser("status", help="show whether it runs, collects and stores")
    one = actions.add_parser("uninstall", help="stop it and remove program and unit")
    one.add_argument(
        "--purge", action="store_true", help="also remove readings, logs, settings and the user"
    )
    _add_dry_run(one)


def execute(options: argparse.Namespace) -> int:
    """Do the action; 1 when it failed."""
    os.umask(
        0o022
    )  # the service must be able to read what is installed, whatever the umask of the shell
    actions: dict[str, Callable[[argparse.Namespace, Machine, Layout], int]] = {
        "install": _install,
        "update": _update,
        "status": _status,
        "uninstall": _uninstall,
    }
    try:
        return actions[options.action](options, Machine(), Layout())
    except ServiceError as error:
        print(f"error: {error}", file=sys.stderr)
        if error.hint:
            print(f"  try: {error.hint}", file=sys.stderr)
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("interrupted; run the same command again to continue", file=sys.stderr)
    return EXIT_OTHER


def _add_dry_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="print the steps without doing them")


def _say(text: str) -> None:
    print(text, flush=True)


def _install(options: argparse.Namespace, machine: Machine, layout: Layout) -> int:
    path = options.wheel or running_wheel()
    if path is None:
        raise ServiceError("no wheel to install", "gateway service install --wheel FILE")
    wheel = Wheel.open(path)
    machine.require_systemd(layout)
    machine.python()
    if not options.dry_run:
        machine.require_root()
    _say(f"installing the gateway {wheel.version} as {UNIT}:")
    steps = install.steps(machine, layout, wheel, start=not options.no_start)
    carry_out(steps, _say, dry_run=options.dry_run)
    if options.dry_run:
        _say("nothing was changed")
        return EXIT_STOPPED
    _say(f"done; settings: {layout.config}, secrets: {layout.env_file}, then: gateway check")
    return EXIT_STOPPED


def _update(options: argparse.Namespace, machine: Machine, layout: Layout) -> int:
    from gateway.service.update import Patience, Update

    wheel = Wheel.open(options.wheel)
    machine.require_systemd(layout)
    machine.require_root()
    machine.python()
    update = Update(machine, layout, _say, Patience(timeout_s=options.timeout))
    return EXIT_STOPPED if update.run(wheel) else EXIT_OTHER


def _status(_: argparse.Namespace, machine: Machine, layout: Layout) -> int:
    if not layout.unit.exists():
        raise ServiceError("no gateway is installed here", "gateway service install --wheel FILE")
    machine.require_systemd(layout)
    found = health.look(machine, layout)
    _say(f"version   {layout.current_version() or 'none'}")
    _say(
        f"service   {found.state}, process {found.pid or 'none'}, {counted(found.restarts, 'restart')}"
    )
    _say(f"ready     {'yes' if found.ready else 'no'}")
    _say(f"status    {found.detail or 'none'}")
    return EXIT_STOPPED if found.ready else EXIT_OTHER


def _uninstall(options: argparse.Namespace, machine: Machine, layout: Layout) -> int:
    machine.require_systemd(layout)
    if not options.dry_run:
        machine.require_root()
    steps = uninstall.steps(machine, layout, purge=options.purge)
    carry_out(steps, _say, dry_run=options.dry_run)
    if options.dry_run:
        _say("nothing was changed")
    elif not options.purge:
        kept = [
            str(one) for one in (layout.config.parent, layout.state, layout.logs) if one.exists()
        ]
        _say(f"kept: {', '.join(kept) or 'nothing'} (--purge removes them)")
    return EXIT_STOPPED
