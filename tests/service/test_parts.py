"""The parts of the installer that need no machine."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.journal import Journal, JournalReader
from gateway.model.reading import Reading, StoredReading
from gateway.service import files
from gateway.service.backup import JournalBackup
from gateway.service.errors import ServiceError
from gateway.service.health import Health, wait_healthy
from gateway.service.layout import Layout
from gateway.service.machine import Machine
from gateway.service.program import Program
from gateway.service.steps import SetupStep, carry_out
from gateway.service.wheel import Wheel
from tests.journal.records import line
from tests.support.clock import FakeClock

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "gateway/service/gateway.service"


def test_the_unit_and_the_layout_say_the_same() -> None:
    text = UNIT.read_text()
    layout = Layout()
    assert f"ExecStart={layout.current}/bin/gateway run" in text
    assert layout.environ() == {
        "STATE_DIRECTORY": "/var/lib/gateway",
        "LOGS_DIRECTORY": "/var/log/gateway",
        "CONFIGURATION_DIRECTORY": "/etc/gateway",
    }
    for kind in ("State", "Logs", "Configuration"):
        assert f"{kind}Directory=gateway\n" in text


def test_a_step_that_is_not_needed_is_not_done_and_a_dry_run_does_nothing() -> None:
    done: list[str] = []
    said: list[str] = []
    steps = [
        SetupStep("first", lambda: True, lambda: done.append("first")),
        SetupStep("second", lambda: False, lambda: done.append("second")),
    ]
    assert carry_out(steps, said.append, dry_run=True) == 1
    assert done == []
    assert said == ["  would do         first", "  unchanged        second"]
    assert carry_out(steps, said.append, dry_run=False) == 1
    assert done == ["first"]


def test_a_file_is_replaced_whole_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"
    files.write(path, "one", 0o640)
    files.write(path, "two", 0o600)
    assert files.has(path, "two")
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(path.parent) == ["file"]


def test_a_link_is_replaced_and_may_point_to_nothing(tmp_path: Path) -> None:
    path = tmp_path / "current"
    files.link(path, Path("versions/1"))
    files.link(path, Path("versions/2"))
    assert files.points(path, Path("versions/2"))
    assert not files.points(path, Path("versions/1"))
    assert Layout(tmp_path).current_version() is None


@pytest.mark.parametrize(
    ("config", "address", "journal"),
    [
        ("", ("127.0.0.1", 8080), "journal.db"),
        ('[api]\nhost = "0.0.0.0"\nport = 80\n', ("127.0.0.1", 80), "journal.db"),
        ('[api]\nhost = "::"\n[journal]\npath = "x.db"\n', ("::1", 8080), "x.db"),
        ("not toml", ("127.0.0.1", 8080), "journal.db"),
        ("api = 1", ("127.0.0.1", 8080), "journal.db"),
    ],
)
def test_where_the_gateway_is_reached_and_its_journal_is(
    tmp_path: Path, config: str, address: tuple[str, int], journal: str
) -> None:
    layout = Layout(tmp_path)
    files.write(layout.config, config, 0o644)
    assert layout.api() == address
    assert layout.journal() == layout.state / journal


def healths(*found: Health) -> Iterator[Health]:
    yield from found
    while True:
        yield found[-1]


def health(pid: int, ready: bool) -> Health:
    return Health("active (running)", pid, 0, "detail", ready)


def test_healthy_means_ready_for_a_while_and_the_same_process() -> None:
    looks = healths(health(1, True), health(2, True), health(2, False), health(2, True))
    found = wait_healthy(lambda: next(looks), timeout_s=30.0, steady_s=0.1)
    assert found == health(2, True)


def test_who_never_gets_healthy_is_given_up() -> None:
    with pytest.raises(ServiceError, match="not healthy after 0 s"):
        wait_healthy(lambda: health(1, False), timeout_s=0.0, steady_s=0.1)


def test_the_journals_copy_comes_back_and_the_newer_one_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    clock = FakeClock()
    backup = JournalBackup(path)
    assert backup.restore() is None
    store(path, clock, [line(device="before")])
    backup.make()
    store(path, clock, [line(device="after"), line(device="after")])
    aside = backup.restore()
    assert aside is not None
    assert [one.row for one in rows(aside)] == [1, 2, 3]
    store(path, clock, [line(device="again")])
    # Known to sinks by journal and row: a number that the newer one had given must not come again.
    assert [(one.row, one.reading.device) for one in rows(path)] == [(1, "before"), (4, "again")]
    assert {one.key.rpartition("-")[0] for one in [*rows(path), *rows(aside)]} == {
        rows(path)[0].key.rpartition("-")[0]
    }
    assert not list(tmp_path.glob("*before-update*"))


def test_a_copy_needs_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal.db"
    store(path, FakeClock(), [line()])
    full = shutil.disk_usage(tmp_path)._replace(free=1 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    with pytest.raises(ServiceError, match="only 1 MiB are free"):
        JournalBackup(path).make()


def store(path: Path, clock: FakeClock, readings: list[Reading]) -> None:
    journal = Journal(path, clock=clock)
    journal.open()
    with closing(journal):
        journal.append(readings)
        journal.step(clock.monotonic())


def rows(path: Path) -> list[StoredReading]:
    with closing(JournalReader(path)) as reader:
        return reader.readings_after(0, 100)


def test_a_version_whose_python_has_gone_is_not_complete(tmp_path: Path) -> None:
    program = Program(Machine(), Layout(tmp_path))
    folder = program.folder("1")
    files.write(folder / ".complete", "", 0o644)
    files.link(folder / "bin/python", Path(sys.executable))
    assert program.is_complete("1")
    # As after an upgrade of the system.
    files.link(folder / "bin/python", tmp_path / "python3.10")
    assert not program.is_complete("1")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Wheel:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return Wheel.open(path)


def test_the_wheel_has_everything_that_a_pi_needs(wheel: Wheel) -> None:
    with zipfile.ZipFile(wheel.path) as archive:
        names = archive.namelist()
    assert {name.partition("/")[0] for name in names if ".dist-info" not in name} == {
        "api",
        "arduino_iface",
        "dummy_hw",
        "gateway",
    }
    assert not [name for name in names if name.endswith(".so")]
    assert wheel.text("gateway/service/gateway.service") == UNIT.read_text()
    assert "Root-Is-Purelib: true" in wheel.text(
        next(name for name in names if name.endswith(".dist-info/WHEEL"))
    )


def test_the_wheel_tells_its_journal_and_the_versions_it_was_tested_with(wheel: Wheel) -> None:
    from gateway.journal.ddl import SCHEMA_VERSION

    assert wheel.journal_schema() == SCHEMA_VERSION
    lines = wheel.constraints().splitlines()
    assert any(line.startswith("pymongo==") for line in lines)
    assert not [line for line in lines if "--hash" in line or line.startswith("#")]


def test_the_wheel_is_a_program_before_it_is_installed(wheel: Wheel, tmp_path: Path) -> None:
    # -S and -I: without any installed package.
    done = subprocess.run(
        [sys.executable, "-I", "-S", wheel.path / "gateway", "service", "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "uninstall" in done.stdout


def test_a_damaged_wheel_is_refused(wheel: Wheel, tmp_path: Path) -> None:
    content = bytearray(wheel.path.read_bytes())
    content[len(content) // 3] ^= 0xFF
    path = tmp_path / wheel.path.name
    path.write_bytes(content)
    with pytest.raises(ServiceError, match="damaged"):
        Wheel.open(path)


@pytest.mark.parametrize(
    "name", ["other-1.0-py3-none-any.whl", "arduino_gateway-1.0-py3-none-any.whl"]
)
def test_what_is_no_wheel_of_ours_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ServiceError):
        Wheel.open(tmp_path / name)
