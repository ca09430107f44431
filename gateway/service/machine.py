"""The machine as the installer needs it: programs, users, systemd."""

import grp
import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from gateway.service.errors import ServiceError
from gateway.service.layout import Layout

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_HIDDEN = ("/home", "/root", "/run/user")
"""What ProtectHome hides from the service."""


class Machine:
    """This machine."""

    def run(
        self,
        command: Sequence[str | Path],
        *,
        timeout_s: float = 120.0,
        environ: Mapping[str, str] | None = None,
        cwd: Path = Path("/"),
    ) -> str:
        """Run a program and return its output. Raises `ServiceError` when it fails."""
        done = self.attempt(command, timeout_s=timeout_s, environ=environ, cwd=cwd)
        if done.returncode != 0:
            output = (done.stderr.strip() or done.stdout.strip())[-2000:]
            shown = " ".join(map(str, command))
            raise ServiceError(f"`{shown}` failed (exit code {done.returncode}): {output}")
        return done.stdout

    def attempt(
        self,
        command: Sequence[str | Path],
        *,
        timeout_s: float = 120.0,
        environ: Mapping[str, str] | None = None,
        cwd: Path = Path("/"),
    ) -> "subprocess.CompletedProcess[str]":
        """Run a program that may fail. Raises `ServiceError` when it is missing or times out."""
        try:
            return subprocess.run(
                [str(word) for word in command],
                cwd=cwd,
                env={**os.environ, "PATH": _PATH, "LC_ALL": "C.UTF-8", **(environ or {})},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout_s,
                check=False,
            )
        except FileNotFoundError:
            raise ServiceError(f"`{command[0]}` is not installed") from None
        except subprocess.TimeoutExpired:
            shown = " ".join(map(str, command))
            raise ServiceError(f"`{shown}` did not end within {timeout_s:.0f} s") from None

    def systemctl(self, *words: str, timeout_s: float = 120.0) -> str:
        """Raises `ServiceError` when it fails."""
        return self.run(["systemctl", *words], timeout_s=timeout_s)

    def properties(self, unit: str, *names: str) -> dict[str, str]:
        """Properties of a unit, by `systemctl show`."""
        shown = self.systemctl("show", unit, f"--property={','.join(names)}")
        return dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)

    def has_group(self, name: str) -> bool:
        """Whether the group exists."""
        try:
            grp.getgrnam(name)
        except KeyError:
            return False
        return True

    def has_user(self, name: str) -> bool:
        """Whether the user exists."""
        try:
            pwd.getpwnam(name)
        except KeyError:
            return False
        return True

    def own(self, path: Path, user: str, group: str) -> None:
        """Give a file to a user and a group."""
        shutil.chown(path, user, group)

    def systemd_version(self) -> int:
        """Its major version; 0 when unknown."""
        found = re.match(r"systemd (\d+)", self.run(["systemctl", "--version"]))
        return int(found[1]) if found else 0

    def require_root(self) -> None:
        """Raises `ServiceError` unless this is root."""
        if os.geteuid() != 0:
            raise ServiceError(
                "this changes the machine and needs root", "the same command with sudo"
            )

    def require_systemd(self, layout: Layout) -> None:
        """Raises `ServiceError` where no systemd is running."""
        if not layout.systemd.is_dir():
            raise ServiceError(
                "systemd is not running here, so no service can be installed",
                "start the gateway by hand: gateway run",
            )

    def python(self) -> Path:
        """The Python for the service. Raises `ServiceError` when this one is not suitable."""
        base = Path(os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable))
        if str(base).startswith(tuple(f"{folder}/" for folder in _HIDDEN)):
            raise ServiceError(
                f"{base} is in a home folder, which the service may not read",
                "use the system's Python: /usr/bin/python3",
            )
        try:
            import ensurepip  # noqa: F401  # Debian has it in a package of its own
            import venv  # noqa: F401
        except ImportError:
            raise ServiceError(
                f"{base} cannot make virtual environments", "apt install python3-venv"
            ) from None
        return base
