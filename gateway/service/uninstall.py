"""`gateway service uninstall`: removes program and unit; readings and settings only on request."""

import shutil
from pathlib import Path

from gateway.service.layout import UNIT, USER, Layout
from gateway.service.machine import Machine
from gateway.service.steps import SetupStep, always


def steps(machine: Machine, layout: Layout, *, purge: bool) -> list[SetupStep]:
    """All steps in order; `purge` removes readings, logs, settings and the user too."""
    found = [
        SetupStep(
            "stop the gateway and do not start it at boot",
            layout.unit.exists,
            lambda: _disable(machine),
        ),
        _removal(layout.backoff.parent),
        _removal(layout.unit),
        SetupStep("reload systemd", always, lambda: _forget(machine)),
        _removal(layout.command),
        _removal(layout.home),
    ]
    if purge:
        found += [_removal(path) for path in (layout.state, layout.logs, layout.config.parent)]
        found.append(
            SetupStep(
                f"remove the user {USER}",
                lambda: machine.has_user(USER),
                lambda: _remove_user(machine),
            )
        )
    return found


def _removal(path: Path) -> SetupStep:
    def remove() -> None:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()

    return SetupStep(f"remove {path}", lambda: path.exists() or path.is_symlink(), remove)


def _disable(machine: Machine) -> None:
    machine.systemctl("disable", "--now", UNIT)


def _forget(machine: Machine) -> None:
    machine.systemctl("daemon-reload")
    # systemd remembers a failed unit by name; an unknown one is not an error here.
    machine.attempt(["systemctl", "reset-failed", UNIT])


def _remove_user(machine: Machine) -> None:
    machine.run(["userdel", USER])
