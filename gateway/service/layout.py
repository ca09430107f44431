"""The paths of an installed gateway; the unit file has the same."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

USER = "gateway"
UNIT = "gateway.service"
GROUPS = ("i2c", "dialout")
"""The groups that may open the buses; the first is missing on a machine without I2C tools."""

COMPLETE = ".complete"
"""Marks a version's folder as complete, unlike one whose installation was interrupted."""


@dataclass(frozen=True, slots=True)
class Layout:
    """All paths, below `root`, which tests set."""

    root: Path = Path("/")

    @property
    def home(self) -> Path:
        """The folder of all versions."""
        return self.root / "opt/gateway"

    @property
    def versions(self) -> Path:
        """One virtual environment for each version."""
        return self.home / "versions"

    @property
    def current(self) -> Path:
        """A symbolic link to the installed version."""
        return self.home / "current"

    @property
    def command(self) -> Path:
        """The command in the PATH."""
        return self.root / "usr/local/bin/gateway"

    @property
    def config(self) -> Path:
        """Its folder is the service's ConfigurationDirectory."""
        return self.root / "etc/gateway/gateway.toml"

    @property
    def env_file(self) -> Path:
        """The secrets."""
        return self.config.parent / ".env"

    @property
    def state(self) -> Path:
        """The service's StateDirectory."""
        return self.root / "var/lib/gateway"

    @property
    def logs(self) -> Path:
        """The service's LogsDirectory."""
        return self.root / "var/log/gateway"

    @property
    def unit(self) -> Path:
        """The unit file."""
        return self.root / "etc/systemd/system" / UNIT

    @property
    def backoff(self) -> Path:
        """An addition to the unit that only newer versions of systemd understand."""
        return self.root / "etc/systemd/system" / f"{UNIT}.d" / "10-backoff.conf"

    @property
    def systemd(self) -> Path:
        """A folder that exists while systemd is running."""
        return self.root / "run/systemd/system"

    def environ(self) -> dict[str, str]:
        """The variables with which systemd names the service's folders."""
        return {
            "STATE_DIRECTORY": str(self.state),
            "LOGS_DIRECTORY": str(self.logs),
            "CONFIGURATION_DIRECTORY": str(self.config.parent),
        }

    def current_version(self) -> str | None:
        """The name of the installed version, or None."""
        return self.current.readlink().name if self.current.is_symlink() else None

    def journal(self) -> Path:
        """The journal's file, by the configuration as far as it can be understood."""
        return self.state / str(self._section("journal").get("path", "journal.db"))

    def api(self) -> tuple[str, int]:
        """Host and port to reach the API at, by the configuration as far as it can be understood."""
        section = self._section("api")
        host, port = str(section.get("host", "127.0.0.1")), section.get("port", 8080)
        if host in ("0.0.0.0", ""):
            host = "127.0.0.1"
        elif host == "::":
            host = "::1"
        return host, port if isinstance(port, int) else 8080

    def _section(self, name: str) -> dict[str, Any]:
        # The program validates the configuration; only two values are needed here.
        try:
            section = tomllib.loads(self.config.read_text("utf-8")).get(name, {})
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
            return {}
        return section if isinstance(section, dict) else {}
