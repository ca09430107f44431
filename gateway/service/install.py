"""`gateway service install`: the steps of an installation. Idempotent."""

from pathlib import Path

from gateway.service.errors import ServiceError
from gateway.service.files import has, link, points, write
from gateway.service.layout import GROUPS, UNIT, USER, Layout
from gateway.service.machine import Machine
from gateway.service.program import Program
from gateway.service.steps import SetupStep, always
from gateway.service.wheel import Wheel

BACKOFF_SINCE = 254
START_TIMEOUT_S = 150.0

CONFIG = """\
# The gateway's settings. After a change: gateway check, then systemctl restart gateway
# All keys are explained in the documentation.

#[[bus]]
#name = "i2c1"
#type = "i2c"
#port = "/dev/i2c-1"

#[[bus]]
#name = "uno"
#type = "serial"
#port = "/dev/serial/by-id/usb-Arduino_Uno-if00"

#[[device]]
#id = "greenhouse"
#bus = "i2c1"
#address = 0x12
"""
SECRETS = """\
# Secrets only. Everything else is in gateway.toml.
#MONGO_URI='mongodb://gateway:password@192.168.1.20/?authSource=admin'
"""


def steps(machine: Machine, layout: Layout, wheel: Wheel, *, start: bool) -> list[SetupStep]:
    """All steps of an installation, in order.

    Raises `ServiceError` when another version is installed: `update` replaces it.
    """
    current = layout.current_version()
    if current is not None and current != wheel.name:
        raise ServiceError(
            f"another version is installed already: {current}",
            f"gateway service update {wheel.path}",
        )
    return [
        *_account(machine),
        *_program(machine, layout, wheel),
        *_configuration(machine, layout),
        *unit_steps(machine, layout, wheel),
        *(_start(machine) if start else []),
    ]


def unit_steps(machine: Machine, layout: Layout, wheel: Wheel) -> list[SetupStep]:
    """The steps that write the unit and reload systemd."""
    unit = wheel.text("gateway/service/gateway.service")
    backoff = wheel.text("gateway/service/backoff.conf")
    found = [
        SetupStep(
            f"write {layout.unit}",
            lambda: not has(layout.unit, unit),
            lambda: write(layout.unit, unit, 0o644),
        )
    ]
    if machine.systemd_version() >= BACKOFF_SINCE:
        found.append(
            SetupStep(
                f"write {layout.backoff}",
                lambda: not has(layout.backoff, backoff),
                lambda: write(layout.backoff, backoff, 0o644),
            )
        )
    found.append(SetupStep("reload systemd", always, lambda: _systemctl(machine, "daemon-reload")))
    return found


def _account(machine: Machine) -> list[SetupStep]:
    def add_group(name: str) -> None:
        machine.run(["groupadd", "--system", name])

    def add_user() -> None:
        machine.run(
            [
                "useradd",
                "--system",
                "--user-group",
                "--no-create-home",
                "--home-dir=/var/lib/gateway",
                "--shell=/usr/sbin/nologin",
                USER,
            ]
        )

    groups = [
        SetupStep(
            f"create the group {name}, which may open the buses",
            lambda name=name: not machine.has_group(name),  # type: ignore[misc]
            lambda name=name: add_group(name),  # type: ignore[misc]
        )
        for name in GROUPS
    ]
    user = SetupStep(
        f"create the user {USER}, who cannot log in", lambda: not machine.has_user(USER), add_user
    )
    return [*groups, user]


def _program(machine: Machine, layout: Layout, wheel: Wheel) -> list[SetupStep]:
    program = Program(machine, layout)
    target = Path("versions") / wheel.name
    command = layout.current / "bin/gateway"
    return [
        SetupStep(
            f"install {wheel.path.name} and what it needs in {program.folder(wheel.name)}",
            lambda: not program.is_complete(wheel.name),
            lambda: program.install(wheel),
        ),
        SetupStep(
            f"make {layout.current} point to it",
            lambda: not points(layout.current, target),
            lambda: program.switch(wheel.name),
        ),
        SetupStep(
            f"make {layout.command} point to {command}",
            lambda: not points(layout.command, command),
            lambda: link(layout.command, command),
        ),
    ]


def _configuration(machine: Machine, layout: Layout) -> list[SetupStep]:
    def write_secrets() -> None:
        write(layout.env_file, SECRETS, 0o640)
        machine.own(layout.env_file, "root", USER)

    return [
        SetupStep(
            f"write {layout.config}, with all settings commented out",
            lambda: not layout.config.exists(),
            lambda: write(layout.config, CONFIG, 0o644),
        ),
        SetupStep(
            f"write {layout.env_file} for the secrets, readable for root and {USER}",
            lambda: not layout.env_file.exists(),
            write_secrets,
        ),
    ]


def _start(machine: Machine) -> list[SetupStep]:
    def enabled() -> bool:
        return machine.attempt(["systemctl", "is-enabled", UNIT]).returncode == 0

    def active() -> bool:
        return machine.attempt(["systemctl", "is-active", UNIT]).returncode == 0

    return [
        SetupStep(
            "start the gateway at boot",
            lambda: not enabled(),
            lambda: _systemctl(machine, "enable", UNIT),
        ),
        SetupStep(
            "start it now, and wait until it collects and stores",
            lambda: not active(),
            lambda: _start_now(machine),
        ),
    ]


def _start_now(machine: Machine) -> None:
    try:
        machine.systemctl("start", UNIT, timeout_s=START_TIMEOUT_S)
    except ServiceError as error:
        raise ServiceError(
            f"installed, but it did not start: {error}", f"journalctl -u {UNIT} -n 30"
        ) from error


def _systemctl(machine: Machine, *words: str) -> None:
    machine.systemctl(*words)
