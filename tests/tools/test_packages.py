"""What `make test` does about packages that are missing: installs them, or says what to type."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.process import ROOT

# What the script itself uses.
BASICS = ("bash", "cat", "dirname", "env", "grep", "mktemp", "rm", "tail", "tr")


class Machine:
    """A folder of programs, all that the script finds; `apt-get` writes down what it was asked."""

    def __init__(self, folder: Path, uid: int) -> None:
        self._folder = folder
        self._asked = folder / "asked"
        for name in BASICS:
            (folder / name).symlink_to(shutil.which(name) or name)
        self.add("id", f"echo {uid}")

    def add(self, name: str, script: str = "true") -> None:
        """A program of this name."""
        path = self._folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def add_apt(self, script: str = "true") -> None:
        self.add("apt-get", f'echo "apt-get $*" >>{self._asked}\n{script}')

    def run(self, *sets: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [ROOT / "tools/install_packages.sh", *sets],
            env={**os.environ, "PATH": str(self._folder)},
            capture_output=True,
            text=True,
            check=False,
        )

    def asked(self) -> list[str]:
        return self._asked.read_text().splitlines() if self._asked.exists() else []


@pytest.fixture
def root(tmp_path: Path) -> Machine:
    return Machine(tmp_path, uid=0)


@pytest.fixture
def user(tmp_path: Path) -> Machine:
    return Machine(tmp_path, uid=1000)


def test_nothing_is_installed_when_nothing_is_missing(user: Machine) -> None:
    for name in ("node", "npm", "chromium-browser"):
        user.add(name)
    user.add_apt()
    done = user.run("node", "browser")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert user.asked() == []


def test_root_installs_what_is_missing_and_no_more(root: Machine) -> None:
    root.add("node")
    root.add_apt()
    done = root.run("node", "browser")
    assert (done.returncode, done.stdout, done.stderr) == (0, "installing npm chromium\n", "")
    update, install = root.asked()
    assert update == "apt-get -qq update"
    assert install.endswith(" npm chromium")
    assert "--no-install-recommends" in install


def test_a_user_installs_with_sudo(user: Machine) -> None:
    user.add("sudo", 'echo "with sudo"\nexec "$@"')
    user.add_apt()
    done = user.run("browser")
    assert done.returncode == 0
    assert "with sudo" in done.stdout
    assert user.asked()[-1].endswith(" chromium")


def test_without_sudo_it_says_what_to_type(user: Machine) -> None:
    user.add_apt()
    done = user.run("node", "browser")
    assert done.returncode == 1
    assert done.stderr.endswith(
        "As root, type:\n    apt-get install --no-install-recommends nodejs npm chromium\n"
    )
    assert user.asked() == []


def test_where_there_is_no_apt_it_says_what_is_needed(root: Machine) -> None:
    done = root.run("browser")
    assert done.returncode == 1
    assert done.stderr.startswith("error: this is no Debian")
    assert "chromium" in done.stderr


def test_what_apt_says_is_shown_when_it_fails(root: Machine) -> None:
    root.add_apt('[ "$2" = update ] || { echo "E: Unable to locate package" >&2; exit 100; }')
    done = root.run("browser")
    assert done.returncode == 1
    assert "E: Unable to locate package" in done.stderr


def test_packages_that_no_program_gives_away_are_asked_of_dpkg(root: Machine) -> None:
    root.add("dpkg-query", 'echo "installed:gcc installed:g++ config-files:avr-libc "')
    root.add_apt()
    assert root.run("firmware").returncode == 0
    missing = root.asked()[-1].split()
    assert "avr-libc" in missing
    assert "libsimavr-dev" in missing
    assert not {"gcc", "g++"} & set(missing)


def test_a_set_that_does_not_exist_is_refused(root: Machine) -> None:
    assert root.run("tset").returncode == 2
