"""Updating the service: to a version that works, and back from those that do not."""

from pathlib import Path

import pytest

from gateway import __version__
from gateway.journal.ddl import SCHEMA_VERSION
from tests.systemd.machine import Installed
from tests.systemd.wheels import Changes, built, variant

# Starting and ending a machine takes most of the time, and a loaded one takes minutes for it.
pytestmark = [pytest.mark.systemd, pytest.mark.timeout(600)]

CRASHES: Changes = {
    "gateway/runtime/main_loop.py": ("SUPERVISION_S = 0.25", "raise RuntimeError('broken')")
}
NEVER_HEALTHY: Changes = {
    "gateway/observe/status.py": ("return Readiness(not reasons,", "return Readiness(False,"),
    "gateway/runtime/watchdog.py": ("and self._signs.ready()", "and True"),
}
MIGRATES = (
    "SCHEMA_VERSION: Final = len(MIGRATIONS)",
    'MIGRATIONS = (*MIGRATIONS, ("CREATE TABLE later (x)",))\nSCHEMA_VERSION: Final = len(MIGRATIONS)',
)


def state(installed: Installed) -> str:
    """Everything an update may change, but for what the running gateway writes itself."""
    return installed.says(
        "readlink /opt/gateway/current; ls /opt/gateway/versions; md5sum /etc/systemd/system/gateway.service;"
        " ls /var/lib/gateway | grep -v -e -wal -e -shm; systemctl show gateway -p MainPID --value"
    )


def test_a_version_that_works_stays_and_the_one_before_is_kept(
    installed: Installed, shelf: Path
) -> None:
    wheel = variant(shelf, "99.1", {})
    code, said = installed.update(wheel.name)
    assert code == 0, said
    assert installed.version() == "99.1"
    assert len(installed.says("ls /opt/gateway/versions").split()) == 2
    code, said = installed.update(wheel.name)
    assert code == 0
    assert "nothing to do" in said
    code, said = installed.update(variant(shelf, "99.2", {}).name)
    assert code == 0, said
    kept = installed.says("ls /opt/gateway/versions").split()
    assert [name.split("-")[0] for name in kept] == ["99.1", "99.2"]


@pytest.mark.parametrize("changes", [CRASHES, NEVER_HEALTHY], ids=["crashes", "never healthy"])
def test_a_version_that_does_not_work_is_undone(
    installed: Installed, shelf: Path, changes: Changes
) -> None:
    code, said = installed.update(variant(shelf, "99.1", changes).name, "--timeout", "6")
    assert code == 1
    assert "rolling back" in said
    assert "the update was undone" in said
    installed.until_ready()
    assert installed.version() == __version__
    assert len(installed.says("ls /opt/gateway/versions").split()) == 1


def test_the_journal_comes_back_in_the_form_of_the_old_version(
    installed: Installed, shelf: Path
) -> None:
    identity = installed.get("/api/v1/status")[1]["journal"]["journal_id"]
    changes = {**NEVER_HEALTHY, "gateway/journal/ddl.py": MIGRATES}
    code, said = installed.update(variant(shelf, "99.1", changes).name, "--timeout", "6")
    assert code == 1, said
    assert "journal.db.newer-" in said
    installed.until_ready()
    assert installed.version() == __version__
    assert installed.get("/api/v1/status")[1]["journal"]["journal_id"] == identity
    assert "journal.db.before-update" not in installed.says("ls /var/lib/gateway")


def test_an_older_program_is_refused_for_a_newer_journal(installed: Installed, shelf: Path) -> None:
    newer = variant(shelf, "99.1", {"gateway/journal/ddl.py": MIGRATES})
    code, said = installed.update(newer.name)
    assert code == 0, said
    before = state(installed)
    code, said = installed.update(built().name)
    assert code == 1
    assert f"(schema {SCHEMA_VERSION + 1})" in said
    assert "nothing was changed" in said
    assert state(installed) == before


def test_a_version_that_does_not_take_the_configuration_is_refused(
    installed: Installed, shelf: Path
) -> None:
    before = state(installed)
    installed.run("printf '[journal]\\nkeep = \"8d\"\\n' >>/etc/gateway/gateway.toml")
    picky: Changes = {"gateway/config/schemas.py": ("keep = ", "kept = ")}
    code, said = installed.update(variant(shelf, "99.1", picky).name)
    assert code == 1
    assert "does not accept the configuration" in said
    assert "journal.keep" in said
    assert state(installed) == before


@pytest.mark.parametrize("foreign", [True, False], ids=["foreign", "cut"])
def test_what_is_no_whole_wheel_of_the_gateway_is_refused(
    installed: Installed, shelf: Path, foreign: bool
) -> None:
    name = "other-1.0-py3-none-any.whl" if foreign else built().name
    before = state(installed)
    cut = shelf / "cut" / name
    cut.parent.mkdir()
    cut.write_bytes(built().read_bytes()[:-5000])
    code, said = installed.update(f"cut/{name}")
    assert code == 1
    assert said.startswith("error: ")
    assert state(installed) == before
