"""Where the configuration and the run-time files are, and reading a file with plain messages."""

import os
from collections.abc import Mapping
from pathlib import Path

from gateway.config.problems import Problem

CONFIG_NAME = "gateway.toml"
ENV_NAME = ".env"
SYSTEM_FOLDER = Path("/etc/gateway")


def find_config(named: Path | None, environ: Mapping[str, str], cwd: Path) -> Path | None:
    """The configuration file: the one named, or the first that exists; None if there is none."""
    if named is not None:
        return cwd / named
    folders = [cwd, *_folders(environ.get("CONFIGURATION_DIRECTORY", "")), SYSTEM_FOLDER]
    return next((f / CONFIG_NAME for f in folders if os.path.lexists(f / CONFIG_NAME)), None)


def find_env_file(named: Path | None, config: Path | None, cwd: Path) -> Path | None:
    """The file with the secrets: the one named, or in `cwd`, or beside the configuration."""
    if named is not None:
        return cwd / named
    folders = [cwd] if config is None else [cwd, config.parent]
    return next((f / ENV_NAME for f in folders if os.path.lexists(f / ENV_NAME)), None)


def state_folder(environ: Mapping[str, str]) -> Path | None:
    """Where the journal is kept; None when the environment does not say where anything could be."""
    folders = _folders(environ.get("STATE_DIRECTORY", ""))
    if folders:
        return folders[0]
    # The XDG rules: a path that is not absolute is to be ignored.
    xdg = Path(environ.get("XDG_STATE_HOME", ""))
    if xdg.is_absolute():
        return xdg / "gateway"
    home = Path(environ.get("HOME", ""))
    return home / ".local" / "state" / "gateway" if home.is_absolute() else None


def logs_folder(environ: Mapping[str, str], cwd: Path) -> Path:
    """Where the log files are written."""
    folders = _folders(environ.get("LOGS_DIRECTORY", ""))
    return folders[0] if folders else cwd / "logs"


def shown_path(path: Path, cwd: Path) -> str:
    """A path as a person in `cwd` would write it."""
    return str(path.relative_to(cwd)) if path.is_relative_to(cwd) else str(path)


def read_text(path: Path, where: str, problems: list[Problem]) -> str | None:
    """The text of a file in UTF-8, without a byte order mark; None, with a problem, if none."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        problems.append(Problem(where, "there is no such file"))
        return None
    except OSError as error:
        problems.append(Problem(where, f"cannot be read: {error.strerror}"))
        return None
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problems.append(Problem(where, "is not UTF-8 text", line, None, "save the file as UTF-8"))
        return None


def _folders(paths: str) -> list[Path]:
    """What systemd puts in its ...DIRECTORY variables: absolute paths with ":" between them."""
    return [Path(path) for path in paths.split(":") if path.startswith("/")]
