"""The installed versions, each in a virtual environment of its own."""

import shutil
import tempfile
from pathlib import Path

from gateway.service.errors import ServiceError
from gateway.service.files import link, write
from gateway.service.layout import COMPLETE, Layout
from gateway.service.machine import Machine
from gateway.service.wheel import Wheel

_NEEDED_BYTES = 200 << 20
_PIP_TIMEOUT_S = 1800.0
"""Long enough for a slow card and a slow network."""


class Program:
    """The versions under one layout."""

    def __init__(self, machine: Machine, layout: Layout) -> None:
        self._machine = machine
        self._layout = layout

    def folder(self, name: str) -> Path:
        """The folder of a version, installed or not."""
        return self._layout.versions / name

    def is_complete(self, name: str) -> bool:
        """Whether a version is installed completely and its Python still exists."""
        folder = self.folder(name)
        return (folder / COMPLETE).is_file() and (folder / "bin/python").exists()

    def install(self, wheel: Wheel) -> None:
        """Install a version beside the others, and change nothing else.

        Raises `ServiceError`; nothing of the version is left then.
        """
        folder = self.folder(wheel.name)
        shutil.rmtree(folder, ignore_errors=True)  # of an interrupted installation
        folder.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder.parent).free
        if free < _NEEDED_BYTES:
            raise ServiceError(
                f"only {free >> 20} MB are free in {folder.parent}, {_NEEDED_BYTES >> 20} are needed",
                "make room first; `gateway service uninstall` of an old gateway, or apt clean",
            )
        try:
            self._build(wheel, folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def switch(self, name: str) -> None:
        """From now on `current` is this version."""
        link(self._layout.current, Path("versions") / name)

    def keep_only(self, *names: str) -> list[str]:
        """Remove all other versions; returns their names."""
        if not self._layout.versions.is_dir():
            return []
        old = [one for one in self._layout.versions.iterdir() if one.name not in names]
        for folder in old:
            shutil.rmtree(folder, ignore_errors=True)
        return sorted(folder.name for folder in old)

    def remove(self, name: str) -> None:
        """Remove a version. Idempotent."""
        shutil.rmtree(self.folder(name), ignore_errors=True)

    def _build(self, wheel: Wheel, folder: Path) -> None:
        self._machine.run([self._machine.python(), "-m", "venv", folder], timeout_s=_PIP_TIMEOUT_S)
        with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as constraints:
            constraints.write(wheel.constraints())
            constraints.flush()
            pip: list[str | Path] = [
                folder / "bin/python",
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-cache-dir",
            ]
            self._machine.run(
                [
                    *pip,
                    "--disable-pip-version-check",
                    "--prefer-binary",
                    "--constraint",
                    constraints.name,
                    wheel.path,
                ],
                timeout_s=_PIP_TIMEOUT_S,
            )
        # A first check that it can be imported by the service's Python.
        self._machine.run([folder / "bin/gateway", "--version"])
        write(folder / COMPLETE, f"{wheel.digest}\n", 0o644)
